package account_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// office is an organization with an owner and two admins.
type office struct {
	*fixture
	owner, admin, other account.Principal
}

func newOffice(t *testing.T, f *fixture) office {
	t.Helper()
	o := office{fixture: f, owner: f.session("owner@example.com")}
	join := func(email string) account.Principal {
		t.Helper()
		u := f.register(email)
		must(t, f.db.PutMembership(t.Context(), o.owner.OrganizationID, u.ID, account.RoleAdmin))
		p, err := f.Authenticate(t.Context(), account.Credentials{Bearer: f.login(email).AccessToken, OrganizationID: o.owner.OrganizationID.String()})
		must(t, err)
		return p
	}
	o.admin, o.other = join("admin@example.com"), join("other@example.com")
	return o
}

// itself is a token that a client gets with a secret, "" when it gets none.
func (o office) itself(id asset.ID, secret string) string {
	o.t.Helper()
	c, err := o.AuthenticateClient(o.t.Context(), id.String(), secret)
	if err != nil {
		return ""
	}
	issued, err := o.ClientToken(o.t.Context(), c, nil)
	must(o.t, err)
	return issued.AccessToken
}

// may is what a token is worth; "dead" when it is not taken.
func (o office) may(token string) string {
	o.t.Helper()
	p, err := o.bearer(token)
	if err != nil {
		return "dead"
	}
	return strings.Join(p.Scopes, " ")
}

// What whoever registered a client may do no longer, the client may not either.
func TestClientEndsWithItsMaker(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(o office)
		want string
	}{
		"removed": {func(o office) {
			must(o.t, o.RemoveMember(o.t.Context(), o.owner, o.owner.OrganizationID, o.admin.UserID))
		}, "dead"},
		"suspended": {func(o office) { o.suspend(o.admin.UserID) }, "dead"},
		"demoted": {func(o office) {
			must(o.t, o.db.PutMembership(o.t.Context(), o.owner.OrganizationID, o.admin.UserID, account.RoleViewer))
		}, "read verify"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, setup(t))
			c, secret, err := o.CreateClient(t.Context(), o.admin, account.NewClient{Name: "x", Scopes: []string{"read", "verify", "write", "admin"}})
			must(t, err)
			before := o.itself(c.ID, secret)
			want(t, "at first", o.may(before), "read verify write admin")
			itself, err := o.bearer(before)
			must(t, err)
			test.end(o)
			want(t, "a token from before", o.may(before), test.want)
			want(t, "another token", o.may(o.itself(c.ID, secret)), test.want)
			// A request of the client's that was let in before.
			if _, _, err := o.CreateClient(t.Context(), itself, account.NewClient{Name: "heir"}); err == nil {
				t.Error("the client registers another one")
			}
			// One of its maker's.
			renamed := "theirs"
			_, err = o.UpdateClient(t.Context(), o.admin, c.ID, account.ClientPatch{Name: &renamed})
			for what, err := range map[string]error{
				"rename": err,
				"create": second(o.CreateClient(t.Context(), o.admin, account.NewClient{Name: "x"})),
				"rotate": second(o.RotateClientSecret(t.Context(), o.admin, c.ID, 0)),
				"delete": o.DeleteClient(t.Context(), o.admin, c.ID),
			} {
				if err == nil {
					t.Errorf("its maker may still: %s", what)
				}
			}
		})
	}
}

func second[A, B any](_ A, _ B, err error) error { return err }

// Another admin keeps a client by rotating its secret; what its maker knows of it
// stays worth nothing.
func TestClientTakenOver(t *testing.T) {
	o := newOffice(t, setup(t))
	c, secret, err := o.CreateClient(t.Context(), o.admin, account.NewClient{Name: "x", Scopes: []string{"read", "admin"}})
	must(t, err)
	before := o.itself(c.ID, secret)
	must(t, o.RemoveMember(t.Context(), o.owner, o.owner.OrganizationID, o.admin.UserID))
	weak := o.other
	weak.Scopes = []string{"admin"}
	_, _, err = o.RotateClientSecret(t.Context(), weak, c.ID, 0)
	wantCode(t, "by somebody with less", err, asset.InsufficientScope)
	kept, next, err := o.RotateClientSecret(t.Context(), o.other, c.ID, 24*time.Hour)
	must(t, err)
	want(t, "who answers for it", *kept.CreatedBy, o.other.UserID)
	want(t, "the new secret", o.may(o.itself(c.ID, next)), "read admin")
	want(t, "the old secret", o.itself(c.ID, secret), "")
	want(t, "the old token", o.may(before), "dead")

	// The other way round: taken over first, and the maker removed during the overlap.
	between := o.itself(c.ID, next)
	_, last, err := o.RotateClientSecret(t.Context(), o.owner, c.ID, account.MaxClientOverlap)
	must(t, err)
	want(t, "during the overlap", o.may(o.itself(c.ID, next)), "read admin")
	must(t, o.RemoveMember(t.Context(), o.owner, o.owner.OrganizationID, o.other.UserID))
	want(t, "the secret of who left", o.itself(c.ID, next), "")
	want(t, "their token", o.may(between), "dead")
	want(t, "the owner's", o.may(o.itself(c.ID, last)), "read admin")

	// A client that acts by itself leaves what it registers to who answers for it.
	p, err := o.bearer(o.itself(c.ID, last))
	must(t, err)
	child, _, err := o.CreateClient(t.Context(), p, account.NewClient{Name: "child", Scopes: []string{"read"}})
	must(t, err)
	want(t, "a client's client", *child.CreatedBy, o.owner.UserID)
	org, err := o.db.OrganizationByID(t.Context(), o.owner.OrganizationID)
	must(t, err)
	cli, _, err := o.CreateClient(t.Context(), account.OperatorIn(org), account.NewClient{Name: "cli"})
	must(t, err)
	want(t, "the command line's", *cli.CreatedBy, o.owner.UserID)
}

// A public client has no secret: who says where its users are sent answers for it.
func TestPublicClientTakenOver(t *testing.T) {
	o := newOffice(t, setup(t))
	back := []string{"com.example.app:/done"}
	c, _, err := o.CreateClient(t.Context(), o.admin, account.NewClient{Name: "x", Kind: account.PublicClient, RedirectURIs: back})
	must(t, err)
	live := func() bool {
		t.Helper()
		found, err := o.LiveClient(t.Context(), c.ID.String())
		must(t, err)
		return found != nil
	}
	must(t, o.RemoveMember(t.Context(), o.owner, o.owner.OrganizationID, o.admin.UserID))
	want(t, "without its maker", live(), false)
	name := "y"
	_, err = o.UpdateClient(t.Context(), o.other, c.ID, account.ClientPatch{Name: &name})
	must(t, err)
	want(t, "renamed", live(), false)
	_, err = o.UpdateClient(t.Context(), o.other, c.ID, account.ClientPatch{RedirectURIs: &back})
	must(t, err)
	want(t, "vouched for", live(), true)
}

// Who has less than a client cannot become it.
func TestClientStrongerThanCaller(t *testing.T) {
	o := newOffice(t, setup(t))
	c, secret, err := o.CreateClient(t.Context(), o.owner, account.NewClient{Name: "x", Scopes: []string{"read", "write", "admin"}, RedirectURIs: []string{"https://client.example/done"}})
	must(t, err)
	weak := o.admin
	weak.Scopes = []string{"admin"}
	evil, only, name := []string{"https://evil.example/done"}, []string{"admin"}, "renamed"
	_, _, err = o.RotateClientSecret(t.Context(), weak, c.ID, 0)
	wantCode(t, "its secret", err, asset.InsufficientScope)
	_, err = o.UpdateClient(t.Context(), weak, c.ID, account.ClientPatch{RedirectURIs: &evil})
	wantCode(t, "its redirect URIs", err, asset.InsufficientScope)
	_, err = o.UpdateClient(t.Context(), weak, c.ID, account.ClientPatch{Scopes: &only})
	wantCode(t, "its scopes", err, asset.InsufficientScope)
	_, err = o.UpdateClient(t.Context(), weak, c.ID, account.ClientPatch{Name: &name})
	must(t, err)
	got, err := o.Client(t.Context(), o.owner, c.ID)
	must(t, err)
	if o.itself(c.ID, secret) == "" || got.RedirectURIs[0] != "https://client.example/done" || len(got.Scopes) != 3 {
		t.Errorf("it changed: %+v", got)
	}
	_, err = o.UpdateClient(t.Context(), o.admin, c.ID, account.ClientPatch{RedirectURIs: &evil})
	must(t, err) // in person, with all scopes
}

// The audit log keeps no addresses, and nothing of what changed nothing.
func TestClientEvents(t *testing.T) {
	f := setup(t)
	p := f.session("john@example.com")
	var many []string
	for range 20 {
		many = append(many, "https://client.example/"+strings.Repeat("x", 1900)+string(rune('a'+len(many))))
	}
	c, _, err := f.CreateClient(t.Context(), p, account.NewClient{Name: "x", RedirectURIs: many})
	must(t, err)
	name := "x"
	for range 3 {
		_, err = f.UpdateClient(t.Context(), p, c.ID, account.ClientPatch{Name: &name, RedirectURIs: &many})
		must(t, err)
	}
	few := many[:2]
	_, err = f.UpdateClient(t.Context(), p, c.ID, account.ClientPatch{RedirectURIs: &few})
	must(t, err)
	events, _, err := f.db.AuditEvents(t.Context(), db.AuditFilter{OrganizationID: &p.OrganizationID, Page: db.Page{Number: 1, Size: 100}})
	must(t, err)
	var changes []string
	for _, e := range events {
		if len(e.Details) > 400 {
			t.Errorf("%s: %d bytes", e.Action, len(e.Details))
		}
		if e.Action == account.ActionClientUpdated {
			var d struct {
				Changed []string `json:"changed"`
				URIs    int      `json:"redirect_uris"`
			}
			must(t, json.Unmarshal(e.Details, &d))
			if d.URIs != 2 {
				t.Errorf("%s", e.Details)
			}
			changes = append(changes, d.Changed...)
		}
	}
	if !slices.Equal(changes, []string{"redirect_uris"}) {
		t.Errorf("changes: %v", changes)
	}
}

func TestClientsPerOrganization(t *testing.T) {
	f := setup(t)
	p := f.session("john@example.com")
	s, _ := f.process(func(c *account.Config) { c.ClientsPerOrganization = 2 })
	create := func() (*account.Client, error) {
		c, _, err := s.CreateClient(t.Context(), p, account.NewClient{Name: "x"})
		return c, err
	}
	_, err := create()
	must(t, err)
	last, err := create()
	must(t, err)
	_, err = create()
	wantCode(t, "one too many", err, asset.QuotaExceeded)
	must(t, s.DeleteClient(t.Context(), p, last.ID))
	_, err = create()
	must(t, err)
}

// A login that was shown the old password does not outlive a reset, and lets no client
// in after it ended.
func TestLoginEndsWithItsPassword(t *testing.T) {
	f := setup(t)
	p := f.session("john@example.com")
	c, _, err := f.CreateClient(t.Context(), p, account.NewClient{Name: "x", RedirectURIs: []string{"https://client.example/done"}})
	must(t, err)
	agree := func(l *account.BrowserLogin) error {
		_, err := f.Agree(t.Context(), l, account.Authorization{Client: c, RedirectURI: c.RedirectURIs[0], Scopes: []string{"read"}, Organization: p.OrganizationID})
		return err
	}
	cookie, l, err := f.LogInBrowser(t.Context(), "john@example.com", password)
	must(t, err)
	must(t, agree(l))
	refused := func(what string) {
		t.Helper()
		if err := agree(l); err == nil || !strings.HasPrefix(err.Error(), string(account.AccessDenied)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(t, f.LogOutBrowser(t.Context(), cookie))
	refused("logged out")
	f.secondFactor(p)
	_, l, err = f.LogInBrowser(t.Context(), "john@example.com", password)
	must(t, err)
	want(t, "pending", l.Pending, true)
	refused("without the second factor")
	f.clock.advance(time.Second)
	must(t, f.ChangePassword(t.Context(), p, password, "AnotherPassword456!"))
	found, err := f.db.LiveOAuthLogin(t.Context(), l.Hash)
	must(t, err)
	want(t, "the pending login is gone", found == nil, true)
}
