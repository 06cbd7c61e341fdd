package account_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

var all = db.Page{Number: 1, Size: 100}

func days(n int) *int { return &n }

func TestAPIKey(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	k, secret, err := f.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "Production API Key", Scopes: []string{"read", "verify", "read"}, ExpiresInDays: days(90)})
	must(t, err)
	if !regexp.MustCompile(`^cert_pk_[0-9A-Za-z]{38}$`).MatchString(secret) {
		t.Errorf("the key is %q", secret)
	}
	want(t, "scopes", fmt.Sprint(k.Scopes), "[read verify]")
	want(t, "expires", *k.ExpiresAt, f.clock.now().UTC().AddDate(0, 0, 90))
	want(t, "masked", k.Masked, "cert_pk_..."+secret[len(secret)-4:])

	got, err := f.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	must(t, err)
	want(t, "organization", got.OrganizationID, p.OrganizationID)
	want(t, "key", *got.KeyID, k.ID)
	must(t, got.Require("verify"))
	wantCode(t, "write", got.Require("write"), asset.InsufficientScope)

	keys, total, err := f.APIKeys(t.Context(), p, all)
	must(t, err)
	want(t, "total", total, 1)
	want(t, "listed as", keys[0].Masked, k.Masked)
	if strings.Contains(fmt.Sprintf("%+v", keys), secret) {
		t.Error("the list shows the secret")
	}

	f.clock.advance(91 * 24 * time.Hour)
	_, err = f.ValidateAPIKey(t.Context(), secret)
	wantCode(t, "expired", err, asset.InvalidAPIKey)
}

func TestRefusedKeys(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	_, secret, err := f.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "k", Scopes: []string{"read"}})
	must(t, err)
	flipped := []byte(secret)
	flipped[12] ^= 1
	for name, key := range map[string]string{
		"typo":       string(flipped),
		"cut":        secret[:len(secret)-1],
		"longer":     secret + "x",
		"other case": strings.ToUpper(secret),
		"unknown":    "cert_pk_00000000000000000000000000000000000000",
		"no key":     "x",
	} {
		_, err := f.Authenticate(t.Context(), account.Credentials{APIKey: key})
		wantCode(t, name, err, asset.InvalidAPIKey)
	}
	_, err = f.Authenticate(t.Context(), account.Credentials{})
	wantCode(t, "nothing", err, asset.Unauthorized)
}

func TestLastUsedOnceAMinute(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	_, secret, err := f.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "k", Scopes: []string{"read"}})
	must(t, err)
	start := f.clock.now().UTC()
	for _, s := range []struct{ after, noted time.Duration }{{0, 0}, {30 * time.Second, 0}, {31 * time.Second, 61 * time.Second}} {
		f.clock.advance(s.after)
		_, err := f.ValidateAPIKey(t.Context(), secret)
		must(t, err)
		keys, _, err := f.APIKeys(t.Context(), p, all)
		must(t, err)
		want(t, "last used", keys[0].LastUsedAt.UTC(), start.Add(s.noted))
	}
}

func TestKeyRules(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	viewer := p
	viewer.Role, viewer.Scopes = "viewer", []string{"read", "verify"}
	known, _, err := f.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "k", Scopes: []string{"read", "admin"}})
	must(t, err)
	id := known.ID
	readKey := account.Principal{UserID: p.UserID, OrganizationID: p.OrganizationID, Role: "owner", Scopes: []string{"read"}, KeyID: &id}
	adminKey := readKey
	adminKey.Scopes = []string{"read", "admin"}
	for _, s := range []struct {
		name string
		by   account.Principal
		key  account.NewAPIKey
		code asset.Code
	}{
		{"fine", p, account.NewAPIKey{Name: "k", Scopes: []string{"sealing"}}, ""},
		{"no name", p, account.NewAPIKey{Name: " ", Scopes: []string{"read"}}, asset.ValidationError},
		{"no scopes", p, account.NewAPIKey{Name: "k"}, asset.ValidationError},
		{"unknown scope", p, account.NewAPIKey{Name: "k", Scopes: []string{"everything"}}, asset.ValidationError},
		{"platform", p, account.NewAPIKey{Name: "k", Scopes: []string{"platform"}}, asset.Forbidden},
		{"0 days", p, account.NewAPIKey{Name: "k", Scopes: []string{"read"}, ExpiresInDays: days(0)}, asset.ValidationError},
		{"4000 days", p, account.NewAPIKey{Name: "k", Scopes: []string{"read"}, ExpiresInDays: days(4000)}, asset.ValidationError},
		{"a viewer's write key", viewer, account.NewAPIKey{Name: "k", Scopes: []string{"write"}}, asset.InsufficientScope},
		{"a viewer's read key", viewer, account.NewAPIKey{Name: "k", Scopes: []string{"read"}}, ""},
		{"by a key without admin", readKey, account.NewAPIKey{Name: "k", Scopes: []string{"read"}}, asset.InsufficientScope},
		{"by a key with admin", adminKey, account.NewAPIKey{Name: "k", Scopes: []string{"read"}}, ""},
		{"by a key with admin, beyond itself", adminKey, account.NewAPIKey{Name: "k", Scopes: []string{"write"}}, asset.InsufficientScope},
	} {
		_, _, err := f.CreateAPIKey(t.Context(), s.by, s.key)
		if s.code == "" {
			if err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
			continue
		}
		wantCode(t, s.name, err, s.code)
	}
}

// Whoever was let in before their session or key ended makes no key after it.
func TestKeysAfterTheEnd(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	k, secret, err := f.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "k", Scopes: []string{"read", "admin"}})
	must(t, err)
	key, err := f.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	must(t, err)
	must(t, f.RevokeAPIKey(t.Context(), p, k.ID))
	must(t, f.Logout(t.Context(), p))
	late := account.NewAPIKey{Name: "late", Scopes: []string{"read"}}
	_, _, err = f.CreateAPIKey(t.Context(), p, late)
	wantCode(t, "a session", err, asset.Unauthorized)
	_, _, err = f.CreateAPIKey(t.Context(), key, late)
	wantCode(t, "a key", err, asset.InvalidAPIKey)
}

// An organization has so many keys at a time and no more; revoked ones do not count.
func TestMostKeys(t *testing.T) {
	f := setup(t)
	s, _ := f.process(func(c *account.Config) { c.KeysPerOrganization = 2 })
	p := f.session("user@example.com")
	var last *account.APIKey
	for range 2 {
		var err error
		last, _, err = s.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "k", Scopes: []string{"read"}})
		must(t, err)
	}
	_, _, err := s.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "k", Scopes: []string{"read"}})
	wantCode(t, "a third", err, asset.QuotaExceeded)
	must(t, s.RevokeAPIKey(t.Context(), p, last.ID))
	_, _, err = s.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "k", Scopes: []string{"read"}})
	must(t, err)
}

func TestRevokeKey(t *testing.T) {
	f := setup(t)
	p, stranger := f.session("user@example.com"), f.session("other@example.com")
	k, secret, err := f.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "k", Scopes: []string{"read"}})
	must(t, err)
	wantCode(t, "by a stranger", f.RevokeAPIKey(t.Context(), stranger, k.ID), asset.NotFound)
	must(t, f.RevokeAPIKey(t.Context(), p, k.ID))
	must(t, f.RevokeAPIKey(t.Context(), p, k.ID))
	_, err = f.ValidateAPIKey(t.Context(), secret)
	wantCode(t, "revoked", err, asset.InvalidAPIKey)
}

// TestKeyFollowsItsMaker: a key is worth what its maker's role is worth today.
func TestKeyFollowsItsMaker(t *testing.T) {
	f := setup(t)
	owner, member := f.session("owner@example.com"), f.session("member@example.com")
	org := owner.OrganizationID
	must(t, f.db.PutMembership(t.Context(), org, member.UserID, "member"))
	member.OrganizationID, member.Role = org, "member"
	_, secret, err := f.CreateAPIKey(t.Context(), member, account.NewAPIKey{Name: "k", Scopes: []string{"read", "write"}})
	must(t, err)
	for _, s := range []struct{ role, scopes string }{{"member", "[read write]"}, {"viewer", "[read]"}} {
		must(t, f.db.PutMembership(t.Context(), org, member.UserID, s.role))
		p, err := f.Authenticate(t.Context(), account.Credentials{APIKey: secret})
		must(t, err)
		want(t, "scopes of a "+s.role+"'s key", fmt.Sprint(p.Scopes), s.scopes)
	}
	must(t, f.db.DeleteMembership(t.Context(), org, member.UserID))
	_, err = f.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	wantCode(t, "a former member's key", err, asset.InvalidAPIKey)
}

func TestMembersManageTheirOwnKeys(t *testing.T) {
	f := setup(t)
	owner := f.session("owner@example.com")
	f.register("member@example.com")
	tokens := f.login("member@example.com")
	u, err := f.db.UserByEmail(t.Context(), "member@example.com")
	must(t, err)
	must(t, f.db.PutMembership(t.Context(), owner.OrganizationID, u.ID, "member"))
	member, err := f.Authenticate(t.Context(), account.Credentials{Bearer: tokens.AccessToken, OrganizationID: owner.OrganizationID.String()})
	must(t, err)
	want(t, "role there", member.Role, "member")
	theirs, _, err := f.CreateAPIKey(t.Context(), owner, account.NewAPIKey{Name: "o", Scopes: []string{"read"}})
	must(t, err)
	own, _, err := f.CreateAPIKey(t.Context(), member, account.NewAPIKey{Name: "m", Scopes: []string{"read"}})
	must(t, err)
	_, total, err := f.APIKeys(t.Context(), member, all)
	must(t, err)
	want(t, "a member sees", total, 1)
	_, total, err = f.APIKeys(t.Context(), owner, all)
	must(t, err)
	want(t, "the owner sees", total, 2)
	wantCode(t, "the owner's key, by a member", f.RevokeAPIKey(t.Context(), member, theirs.ID), asset.NotFound)
	must(t, f.RevokeAPIKey(t.Context(), member, own.ID))
}

func TestOrganizationInForce(t *testing.T) {
	f := setup(t)
	a, b := f.session("a@example.com"), f.session("b@example.com")
	token := f.login("a@example.com").AccessToken
	_, key, err := f.CreateAPIKey(t.Context(), a, account.NewAPIKey{Name: "k", Scopes: []string{"read"}})
	must(t, err)
	for _, s := range []struct {
		org  string
		code asset.Code
	}{
		{a.OrganizationID.String(), ""},
		{strings.ToUpper(a.OrganizationID.String()), ""},
		{b.OrganizationID.String(), asset.Forbidden},
		{asset.NewID().String(), asset.Forbidden},
		{"acme", asset.ValidationError},
	} {
		for _, c := range []account.Credentials{{Bearer: token, OrganizationID: s.org}, {APIKey: key, OrganizationID: s.org}} {
			p, err := f.Authenticate(t.Context(), c)
			if s.code != "" {
				wantCode(t, s.org, err, s.code)
				continue
			}
			must(t, err)
			want(t, "in force", p.OrganizationID, a.OrganizationID)
		}
	}
}

func TestOrganizations(t *testing.T) {
	f := setup(t)
	p, stranger := f.session("a@example.com"), f.session("b@example.com")
	for _, s := range []struct {
		n    account.NewOrganization
		slug string
		code asset.Code
	}{
		{account.NewOrganization{Name: "Acme Corp", Slug: "acme-corp", Plan: "pro"}, "acme-corp", ""},
		{account.NewOrganization{Name: "Other", Slug: "acme-corp"}, "", asset.Conflict},
		{account.NewOrganization{Name: "Ünder & Sons"}, "nder-sons", ""},
		{account.NewOrganization{Name: strings.Repeat("x", 70)}, strings.Repeat("x", 63), ""},
		{account.NewOrganization{Name: "漢字"}, "org-", ""},              // and chance
		{account.NewOrganization{Name: "Acme Corp"}, "acme-corp-", ""}, // the same name again, and chance
		{account.NewOrganization{Name: "x", Slug: "Not A Slug"}, "", asset.ValidationError},
		{account.NewOrganization{Name: "x", Slug: strings.Repeat("x", 64)}, "", asset.ValidationError},
		{account.NewOrganization{Name: "", Slug: "x"}, "", asset.ValidationError},
		{account.NewOrganization{Name: "x", Plan: "gold"}, "", asset.ValidationError},
	} {
		o, err := f.CreateOrganization(t.Context(), p, s.n)
		if s.code != "" {
			wantCode(t, fmt.Sprint(s.n), err, s.code)
			continue
		}
		must(t, err)
		if rest, ok := strings.CutPrefix(o.Slug, s.slug); !ok || (rest != "" && (!strings.HasSuffix(s.slug, "-") || len(rest) != 8)) {
			t.Errorf("%q has the slug %q", s.n.Name, o.Slug)
		}
		o, err = f.Organization(t.Context(), p, o.ID)
		must(t, err)
		want(t, "members", o.MembersCount, 1)
		_, err = f.Organization(t.Context(), stranger, o.ID)
		wantCode(t, "to a stranger", err, asset.NotFound)
	}
	list, total, err := f.Organizations(t.Context(), p, all)
	must(t, err)
	want(t, "total", total, 6)
	want(t, "the first", list[0].Personal, true)
	for i := range 4 {
		_, err := f.CreateOrganization(t.Context(), p, account.NewOrganization{Name: fmt.Sprint("more ", i)})
		must(t, err)
	}
	_, err = f.CreateOrganization(t.Context(), p, account.NewOrganization{Name: "eleventh"})
	wantCode(t, "the eleventh", err, asset.QuotaExceeded)
}

func TestPlansOfAnOperatorWhoSellsThem(t *testing.T) {
	f := setup(t)
	s, _ := f.process(func(c *account.Config) { c.SelfServicePlans = false })
	p := f.session("a@example.com")
	_, err := s.CreateOrganization(t.Context(), p, account.NewOrganization{Name: "x", Plan: "pro"})
	wantCode(t, "pro", err, asset.Forbidden)
	_, err = s.CreateOrganization(t.Context(), p, account.NewOrganization{Name: "x"})
	must(t, err)
}

// TestOperator walks the command line's way to a first key.
func TestOperator(t *testing.T) {
	f := setup(t)
	o, err := f.OperatorOrganization(t.Context(), "")
	must(t, err)
	again, err := f.OperatorOrganization(t.Context(), "")
	must(t, err)
	want(t, "the only organization", again.ID, o.ID)
	k, secret, err := f.CreateOperatorKey(t.Context(), o, account.NewAPIKey{Name: "first", Scopes: []string{"sealing", "platform"}})
	must(t, err)
	p, err := f.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	must(t, err)
	want(t, "scopes", fmt.Sprint(p.Scopes), "[sealing platform]")
	want(t, "organization", k.OrganizationID, o.ID)
	_, err = f.Login(t.Context(), account.SignIn{Email: "operator@certana.invalid", Password: ""})
	wantCode(t, "logging in as the operator", err, asset.InvalidCredentials)

	u := f.register("user@example.com")
	_, err = f.OperatorOrganization(t.Context(), "")
	wantCode(t, "which of two", err, asset.ValidationError)
	theirs, err := f.db.PersonalOrganization(t.Context(), u.ID)
	must(t, err)
	_, _, err = f.CreateOperatorKey(t.Context(), theirs, account.NewAPIKey{Name: "x", Scopes: []string{"read", "platform"}})
	wantCode(t, "platform for a customer", err, asset.Forbidden)
	for _, ref := range []string{"default", o.ID.String()} {
		got, err := f.OperatorOrganization(t.Context(), ref)
		must(t, err)
		want(t, ref, got.ID, o.ID)
	}
	_, err = f.OperatorOrganization(t.Context(), "nobody")
	wantCode(t, "an unknown one", err, asset.NotFound)
}
