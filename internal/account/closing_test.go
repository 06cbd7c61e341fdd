package account_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/mail/mailtest"
)

// close ends somebody's account, which must succeed.
func (c *company) close(name string) time.Time {
	c.t.Helper()
	eraseAt, err := c.Close(c.t.Context(), c.home(name), account.Proof{Password: password})
	must(c.t, err)
	return eraseAt
}

// erase runs the job.
func (c *company) erase() {
	c.t.Helper()
	e := account.Erasing{Rows: c.db, Logger: slog.New(slog.DiscardHandler), Now: c.clock.now}
	must(c.t, e.Run(c.t.Context()))
}

// An account that is closed is over at once, in every way in, and gone when the
// grace is over; what others have stays.
func TestClose(t *testing.T) {
	c := newCompany(t)
	server, _ := c.deliver(mailtest.Options{})
	secret, keyID := c.key("admin", "read")
	as := c.as("admin")
	invitation, err := c.Invite(t.Context(), as, c.id, "guest@example.com", "viewer")
	must(t, err)
	tokens := c.login("admin@example.com")
	home := c.home("admin")
	must(t, c.ForgotPassword(t.Context(), "admin@example.com"))
	reset := token(t, server, "admin@example.com", "Set a new password", 1)

	_, err = c.Close(t.Context(), home, account.Proof{Password: "wrong password"})
	held(t, "a wrong password", err, asset.InvalidCredentials)
	key, err := c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	must(t, err)
	_, err = c.Close(t.Context(), key, account.Proof{Password: password})
	held(t, "by a key", err, asset.Forbidden)
	eraseAt, err := c.Close(t.Context(), home, account.Proof{Password: password})
	must(t, err)
	want(t, "to be erased", eraseAt, c.clock.now().UTC().Add(30*24*time.Hour))
	server.Wait(t, "admin@example.com", "Your account was closed", 1)

	_, err = c.bearer(tokens.AccessToken)
	held(t, "an access token", err, asset.Unauthorized)
	_, err = c.Refresh(t.Context(), tokens.RefreshToken)
	held(t, "a refresh token", err, asset.Unauthorized)
	_, err = c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	held(t, "a key", err, asset.InvalidAPIKey)
	held(t, "a reset", c.ResetPassword(t.Context(), reset, "Another-Horse-9!"), asset.Unauthorized)
	_, err = c.Login(t.Context(), account.SignIn{Email: "admin@example.com", Password: password})
	if !asset.Is(err, asset.Forbidden) || !strings.Contains(asset.AsError(err).Detail, "closed") {
		t.Errorf("logging in: %v", err)
	}
	_, err = c.Login(t.Context(), account.SignIn{Email: "admin@example.com", Password: "wrong password"})
	held(t, "with a wrong password", err, asset.InvalidCredentials)
	_, _, err = c.LogInBrowser(t.Context(), "admin@example.com", password)
	held(t, "on the pages", err, asset.Forbidden)
	_, err = c.Register(t.Context(), account.Registration{Email: "admin@example.com", Password: password})
	held(t, "registering meanwhile", err, asset.Conflict)
	want(t, "the role", c.role("admin"), "")
	held(t, "their invitation", c.RevokeInvitation(t.Context(), c.as("owner"), c.id, invitation.ID), asset.NotFound)
	if log := c.happened(); !strings.HasSuffix(log, account.ActionMemberRemoved) {
		t.Errorf("the company's log: %s", log)
	}
	_, err = c.CreateOrganization(t.Context(), home, account.NewOrganization{Name: "Late"})
	held(t, "a request under way", err, asset.Forbidden)

	c.erase()
	u, err := c.db.UserByID(t.Context(), c.people["admin"].ID)
	must(t, err)
	want(t, "within the grace", u.Email, "admin@example.com")
	c.clock.advance(30 * 24 * time.Hour)
	_, err = c.SuspendUser(t.Context(), account.Platform(), u.ID, false, "")
	held(t, "restored too late", err, asset.Conflict)
	c.erase()
	c.erase()
	u, err = c.db.UserByID(t.Context(), c.people["admin"].ID)
	must(t, err)
	if u.ErasedAt == nil || strings.Contains(u.Email+u.EmailKey, "admin") || u.FullName != "" || u.PasswordHash != "" || u.EmailVerifiedAt != nil {
		t.Errorf("erased: %+v", u)
	}
	o, err := c.db.OrganizationByID(t.Context(), home.OrganizationID)
	must(t, err)
	want(t, "the personal organization", o.ErasedAt != nil && o.Name == "Erased organization", true)
	k, err := c.db.AnyAPIKey(t.Context(), keyID)
	must(t, err)
	want(t, "their key in the company is on record, ended", k.RevokedAt != nil, true)
	_, err = c.Login(t.Context(), account.SignIn{Email: u.Email, Password: ""})
	held(t, "logging in with no password", err, asset.InvalidCredentials)
	if again := c.register("admin@example.com"); again.ID == u.ID {
		t.Error("the same user")
	}
	_, err = c.enter("owner", c.id)
	held(t, "the company", err, "")
	events, _, err := c.PlatformAudit(t.Context(), account.Platform(), db.AuditFilter{Action: account.ActionUserErased, Page: db.Page{Number: 1, Size: 10}})
	must(t, err)
	if len(events) != 1 || events[0].ActorKind != "system" || events[0].Target != u.ID.String() {
		t.Errorf("%+v", events)
	}
}

// Nobody leaves others in an organization that nobody could act for.
func TestCloseOnlyOwner(t *testing.T) {
	c := newCompany(t)
	alone := c.found("Alone")
	_, err := c.Close(t.Context(), c.home("owner"), account.Proof{Password: password})
	if !asset.Is(err, asset.Conflict) || !strings.Contains(asset.AsError(err).Detail, "acme") || strings.Contains(asset.AsError(err).Detail, "alone") {
		t.Fatalf("%v", err)
	}
	_, err = c.enter("owner", c.id)
	held(t, "nothing has changed", err, "")
	_, err = c.Transfer(t.Context(), c.as("owner"), c.id, c.people["admin"].ID, password)
	must(t, err)
	c.close("owner")
	want(t, "the role", c.role("owner"), "")
	o, err := c.db.OrganizationByID(t.Context(), alone)
	must(t, err)
	want(t, "where nobody else was", o.DeletedAt != nil && o.EraseAt.Equal(c.clock.now().Add(30*24*time.Hour)), true)
	// One of two owners leaves the other, who is named from then on.
	must(t, c.db.PutMembership(t.Context(), c.id, c.people["member"].ID, account.RoleOwner))
	c.close("admin")
	o, err = c.db.OrganizationByID(t.Context(), c.id)
	must(t, err)
	want(t, "the owner", o.OwnerID, c.people["member"].ID)
	want(t, "is there", o.DeletedAt == nil, true)
}

// The operator can take it back: the user and the organizations that went with
// them, not what was deleted before, nor sessions, keys and memberships.
func TestCloseRestored(t *testing.T) {
	c := newCompany(t)
	earlier, alone := c.found("Earlier"), c.found("Alone")
	at, err := c.enter("owner", earlier)
	must(t, err)
	_, err = c.DeleteOrganization(t.Context(), at, earlier, password)
	must(t, err)
	_, err = c.Transfer(t.Context(), c.as("owner"), c.id, c.people["admin"].ID, password)
	must(t, err)
	home := c.home("owner")
	k, secret, err := c.CreateAPIKey(t.Context(), home, account.NewAPIKey{Name: "home", Scopes: []string{"read"}})
	must(t, err)
	c.clock.advance(time.Minute)
	c.close("owner")
	c.clock.advance(29 * 24 * time.Hour)
	u, err := c.SuspendUser(t.Context(), account.Platform(), home.UserID, false, "asked")
	must(t, err)
	if u.SuspendedAt != nil || u.ClosedAt != nil || u.EraseAt != nil {
		t.Errorf("%+v", u.User)
	}
	home = c.home("owner")
	_, err = c.enter("owner", alone)
	held(t, "the organization of theirs", err, "")
	_, err = c.enter("owner", earlier)
	held(t, "one that was deleted before", err, asset.NotFound)
	want(t, "the role elsewhere", c.role("owner"), "")
	_, err = c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	held(t, "the key "+k.Name, err, asset.InvalidAPIKey)
	c.clock.advance(2 * 24 * time.Hour)
	c.erase()
	_, err = c.Me(t.Context(), home)
	held(t, "after what would have been the end", err, "")
}

// Of two owners who close their accounts at the same time one stays with the others.
func TestCloseAtOnce(t *testing.T) {
	c := newCompany(t)
	must(t, c.db.PutMembership(t.Context(), c.id, c.people["admin"].ID, account.RoleOwner))
	both := []account.Principal{c.home("owner"), c.home("admin")}
	errs := make([]error, len(both))
	var wg sync.WaitGroup
	for i, p := range both {
		wg.Go(func() { _, errs[i] = c.Close(t.Context(), p, account.Proof{Password: password}) })
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !asset.Is(errors.Join(errs...), asset.Conflict) {
		t.Errorf("%v and %v", errs[0], errs[1])
	}
	owners, err := c.db.Owners(t.Context(), c.id)
	must(t, err)
	want(t, "owners", len(owners), 1)
	_, err = c.enter("viewer", c.id)
	held(t, "the company", err, "")
}

// A second factor is asked for here too.
func TestCloseWithSecondFactor(t *testing.T) {
	c := newCompany(t)
	home := c.home("viewer")
	secret, _ := c.secondFactor(home)
	_, err := c.Close(t.Context(), home, account.Proof{Password: password})
	held(t, "without a code", err, asset.SecondFactorRequired)
	_, err = c.Close(t.Context(), home, account.Proof{Password: password, Code: "000000"})
	held(t, "a wrong code", err, asset.InvalidCredentials)
	c.clock.advance(time.Minute)
	_, err = c.Close(t.Context(), home, account.Proof{Password: password, Code: code(t, secret, c.clock.now())})
	held(t, "the right one", err, "")
	c.clock.advance(31 * 24 * time.Hour)
	c.erase()
	u, err := c.db.UserByID(t.Context(), home.UserID)
	must(t, err)
	want(t, "the second factor", u.TOTPSealed == nil && u.TOTPConfirmedAt == nil, true)
}
