package account_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
	"github.com/certana/certana/internal/vault"
)

// clock is a clock that tests move.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMicro(c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Microseconds()) }

// orgKeys writes an organization's key as the ledger's glue does.
type orgKeys struct{}

func (orgKeys) Create(ctx context.Context, tx *db.Tx, org asset.ID) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	return tx.InsertOrgKey(ctx, &db.OrgKey{ID: org.String(), OrganizationID: org, PublicKey: public, SealedPrivate: private.Seed()})
}

type fixture struct {
	*account.Service
	t     *testing.T
	db    *db.DB
	clock *clock
	vault *vault.Vault
	dir   string
}

const issuer = "http://localhost:8000"

// cheap keeps tests short: the least that Argon2 allows.
var cheap = account.Argon2{MemoryKiB: 8, Passes: 1, Lanes: 1}

func setup(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: &clock{}, dir: t.TempDir()}
	f.clock.at.Store(time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC).UnixMicro())
	var err error
	f.vault, err = vault.New(make([]byte, vault.KeySize))
	must(t, err)
	f.Service, f.db = f.process(nil)
	return f
}

// process is another process on the same database.
func (f *fixture) process(change func(*account.Config)) (*account.Service, *db.DB) {
	f.t.Helper()
	c := dbtest.In(f.t, f.dir)
	c.Now = f.clock.now
	d, err := db.Open(f.t.Context(), c)
	must(f.t, err)
	f.t.Cleanup(func() { d.Close() })
	config := account.DefaultConfig(issuer)
	config.Argon2, config.Now = cheap, f.clock.now
	config.Queue, err = db.NewQueue(d, db.QueueConfig{})
	must(f.t, err)
	if change != nil {
		change(&config)
	}
	s, err := account.New(f.t.Context(), config, d, f.vault, orgKeys{})
	must(f.t, err)
	return s, d
}

const password = "SecurePassword123!"

func (f *fixture) register(email string) *account.User {
	f.t.Helper()
	u, err := f.Register(f.t.Context(), account.Registration{Email: email, Password: password, FullName: "John Doe"})
	must(f.t, err)
	return u
}

func (f *fixture) login(email string) *account.Tokens {
	f.t.Helper()
	tokens, err := f.Login(f.t.Context(), account.SignIn{Email: email, Password: password})
	must(f.t, err)
	return tokens
}

func (f *fixture) bearer(token string) (account.Principal, error) {
	return f.Authenticate(f.t.Context(), account.Credentials{Bearer: token})
}

// session registers a user and answers their principal.
func (f *fixture) session(email string) account.Principal {
	f.t.Helper()
	f.register(email)
	p, err := f.bearer(f.login(email).AccessToken)
	must(f.t, err)
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func wantCode(t *testing.T, what string, err error, code asset.Code) {
	t.Helper()
	if !asset.Is(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestRegister(t *testing.T) {
	f := setup(t)
	u := f.register("User@Example.com")
	want(t, "tier", u.Tier, "free")
	want(t, "created", u.CreatedAt, f.clock.now().UTC())
	o, err := f.db.PersonalOrganization(t.Context(), u.ID)
	must(t, err)
	want(t, "the organization's name", o.Name, "John Doe")
	role, err := f.db.RoleOf(t.Context(), o.ID, u.ID)
	must(t, err)
	want(t, "role", role, "owner")
	_, err = f.db.ActiveOrgKey(t.Context(), o.ID)
	must(t, err)

	_, err = f.Register(t.Context(), account.Registration{Email: "uSER@eXAMPLE.COM", Password: password})
	wantCode(t, "the same address in another case", err, asset.Conflict)
}

func TestRegistrationRules(t *testing.T) {
	f := setup(t)
	for _, s := range []struct {
		email, password, name string
		loc                   string // of the refused field; "" when it is fine
	}{
		{"a@example.com", "12345678", "", "password"},
		{"a@example.com", "PassWord123", "", "password"},
		{"a@example.com", "short7c", "", "password"},
		{"a@example.com", strings.Repeat("x", 257), "", "password"},
		{"a@example.com", "bad\xffutf8-string", "", "password"},
		{"a@example.com", strings.Repeat("é", 256), "", ""},
		{"b@example.com", "8 chars.", "", ""},
		{"user+tag@sub.example.com", password, "", ""},
		{" spaced@example.com ", password, "", ""},
		{"müller@exämple.de", password, "", ""},
		{"me@localhost", password, "", ""},
		{"", password, "", "email"},
		{"nobody", password, "", "email"},
		{"@example.com", password, "", "email"},
		{"a@", password, "", "email"},
		{"a@b", password, "", "email"},
		{"a@-x.com", password, "", "email"},
		{"a@x..com", password, "", "email"},
		{"a b@example.com", password, "", "email"},
		{"A <a@example.com>", password, "", "email"},
		{"a@example.com, b@example.com", password, "", "email"},
		{"a@example.com\r\nBcc: x@example.com", password, "", "email"},
		{"a\x00@example.com", password, "", "email"},
		{strings.Repeat("a", 65) + "@example.com", password, "", "email"},
		{"operator@certana.invalid", password, "", "email"},
		{"c@example.com", password, strings.Repeat("n", 201), "full_name"},
	} {
		_, err := f.Register(t.Context(), account.Registration{Email: s.email, Password: s.password, FullName: s.name})
		got := ""
		if err != nil {
			wantCode(t, s.email, err, asset.ValidationError)
			if fields := asset.AsError(err).Fields; len(fields) == 1 {
				got = strings.Join(fields[0].Loc, ".")
			}
		}
		want(t, s.email+" "+s.password, got, s.loc)
	}
}

// failingKeys shows that registration is one transaction.
type failingKeys struct{}

func (failingKeys) Create(context.Context, *db.Tx, asset.ID) error { return context.Canceled }

func TestRegistrationIsWhole(t *testing.T) {
	f := setup(t)
	config := account.DefaultConfig(issuer)
	config.Argon2 = cheap
	s, err := account.New(t.Context(), config, f.db, f.vault, failingKeys{})
	must(t, err)
	if _, err := s.Register(t.Context(), account.Registration{Email: "a@example.com", Password: password}); err == nil {
		t.Fatal("registered without an organization key")
	}
	u, err := f.db.UserByEmail(t.Context(), "a@example.com")
	must(t, err)
	if u != nil {
		t.Error("the user was left behind")
	}
}

func TestTier(t *testing.T) {
	f := setup(t)
	p := f.session("a@example.com")
	for _, plan := range []string{"enterprise", "pro"} {
		_, err := f.CreateOrganization(t.Context(), p, account.NewOrganization{Name: plan, Slug: plan, Plan: plan})
		must(t, err)
	}
	u, err := f.UserByID(t.Context(), p.UserID)
	must(t, err)
	want(t, "tier", u.Tier, "enterprise")
}
