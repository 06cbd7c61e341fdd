package account_test

import (
	"strings"
	"testing"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/mail/mailtest"
)

// prepared is what somebody left in an account to come back by.
type prepared struct {
	me                account.Principal
	accomplice        account.Principal // in the personal organization
	key, theirs       string
	client            *account.Client
	clientSecret      string
	invited           string // the token of an invitation that waits
	company, webhooks asset.ID
}

// prepare registers an address and leaves everything in the account that opens it.
func (f *fixture) prepare(server *mailtest.Server, address string) (x prepared) {
	f.t.Helper()
	ctx, t := f.t.Context(), f.t
	x.me = f.session(address)
	x.webhooks = x.me.OrganizationID
	f.secondFactor(x.me)
	o, err := f.CreateOrganization(ctx, x.me, account.NewOrganization{Name: "Another"})
	must(t, err)
	x.company = o.ID
	_, x.key, err = f.CreateAPIKey(ctx, x.me, account.NewAPIKey{Name: "mine", Scopes: []string{"read"}})
	must(t, err)
	x.client, x.clientSecret, err = f.CreateClient(ctx, x.me, account.NewClient{Name: "mine"})
	must(t, err)
	must(t, f.db.InsertWebhook(ctx, &db.Webhook{ID: asset.NewID(), OrganizationID: x.webhooks, URL: "https://example.net/", Active: true}))
	inserted, err := f.db.InsertExternalIdentity(ctx, &db.ExternalIdentity{Issuer: "https://issuer.example", Subject: "them", UserID: x.me.UserID})
	must(t, err)
	want(t, "linked", inserted, true)

	f.register("accomplice@example.com")
	_, err = f.VerifyEmail(ctx, token(t, server, "accomplice@example.com", toVerify, 1))
	must(t, err)
	home := f.login("accomplice@example.com").AccessToken
	friend, err := f.bearer(home)
	must(t, err)
	_, err = f.Invite(ctx, x.me, x.me.OrganizationID, "accomplice@example.com", "admin")
	must(t, err)
	_, err = f.AcceptInvitation(ctx, friend, token(t, server, "accomplice@example.com", "You are invited to an organization", 1))
	must(t, err)
	x.accomplice, err = f.Authenticate(ctx, account.Credentials{Bearer: home, OrganizationID: x.me.OrganizationID.String()})
	must(t, err)
	_, x.theirs, err = f.CreateAPIKey(ctx, x.accomplice, account.NewAPIKey{Name: "theirs", Scopes: []string{"read"}})
	must(t, err)
	_, err = f.Invite(ctx, x.me, x.me.OrganizationID, "second@example.com", "admin")
	must(t, err)
	x.invited = token(t, server, "second@example.com", "You are invited to an organization", 1)
	return x
}

// left tells which ways in still work, and whether a code is asked for at a login.
func (f *fixture) left(x prepared, password string) string {
	f.t.Helper()
	ctx := f.t.Context()
	var all []string
	still := func(what string, err error) {
		if err == nil {
			all = append(all, what)
		}
	}
	_, err := f.Authenticate(ctx, account.Credentials{APIKey: x.key})
	still("key", err)
	_, err = f.Authenticate(ctx, account.Credentials{APIKey: x.theirs})
	still("accomplice's key", err)
	_, err = f.AuthenticateClient(ctx, x.client.ID.String(), x.clientSecret)
	still("client", err)
	hooks, err := f.db.ActiveWebhooks(ctx, x.webhooks)
	must(f.t, err)
	if len(hooks) > 0 {
		all = append(all, "webhook")
	}
	role, err := f.db.RoleOf(ctx, x.me.OrganizationID, x.accomplice.UserID)
	must(f.t, err)
	if role != "" {
		all = append(all, "accomplice")
	}
	_, n, err := f.Invitations(ctx, x.me, db.Page{Number: 1, Size: 10})
	must(f.t, err)
	if n > 0 {
		all = append(all, "invitation")
	}
	who, err := f.db.ExternalIdentity(ctx, "https://issuer.example", "them")
	must(f.t, err)
	if who != nil {
		all = append(all, "identity")
	}
	u, err := f.db.UserByID(ctx, x.me.UserID)
	must(f.t, err)
	if _, err = f.Login(ctx, account.SignIn{Email: u.Email, Password: password}); asset.Is(err, asset.SecondFactorRequired) {
		all = append(all, "second factor")
	}
	return strings.Join(all, ", ")
}

// Who registers somebody else's address and waits has nothing in the account once its
// owner came by a reset; an address that was verified before keeps everything.
func TestResetTakesAccountBack(t *testing.T) {
	const everything = "key, accomplice's key, client, webhook, accomplice, invitation, identity, second factor"
	for _, verified := range []bool{false, true} {
		f := setup(t)
		server, _ := f.deliver(mailtest.Options{})
		x := f.prepare(server, "victim@example.com")
		want(t, "before", f.left(x, password), everything)
		if verified {
			_, err := f.VerifyEmail(t.Context(), token(t, server, "victim@example.com", toVerify, 1))
			must(t, err)
		}
		must(t, f.ForgotPassword(t.Context(), "victim@example.com"))
		must(t, f.ResetPassword(t.Context(), token(t, server, "victim@example.com", toReset, 1), another))
		if verified {
			want(t, "verified before", f.left(x, another), everything)
			continue
		}
		want(t, "after", f.left(x, another), "")
		server.Wait(t, "victim@example.com", "Your account is yours", 1)
		f.register("second@example.com")
		_, err := f.VerifyEmail(t.Context(), token(t, server, "second@example.com", toVerify, 1))
		must(t, err)
		guest, err := f.bearer(f.login("second@example.com").AccessToken)
		must(t, err)
		_, err = f.AcceptInvitation(t.Context(), guest, x.invited)
		wantCode(t, "the invitation", err, asset.NotFound)
		tokens, err := f.Login(t.Context(), account.SignIn{Email: "victim@example.com", Password: another})
		must(t, err)
		p, err := f.bearer(tokens.AccessToken)
		must(t, err)
		want(t, "the owner's role", p.Role, account.RoleOwner)
		must(t, f.ForgotPassword(t.Context(), "victim@example.com"))
		f.secondFactorBy(p, another)
		must(t, f.ResetPassword(t.Context(), token(t, server, "victim@example.com", toReset, 2), password))
		_, err = f.Login(t.Context(), account.SignIn{Email: "victim@example.com", Password: password})
		wantCode(t, "the owner's own second factor after another reset", err, asset.SecondFactorRequired)
	}
}
