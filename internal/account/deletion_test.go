package account_test

import (
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/mail/mailtest"
)

func evenDeleted(given *account.Credentials) { given.EvenDeleted = true }

func TestDeleteOrganization(t *testing.T) {
	c := newCompany(t)
	server, _ := c.deliver(mailtest.Options{})
	secret, _ := c.key("owner", "read", "admin")
	for name, want := range map[string]asset.Code{"admin": asset.Forbidden, "viewer": asset.Forbidden} {
		_, err := c.DeleteOrganization(t.Context(), c.as(name), c.id, password)
		held(t, name, err, want)
	}
	home := c.home("owner")
	_, err := c.DeleteOrganization(t.Context(), home, home.OrganizationID, password)
	held(t, "a personal organization", err, asset.Conflict)
	key, err := c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	must(t, err)
	_, err = c.DeleteOrganization(t.Context(), key, c.id, password)
	held(t, "by a key", err, asset.Forbidden)
	owner := c.as("owner")
	_, err = c.RestoreOrganization(t.Context(), owner, c.id)
	held(t, "restoring what is there", err, asset.Conflict)

	o, err := c.DeleteOrganization(t.Context(), owner, c.id, password)
	must(t, err)
	if o.EraseAt == nil || !o.EraseAt.Equal(c.clock.now().Add(30*24*time.Hour)) {
		t.Errorf("to be erased at %v", o.EraseAt)
	}
	server.Wait(t, "owner@example.com", "An organization was deleted", 1)

	// Everybody is shut out, but for the owner where that is meant.
	for _, name := range account.Roles() {
		_, err := c.enter(name, c.id)
		held(t, name, err, asset.NotFound)
		_, err = c.enter(name, c.id, func(given *account.Credentials) { given.InPath = false })
		held(t, name+" by header", err, asset.Forbidden)
		want := asset.NotFound
		if name == "owner" {
			want = ""
		}
		_, err = c.enter(name, c.id, evenDeleted)
		held(t, name+" to restore", err, want)
	}
	_, err = c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	held(t, "a key", err, asset.Forbidden)
	_, err = c.Authenticate(t.Context(), account.Credentials{APIKey: secret, OrganizationID: c.id.String(), InPath: true, EvenDeleted: true})
	held(t, "a key in the path", err, asset.Forbidden)
	_, err = c.ValidateAPIKey(t.Context(), secret)
	held(t, "validating a key", err, asset.Forbidden)
	_, err = c.UpdateOrganization(t.Context(), owner, c.id, account.OrganizationPatch{})
	held(t, "a request under way", err, asset.NotFound)
	_, err = c.DeleteOrganization(t.Context(), owner, c.id, password)
	held(t, "deleting again", err, asset.NotFound)
	_, total, err := c.Organizations(t.Context(), c.home("admin"), db.Page{Number: 1, Size: 10})
	must(t, err)
	want(t, "organizations that an admin sees", total, 1)

	_, err = c.RestoreOrganization(t.Context(), c.home("admin"), c.id)
	held(t, "restored by an admin", err, asset.NotFound)
	o, err = c.RestoreOrganization(t.Context(), owner, c.id)
	must(t, err)
	if o.EraseAt != nil || o.DeletedAt != nil {
		t.Errorf("restored: %+v", o.Organization)
	}
	_, err = c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	held(t, "the key afterwards", err, "")
	want(t, "the log", c.happened(), "organization.created api_key.created organization.deleted organization.restored")

	_, err = c.DeleteOrganization(t.Context(), owner, c.id, password)
	must(t, err)
	c.clock.advance(30 * 24 * time.Hour)
	late, err := c.enter("owner", c.id, evenDeleted)
	must(t, err)
	_, err = c.RestoreOrganization(t.Context(), late, c.id)
	held(t, "too late", err, asset.Conflict)
}

func TestPlatform(t *testing.T) {
	c := newCompany(t)
	secret, keyID := c.key("admin", "read")
	operator := account.Platform()
	for name, p := range map[string]account.Principal{"an owner": c.as("owner"), "nobody": {}} {
		calls := map[string]func() error{
			"users":   func() error { _, _, err := c.Users(t.Context(), p, "", db.Page{Number: 1, Size: 1}); return err },
			"user":    func() error { _, err := c.PlatformUser(t.Context(), p, p.UserID); return err },
			"suspend": func() error { _, err := c.SuspendUser(t.Context(), p, p.UserID, true, ""); return err },
			"organizations": func() error {
				_, _, err := c.AllOrganizations(t.Context(), p, "", db.Page{Number: 1, Size: 1})
				return err
			},
			"organization": func() error { _, err := c.AnyOrganization(t.Context(), p, c.id); return err },
			"govern": func() error {
				_, err := c.GovernOrganization(t.Context(), p, c.id, account.PlatformPatch{})
				return err
			},
			"keys":   func() error { _, _, err := c.AllAPIKeys(t.Context(), p, db.Page{Number: 1, Size: 1}); return err },
			"revoke": func() error { return c.RevokeAnyKey(t.Context(), p, keyID) },
			"audit": func() error {
				_, _, err := c.PlatformAudit(t.Context(), p, db.AuditFilter{Page: db.Page{Number: 1, Size: 1}})
				return err
			},
		}
		for what, call := range calls {
			held(t, what+" by "+name, call(), asset.InsufficientScope)
		}
	}

	// A user is stopped: sessions, logins, keys. Keys come back, sessions do not.
	old := c.login("admin@example.com")
	u, err := c.SuspendUser(t.Context(), operator, c.people["admin"].ID, true, "spam")
	must(t, err)
	if u.SuspendedAt == nil {
		t.Error("the user is not suspended")
	}
	_, err = c.bearer(old.AccessToken)
	held(t, "an access token", err, asset.Unauthorized)
	_, err = c.Refresh(t.Context(), old.RefreshToken)
	held(t, "a refresh token", err, asset.Unauthorized)
	_, err = c.Login(t.Context(), account.SignIn{Email: "admin@example.com", Password: password})
	held(t, "a login", err, asset.Forbidden)
	_, err = c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	held(t, "a key", err, asset.InvalidAPIKey)
	_, err = c.SuspendUser(t.Context(), operator, c.people["admin"].ID, false, "")
	must(t, err)
	_, err = c.bearer(old.AccessToken)
	held(t, "the old session", err, asset.Unauthorized)
	_, err = c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	held(t, "the key again", err, "")

	// An organization is stopped for all who are in it, and does not exist for others.
	stop, pro := true, account.PlanPro
	o, err := c.GovernOrganization(t.Context(), operator, c.id, account.PlatformPatch{Suspended: &stop, Plan: &pro, Reason: "unpaid"})
	must(t, err)
	if o.SuspendedAt == nil || o.Plan != "pro" || o.MembersCount != 4 {
		t.Errorf("governed: %+v", o)
	}
	c.register("stranger@example.com")
	for name, want := range map[string]asset.Code{"owner": asset.Forbidden, "viewer": asset.Forbidden, "stranger": asset.NotFound} {
		_, err = c.enter(name, c.id, evenDeleted)
		held(t, name, err, want)
	}
	_, err = c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	held(t, "a key of the organization", err, asset.Forbidden)
	home := c.home("owner")
	_, err = c.GovernOrganization(t.Context(), operator, home.OrganizationID, account.PlatformPatch{Suspended: &stop})
	must(t, err)
	token := c.login("owner@example.com").AccessToken
	_, err = c.bearer(token)
	held(t, "work in a suspended personal organization", err, asset.Forbidden)
	_, err = c.Authenticate(t.Context(), account.Credentials{Bearer: token, Account: true})
	held(t, "the own account", err, "")
	for name, org := range map[string]asset.ID{"a suspended organization": c.id, "an organization of others": c.home("viewer").OrganizationID, "none that is there": asset.NewID()} {
		p, err := c.Authenticate(t.Context(), account.Credentials{Bearer: token, Account: true, OrganizationID: org.String()})
		held(t, "the own account, naming "+name, err, "")
		want(t, "the organization in force", p.OrganizationID, home.OrganizationID)
	}
	stop = false
	_, err = c.GovernOrganization(t.Context(), operator, c.id, account.PlatformPatch{Suspended: &stop})
	must(t, err)
	_, err = c.enter("viewer", c.id)
	held(t, "restored", err, "")
	gold := "gold"
	_, err = c.GovernOrganization(t.Context(), operator, c.id, account.PlatformPatch{Plan: &gold})
	held(t, "no such plan", err, asset.ValidationError)

	must(t, c.RevokeAnyKey(t.Context(), operator, keyID))
	_, err = c.Authenticate(t.Context(), account.Credentials{APIKey: secret})
	held(t, "a revoked key", err, asset.InvalidAPIKey)
	want(t, "the log", c.happened(), "organization.created api_key.created organization.plan_changed organization.suspended organization.unsuspended api_key.revoked")
	all, _, err := c.PlatformAudit(t.Context(), operator, db.AuditFilter{Action: account.ActionUserSuspended, Page: db.Page{Number: 1, Size: 10}})
	must(t, err)
	if len(all) != 1 || all[0].ActorKind != "operator" || string(all[0].Details) != `{"reason":"spam"}` || all[0].OrganizationID != nil {
		t.Errorf("the event is %+v", all)
	}
}

// The audit log shows an owner their organization's events and no others', with
// who did it and from where.
func TestAuditLog(t *testing.T) {
	c := newCompany(t)
	p := c.as("owner")
	ctx := account.WithOrigin(t.Context(), account.Origin{Address: "192.0.2.1", RequestID: "req_12345678"})
	_, err := c.SetRole(ctx, p, c.id, c.people["viewer"].ID, "member", password)
	must(t, err)
	_, err = c.SetRole(ctx, p, c.id, c.people["viewer"].ID, "member", password) // no change
	must(t, err)
	elsewhere := c.found("Elsewhere")
	page := db.Page{Number: 1, Size: 10}
	all, total, err := c.AuditLog(t.Context(), p, db.AuditFilter{Page: page, Action: account.ActionMemberRoleChanged})
	must(t, err)
	if total != 1 {
		t.Fatalf("%d events", total)
	}
	e := all[0]
	if e.ActorKind != "user" || e.ActorID != p.UserID.String() || *e.UserID != c.people["viewer"].ID || e.Target != e.UserID.String() ||
		e.Address != "192.0.2.1" || string(e.Details) != `{"from":"viewer","request_id":"req_12345678","to":"member"}` {
		t.Errorf("the event is %+v, %s", e, e.Details)
	}
	for name, want := range map[string]asset.Code{"admin": asset.Forbidden, "member": asset.InsufficientScope} {
		_, _, err := c.AuditLog(t.Context(), c.as(name), db.AuditFilter{Page: page})
		held(t, name, err, want)
	}
	// A filter does not widen what is seen.
	_, total, err = c.AuditLog(t.Context(), p, db.AuditFilter{Page: page, OrganizationID: &elsewhere})
	must(t, err)
	want(t, "events of here", total, 2)
}
