package account_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/mail/mailtest"
)

// company is an organization with one member of each role.
type company struct {
	*fixture
	id     asset.ID
	people map[string]*account.User // by role
}

func newCompany(t *testing.T) *company {
	t.Helper()
	f := setup(t)
	c := &company{fixture: f, people: map[string]*account.User{}}
	for _, role := range account.Roles() {
		c.people[role] = f.register(role + "@example.com")
	}
	c.id = c.found("Acme")
	for _, role := range account.Roles()[1:] {
		must(t, f.db.PutMembership(t.Context(), c.id, c.people[role].ID, role))
	}
	return c
}

// found makes an organization of the owner's.
func (c *company) found(name string) asset.ID {
	c.t.Helper()
	o, err := c.CreateOrganization(c.t.Context(), c.home("owner"), account.NewOrganization{Name: name})
	must(c.t, err)
	return o.ID
}

// home is somebody in their personal organization, with a session of their own.
func (c *company) home(name string) account.Principal {
	c.t.Helper()
	p, err := c.bearer(c.login(name + "@example.com").AccessToken)
	must(c.t, err)
	return p
}

// enter is somebody's request to an organization in the path.
func (c *company) enter(name string, org asset.ID, change ...func(*account.Credentials)) (account.Principal, error) {
	c.t.Helper()
	given := account.Credentials{Bearer: c.login(name + "@example.com").AccessToken, OrganizationID: org.String(), InPath: true}
	for _, f := range change {
		f(&given)
	}
	return c.Authenticate(c.t.Context(), given)
}

// as is a member in the company.
func (c *company) as(name string) account.Principal {
	c.t.Helper()
	p, err := c.enter(name, c.id)
	must(c.t, err)
	return p
}

// key is a key that a member made in the company.
func (c *company) key(name string, scopes ...string) (secret string, id asset.ID) {
	c.t.Helper()
	k, secret, err := c.CreateAPIKey(c.t.Context(), c.as(name), account.NewAPIKey{Name: name, Scopes: scopes})
	must(c.t, err)
	return secret, k.ID
}

func (c *company) role(name string) string {
	c.t.Helper()
	role, err := c.db.RoleOf(c.t.Context(), c.id, c.people[name].ID)
	must(c.t, err)
	return role
}

// happened lists the actions in the company's audit log, oldest first.
func (c *company) happened() string {
	c.t.Helper()
	all, _, err := c.AuditLog(c.t.Context(), account.Principal{OrganizationID: c.id, Role: account.RoleOwner, Scopes: account.Scopes()},
		db.AuditFilter{Page: db.Page{Number: 1, Size: 100}})
	must(c.t, err)
	var actions []string
	for _, e := range all {
		actions = append([]string{e.Action}, actions...)
	}
	return strings.Join(actions, " ")
}

// held checks a code, "" for no error.
func held(t *testing.T, what string, err error, want asset.Code) {
	t.Helper()
	if want == "" && err != nil || want != "" && !asset.Is(err, want) {
		t.Errorf("%s: got %v, want %q", what, err, want)
	}
}

// Who may give whom which role, and remove whom.
func TestWhoManagesWhom(t *testing.T) {
	c := newCompany(t)
	c.people["stranger"] = c.register("stranger@example.com")
	secret, _ := c.key("owner", "admin")
	key, err := c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	must(t, err)
	for _, row := range []struct {
		by, target, to string // to is "" for a removal
		want           asset.Code
	}{
		{"owner", "admin", "owner", ""},
		{"owner", "admin", "viewer", ""},
		{"owner", "viewer", "admin", ""},
		{"owner", "owner", "admin", asset.Conflict}, // the last one
		{"owner", "owner", "", asset.Conflict},
		{"owner", "admin", "", ""},
		{"owner", "stranger", "member", asset.NotFound},
		{"owner", "stranger", "", asset.NotFound},
		{"owner", "member", "emperor", asset.ValidationError},
		{"admin", "owner", "viewer", asset.Forbidden},
		{"admin", "owner", "", asset.Forbidden},
		{"admin", "member", "owner", asset.Forbidden},
		{"admin", "admin", "owner", asset.Forbidden},
		{"admin", "member", "admin", ""},
		{"admin", "member", "", ""},
		{"admin", "admin", "", ""}, // leaves
		{"member", "viewer", "member", asset.Forbidden},
		{"member", "viewer", "", asset.Forbidden},
		{"member", "member", "admin", asset.Forbidden},
		{"member", "member", "", ""}, // leaves
		{"viewer", "viewer", "", ""},
		{"viewer", "owner", "", asset.Forbidden},
		{"owner's key", "owner", "admin", asset.Forbidden},
		{"owner's key", "member", "owner", asset.Forbidden},
		{"owner's key", "member", "viewer", ""},
		{"owner's key", "member", "", ""},
		{"owner's key", "owner", "", asset.Forbidden},
	} {
		t.Run(row.by+" "+row.target+" "+row.to, func(t *testing.T) {
			for _, role := range account.Roles() {
				must(t, c.db.PutMembership(t.Context(), c.id, c.people[role].ID, role))
			}
			before, told := c.role(row.target), strings.Count(c.happened(), "member.")
			p, err := key, error(nil)
			if row.by != "owner's key" {
				p = c.as(row.by)
			}
			if row.to == "" {
				err = c.RemoveMember(t.Context(), p, c.id, c.people[row.target].ID)
			} else {
				_, err = c.SetRole(t.Context(), p, c.id, c.people[row.target].ID, row.to, password)
			}
			held(t, "the change", err, row.want)
			after := row.to
			if row.want != "" {
				after = before
			}
			if got := c.role(row.target); got != after {
				t.Errorf("the role is %q, want %q", got, after)
			}
			if now := strings.Count(c.happened(), "member."); (now > told) != (row.want == "") {
				t.Errorf("the audit log says %s", c.happened())
			}
		})
	}
}

// What a member made ends with the membership, and does not come back with it.
func TestRemovedMember(t *testing.T) {
	c := newCompany(t)
	server, _ := c.deliver(mailtest.Options{})
	secret, _ := c.key("admin", "read", "admin")
	_, err := c.Invite(t.Context(), c.as("admin"), c.id, "friend@example.com", "admin")
	must(t, err)
	friend := token(t, server, "friend@example.com", "You are invited to an organization", 1)
	stale := c.as("admin") // a request under way
	must(t, c.RemoveMember(t.Context(), c.as("owner"), c.id, c.people["admin"].ID))
	_, err = c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	held(t, "the key", err, asset.InvalidAPIKey)
	_, err = c.enter("admin", c.id)
	held(t, "the member", err, asset.NotFound)
	_, err = c.enter("admin", c.id, func(given *account.Credentials) { given.InPath = false })
	held(t, "the member, by header", err, asset.Forbidden)
	_, err = c.SetRole(t.Context(), stale, c.id, c.people["viewer"].ID, "admin", password)
	held(t, "a request under way", err, asset.NotFound)
	_, _, err = c.CreateAPIKey(t.Context(), stale, account.NewAPIKey{Name: "late", Scopes: []string{"read"}})
	held(t, "a key under way", err, asset.NotFound)

	must(t, c.db.PutMembership(t.Context(), c.id, c.people["admin"].ID, "admin"))
	_, err = c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	held(t, "the key of a member who came back", err, asset.InvalidAPIKey)
	c.register("friend@example.com")
	_, err = c.AcceptInvitation(t.Context(), c.home("friend"), friend)
	held(t, "an invitation by who was removed", err, asset.NotFound)
}

// What an owner agreed that a client may do does not manage the organization, if it
// is not just that; and what a client may do by itself is not more either.
func TestWeakTokensManageNothing(t *testing.T) {
	c := newCompany(t)
	owner := c.as("owner")
	weak := owner
	weak.SessionID, weak.ClientID, weak.Scopes = nil, "client", []string{"read", "write"}
	alone := account.Principal{OrganizationID: c.id, ClientID: "client", Scopes: weak.Scopes}
	for name, p := range map[string]account.Principal{"for the owner": weak, "for itself": alone} {
		held(t, name, c.RemoveMember(t.Context(), p, c.id, c.people["viewer"].ID), asset.Forbidden)
		held(t, name, c.RemoveMember(t.Context(), p, c.id, owner.UserID), asset.Forbidden)
		_, err := c.SetRole(t.Context(), p, c.id, c.people["viewer"].ID, "admin", password)
		held(t, name, err, asset.Forbidden)
		_, err = c.Invite(t.Context(), p, c.id, "x@example.com", "")
		held(t, name, err, asset.Forbidden)
		_, err = c.UpdateOrganization(t.Context(), p, c.id, account.OrganizationPatch{})
		held(t, name, err, asset.Forbidden)
	}
	alone.Scopes = []string{"admin"}
	_, err := c.SetRole(t.Context(), alone, c.id, c.people["viewer"].ID, "owner", password)
	held(t, "an owner made by a client", err, asset.Forbidden)
	held(t, "a client that may manage", c.RemoveMember(t.Context(), alone, c.id, c.people["viewer"].ID), "")
	_, err = c.CreateOrganization(t.Context(), alone, account.NewOrganization{Name: "Mine"})
	held(t, "an organization of nobody's", err, asset.Forbidden)
	elsewhere := alone
	elsewhere.OrganizationID = c.home("admin").OrganizationID
	held(t, "another organization", c.RemoveMember(t.Context(), elsewhere, c.id, c.people["member"].ID), asset.NotFound)
}

// A key loses with its maker's role what the role no longer has, at once.
func TestDemotedMembersKey(t *testing.T) {
	c := newCompany(t)
	secret, _ := c.key("admin", "read", "write", "admin")
	_, err := c.SetRole(t.Context(), c.as("owner"), c.id, c.people["admin"].ID, "viewer", password)
	must(t, err)
	p, err := c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	must(t, err)
	if len(p.Scopes) != 1 || p.Scopes[0] != "read" {
		t.Errorf("left: %v", p.Scopes)
	}
}

// The owner that is named moves on when they leave others.
func TestNamedOwner(t *testing.T) {
	c := newCompany(t)
	_, err := c.SetRole(t.Context(), c.as("owner"), c.id, c.people["member"].ID, "owner", password)
	must(t, err)
	must(t, c.RemoveMember(t.Context(), c.as("owner"), c.id, c.people["owner"].ID))
	o, err := c.Organization(t.Context(), c.as("member"), c.id)
	must(t, err)
	if o.OwnerID != c.people["member"].ID {
		t.Error("the organization is owned by who left")
	}
	// A personal organization has one owner, who stays.
	home := c.home("owner")
	must(t, c.db.PutMembership(t.Context(), home.OrganizationID, c.people["admin"].ID, "admin"))
	_, err = c.SetRole(t.Context(), home, home.OrganizationID, c.people["admin"].ID, "owner", password)
	held(t, "a second owner of a personal organization", err, asset.Conflict)
}

// Owners who leave, demote or hand over at the same time, from two processes,
// leave an owner behind, whichever comes first.
func TestOneOwnerStays(t *testing.T) {
	c := newCompany(t)
	other, _ := c.process(nil)
	ways := map[string]func(s *account.Service, p account.Principal, them asset.ID) error{
		"leave": func(s *account.Service, p account.Principal, _ asset.ID) error {
			return s.RemoveMember(t.Context(), p, c.id, p.UserID)
		},
		"demote": func(s *account.Service, p account.Principal, them asset.ID) error {
			_, err := s.SetRole(t.Context(), p, c.id, them, "viewer", password)
			return err
		},
		"resign": func(s *account.Service, p account.Principal, _ asset.ID) error {
			_, err := s.SetRole(t.Context(), p, c.id, p.UserID, "member", password)
			return err
		},
	}
	a, b := c.people["owner"].ID, c.people["admin"].ID
	for name, way := range ways {
		for range 5 {
			for _, id := range []asset.ID{a, b} {
				must(t, c.db.PutMembership(t.Context(), c.id, id, "owner"))
			}
			pa, pb := c.as("owner"), c.as("admin")
			var wg sync.WaitGroup
			var errs [2]error
			start := make(chan struct{})
			wg.Go(func() { <-start; errs[0] = way(c.Service, pa, b) })
			wg.Go(func() { <-start; errs[1] = way(other, pb, a) })
			close(start)
			wg.Wait()
			owners, err := c.db.Owners(t.Context(), c.id)
			must(t, err)
			if len(owners) != 1 || (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("%s: %d owners left; %v, %v", name, len(owners), errs[0], errs[1])
			}
			o, err := c.db.OrganizationByID(t.Context(), c.id)
			must(t, err)
			if o.OwnerID != owners[0] {
				t.Errorf("%s: the organization names another owner", name)
			}
		}
	}
}

func TestTransfer(t *testing.T) {
	c := newCompany(t)
	heir := c.people["member"].ID
	for _, row := range []struct {
		what     string
		by       string
		to       asset.ID
		password string
		want     asset.Code
	}{
		{"a wrong password", "owner", heir, "wrong", asset.InvalidCredentials},
		{"to a stranger", "owner", c.register("stranger@example.com").ID, password, asset.NotFound},
		{"to oneself", "owner", c.people["owner"].ID, password, asset.Conflict},
		{"by an admin", "admin", heir, password, asset.Forbidden},
		{"right", "owner", heir, password, ""},
		{"by who was the owner", "owner", heir, password, asset.Forbidden},
	} {
		_, err := c.Transfer(t.Context(), c.as(row.by), c.id, row.to, row.password)
		held(t, row.what, err, row.want)
	}
	if c.role("owner") != "admin" || c.role("member") != "owner" {
		t.Errorf("the roles are %s and %s", c.role("owner"), c.role("member"))
	}
	o, err := c.Organization(t.Context(), c.as("member"), c.id)
	must(t, err)
	if o.OwnerID != heir {
		t.Error("the organization names another owner")
	}
	home := c.home("owner")
	must(t, c.db.PutMembership(t.Context(), home.OrganizationID, heir, "admin"))
	_, err = c.Transfer(t.Context(), home, home.OrganizationID, heir, password)
	held(t, "a personal organization", err, asset.Conflict)
	secret, _ := c.key("member", "admin")
	p, err := c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	must(t, err)
	_, err = c.Transfer(t.Context(), p, c.id, c.people["viewer"].ID, password)
	held(t, "by a key", err, asset.Forbidden)
}

// Nobody comes to own more than they may: by making, being made owner, or being
// given, one after the other or at the same time.
func TestOwnedLimit(t *testing.T) {
	c := newCompany(t)
	const rest = 10 - 1 // the personal one counts
	heir := c.home("member")
	for range rest - 1 {
		_, err := c.CreateOrganization(t.Context(), heir, account.NewOrganization{Name: "Theirs " + asset.NewID().String()})
		must(t, err)
	}
	second := c.found("Second")
	must(t, c.db.PutMembership(t.Context(), second, heir.UserID, "member"))
	pa := c.as("owner")
	pb, err := c.enter("owner", second)
	must(t, err)
	var wg sync.WaitGroup
	var errs [3]error
	wg.Go(func() { _, errs[0] = c.Transfer(t.Context(), pa, c.id, heir.UserID, password) })
	wg.Go(func() { _, errs[1] = c.SetRole(t.Context(), pb, second, heir.UserID, "owner", password) })
	wg.Go(func() {
		_, errs[2] = c.CreateOrganization(t.Context(), heir, account.NewOrganization{Name: "One more"})
	})
	wg.Wait()
	passed := 0
	for _, err := range errs {
		if err == nil {
			passed++
		} else {
			held(t, "one too many", err, asset.QuotaExceeded)
		}
	}
	if passed != 1 {
		t.Errorf("%d came through: %v", passed, errs)
	}
}

func TestUpdateOrganization(t *testing.T) {
	c := newCompany(t)
	closed, _ := c.process(func(config *account.Config) { config.SelfServicePlans = false })
	_, err := c.CreateOrganization(t.Context(), c.home("viewer"), account.NewOrganization{Name: "x", Slug: "taken"})
	must(t, err)
	text := func(s string) *string { return &s }
	for _, row := range []struct {
		by    string
		s     *account.Service
		patch account.OrganizationPatch
		want  asset.Code
	}{
		{"owner", c.Service, account.OrganizationPatch{Name: text(" Acme Corp "), Slug: text("acme-corp")}, ""},
		{"admin", c.Service, account.OrganizationPatch{Name: text("Acme, Inc.")}, ""},
		{"member", c.Service, account.OrganizationPatch{Name: text("Mine")}, asset.Forbidden},
		{"owner", c.Service, account.OrganizationPatch{Name: text(" ")}, asset.ValidationError},
		{"owner", c.Service, account.OrganizationPatch{Slug: text("No Slug")}, asset.ValidationError},
		{"owner", c.Service, account.OrganizationPatch{Slug: text("")}, asset.ValidationError},
		{"owner", c.Service, account.OrganizationPatch{Slug: text("taken")}, asset.Conflict},
		{"owner", c.Service, account.OrganizationPatch{Plan: text("gold")}, asset.ValidationError},
		{"admin", c.Service, account.OrganizationPatch{Plan: text("pro")}, asset.Forbidden},
		{"owner", closed, account.OrganizationPatch{Plan: text("pro")}, asset.Forbidden},
		{"owner", c.Service, account.OrganizationPatch{Plan: text("pro")}, ""},
		{"admin", closed, account.OrganizationPatch{Plan: text("pro"), Name: text("Acme")}, ""}, // it is pro
		{"owner", closed, account.OrganizationPatch{Plan: text("free")}, ""},
	} {
		_, err := row.s.UpdateOrganization(t.Context(), c.as(row.by), c.id, row.patch)
		held(t, row.by, err, row.want)
	}
	o, err := c.Organization(t.Context(), c.as("owner"), c.id)
	must(t, err)
	if o.Name != "Acme" || o.Slug != "acme-corp" || o.Plan != "free" || o.MembersCount != 4 {
		t.Errorf("got %+v", o)
	}
}

// An invitation is accepted once, by whom it was sent to, in time.
func TestInvitations(t *testing.T) {
	c := newCompany(t)
	server, _ := c.deliver(mailtest.Options{})
	invited := func(n int) string {
		t.Helper()
		return token(t, server, "new@example.com", "You are invited to an organization", n)
	}
	invite := func(by, email, role string) (*account.Invitation, error) {
		return c.Invite(t.Context(), c.as(by), c.id, email, role)
	}
	_, err := invite("member", "new@example.com", "")
	held(t, "by a member", err, asset.Forbidden)
	_, err = invite("admin", "VIEWER@example.com", "")
	held(t, "a member", err, asset.Conflict)
	_, err = invite("owner", "new@example.com", "owner")
	held(t, "as owner", err, asset.ValidationError)
	_, err = invite("owner", "new@example.com\r\nBcc: x@example.com", "")
	held(t, "two addresses", err, asset.ValidationError)
	first, err := invite("admin", "New@example.com", "")
	must(t, err)
	if first.Role != "member" || first.ExpiresAt.Sub(first.CreatedAt) != 7*24*time.Hour {
		t.Errorf("got %+v", first)
	}
	first0 := token(t, server, "New@example.com", "You are invited to an organization", 1)
	_, err = invite("owner", "new@example.com", "viewer") // in its place
	must(t, err)
	second := invited(1)

	u := c.register("new@example.com")
	accept := func(what, name, token string, want asset.Code) {
		t.Helper()
		_, err := c.AcceptInvitation(t.Context(), c.home(name), token)
		held(t, what, err, want)
	}
	accept("an unverified address", "new", second, asset.Forbidden)
	must(t, c.db.SetVerifiedEmail(t.Context(), u.ID, "new@example.com"))
	accept("another address", "viewer", second, asset.Forbidden)
	accept("a replaced one", "new", first0, asset.NotFound)
	accept("no such token", "new", "cert_in_nothing", asset.NotFound)
	secret, _ := c.key("owner", "admin")
	p, err := c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	must(t, err)
	_, err = c.AcceptInvitation(t.Context(), p, second)
	held(t, "by a key", err, asset.Forbidden)
	accept("right", "new", second, "")
	accept("again", "new", second, asset.NotFound)
	in, err := c.enter("new", c.id)
	must(t, err)
	if in.Role != "viewer" {
		t.Errorf("joined as %s", in.Role)
	}
	must(t, c.RemoveMember(t.Context(), in, c.id, u.ID)) // leaves

	third, err := invite("owner", "new@example.com", "")
	must(t, err)
	must(t, c.RevokeInvitation(t.Context(), c.as("admin"), c.id, third.ID))
	accept("one that was taken back", "new", invited(2), asset.NotFound)
	held(t, "taking back again", c.RevokeInvitation(t.Context(), c.as("admin"), c.id, third.ID), asset.NotFound)
	_, err = invite("owner", "new@example.com", "")
	must(t, err)
	fourth := invited(3)
	must(t, c.db.PutMembership(t.Context(), c.id, u.ID, "viewer"))
	accept("by a member", "new", fourth, asset.Conflict)
	must(t, c.db.DeleteMembership(t.Context(), c.id, u.ID))
	c.clock.advance(7 * 24 * time.Hour)
	accept("one that has expired", "new", fourth, asset.NotFound)
	_, total, err := c.Invitations(t.Context(), c.as("admin"), db.Page{Number: 1, Size: 10})
	must(t, err)
	if total != 0 {
		t.Errorf("%d wait", total)
	}
	if rows := c.dump(); strings.Contains(rows, second) {
		t.Error("a token is in the database")
	}
}

// An organization cannot have any number of strangers written to.
func TestInvitationsAreBounded(t *testing.T) {
	c := newCompany(t)
	p := c.as("owner")
	for i := range 100 {
		_, err := c.Invite(t.Context(), p, c.id, strings.Repeat("a", i%60+1)+asset.NewID().String()[:4]+"@example.com", "")
		must(t, err)
	}
	_, err := c.Invite(t.Context(), p, c.id, "last@example.com", "")
	held(t, "one more", err, asset.RateLimited)
	c.clock.advance(24*time.Hour + time.Second)
	_, err = c.Invite(t.Context(), c.as("owner"), c.id, "last@example.com", "")
	held(t, "a day later", err, "")
}

// A stolen access token makes no owner, deposes none and deletes nothing: that takes
// the password, and the owners are told.
func TestOwnersAreMadeByPassword(t *testing.T) {
	c := newCompany(t)
	server, _ := c.deliver(mailtest.Options{})
	owner := c.as("owner")
	set := func(name, role, password string) error {
		_, err := c.SetRole(t.Context(), owner, c.id, c.people[name].ID, role, password)
		return err
	}
	held(t, "an owner made without a password", set("admin", "owner", ""), asset.Forbidden)
	held(t, "with a wrong one", set("admin", "owner", another), asset.InvalidCredentials)
	held(t, "another role without one", set("member", "viewer", ""), "")
	held(t, "an owner made", set("admin", "owner", password), "")
	for _, name := range []string{"owner", "admin"} {
		server.Wait(t, name+"@example.com", "The owners of an organization changed", 1)
	}
	held(t, "the same role again", set("admin", "owner", ""), "")
	held(t, "an owner removed", c.RemoveMember(t.Context(), owner, c.id, c.people["admin"].ID), asset.Conflict)
	held(t, "an owner deposed without a password", set("admin", "viewer", ""), asset.Forbidden)
	held(t, "with a wrong one", set("admin", "viewer", another), asset.InvalidCredentials)
	want(t, "the role", c.role("admin"), "owner")
	held(t, "an owner deposed", set("admin", "viewer", password), "")
	for _, name := range []string{"owner", "admin"} {
		server.Wait(t, name+"@example.com", "The owners of an organization changed", 2)
	}
	held(t, "and removed", c.RemoveMember(t.Context(), owner, c.id, c.people["admin"].ID), "")
	_, err := c.DeleteOrganization(t.Context(), owner, c.id, another)
	held(t, "deleted with a wrong one", err, asset.InvalidCredentials)
	_, err = c.DeleteOrganization(t.Context(), owner, c.id, "")
	held(t, "deleted without one", err, asset.InvalidCredentials)
	_, err = c.enter("member", c.id)
	held(t, "the organization", err, "")
}

// A password that was right when it was checked is not after it was changed.
func TestOwnersWhilePasswordChanges(t *testing.T) {
	c := newCompany(t)
	owner := c.as("owner")
	must(t, c.ChangePassword(t.Context(), c.home("owner"), password, another))
	_, err := c.SetRole(t.Context(), owner, c.id, c.people["admin"].ID, "owner", password)
	held(t, "the former password", err, asset.InvalidCredentials)
	want(t, "the role", c.role("admin"), "admin")
}
