package oauth_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// refresh is what the token endpoint answers to a refresh token.
func (w *world) refresh(c *oauth2.Config, token string, scope ...string) (int, map[string]any) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {c.ClientID}}
	if len(scope) > 0 {
		form.Set("scope", strings.Join(scope, " "))
	}
	return w.post("/oauth2/token", c, form)
}

// Refresh tokens of a grant go by the rules of a login's.
func TestRefreshTokens(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read", "write")
	_, other := w.client(u, account.ConfidentialClient, "read", "write")
	_, native := w.client(u, account.PublicClient, "read")
	grant := func() (access, refresh string) {
		token := w.grant(config, "john@example.com")
		return token.AccessToken, token.RefreshToken
	}
	next := func(t *testing.T, token string) string {
		t.Helper()
		status, body := w.refresh(config, token)
		if status != 200 {
			t.Fatalf("%d %v", status, body)
		}
		return body["refresh_token"].(string)
	}
	dead := func(t *testing.T, token string) {
		t.Helper()
		if status, body := w.refresh(config, token); status != 400 || body["error"] != "invalid_grant" {
			t.Errorf("%d %v", status, body)
		}
	}
	t.Run("a lost answer", func(t *testing.T) {
		_, first := grant()
		next(t, first) // never arrives
		second := next(t, first)
		third := next(t, second)
		next(t, third)
	})
	t.Run("reuse ends the grant", func(t *testing.T) {
		access, first := grant()
		second := next(t, first)
		third := next(t, second)
		dead(t, first)
		dead(t, third)
		w.dead(access)
	})
	t.Run("siblings", func(t *testing.T) {
		_, first := grant()
		one, same := next(t, first), next(t, first)
		if one != same {
			t.Error("two uses at a time have two successors")
		}
		w.later(time.Minute)
		two := next(t, first)
		three := next(t, one)
		dead(t, two)
		dead(t, three)
	})
	t.Run("another client's", func(t *testing.T) {
		access, first := grant()
		for _, thief := range []*oauth2.Config{other, native} {
			if status, body := w.refresh(thief, first); status != 400 || body["error"] != "invalid_grant" {
				t.Errorf("%d %v", status, body)
			}
		}
		w.bearer(access) // nor can it end what is not its own
		next(t, first)
	})
	t.Run("scopes only shrink", func(t *testing.T) {
		_, first := grant()
		if status, body := w.refresh(config, first, "read", "admin"); status != 400 || body["error"] != "invalid_scope" {
			t.Errorf("more scopes: %d %v", status, body)
		}
		_, body := w.refresh(config, first, "read")
		if p := w.bearer(body["access_token"].(string)); !slices.Equal(p.Scopes, []string{"read"}) || body["id_token"] != nil {
			t.Errorf("narrowed to read: %+v %v", p, body)
		}
		_, body = w.refresh(config, body["refresh_token"].(string)) // what was agreed to is still there
		if p := w.bearer(body["access_token"].(string)); !slices.Equal(p.Scopes, []string{"read", "write"}) {
			t.Errorf("%+v", p)
		}
	})
	t.Run("a hundred at once", func(t *testing.T) {
		_, first := grant()
		var wg sync.WaitGroup
		successors := make(chan string, 100)
		for range cap(successors) {
			wg.Go(func() {
				if out, err := w.RefreshGrant(t.Context(), w.live(config), first, nil); err == nil {
					successors <- out.RefreshToken
				}
			})
		}
		wg.Wait()
		close(successors)
		var all []string
		for s := range successors {
			all = append(all, s)
		}
		if len(all) != 100 {
			t.Errorf("%d answers", len(all))
		}
		if slices.Sort(all); all[0] != all[len(all)-1] {
			t.Error("several successors")
		}
		next(t, all[0])
	})
	t.Run("in the end", func(t *testing.T) {
		_, token := grant()
		for range 4 {
			w.later(25 * 24 * time.Hour)
			status, body := w.refresh(config, token)
			if w.skew.Load() > int64(90*24*time.Hour) {
				if status != 400 {
					t.Errorf("after 100 days: %d %v", status, body)
				}
				return
			}
			if status != 200 {
				t.Fatalf("%d %v", status, body)
			}
			token = body["refresh_token"].(string)
		}
	})
}

func (w *world) live(c *oauth2.Config) *account.Client {
	w.t.Helper()
	client, err := w.LiveClient(w.t.Context(), c.ClientID)
	must(w.t, err)
	return client
}

// exec changes a row as another room would.
func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	must(w.t, w.rows.Tx(w.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		if w.rows.Kind() == db.Postgres {
			query = strings.Replace(strings.Replace(query, "?", "$1", 1), "?", "$2", 1)
		}
		_, err := tx.SQL().ExecContext(ctx, query, args...)
		return err
	}))
}

// A token is worth what its user, its client and its organization are worth at
// this moment.
func TestWhatEndsAToken(t *testing.T) {
	type actors struct {
		user, owner account.Principal
		client      *account.Client
	}
	for name, test := range map[string]struct {
		end     func(w *world, a actors)
		refresh bool // the refresh token ends too
	}{
		"user suspended": {func(w *world, a actors) {
			w.exec("UPDATE users SET suspended_at = ? WHERE id = ?", w.now().UTC(), a.user.UserID)
		}, true},
		"organization suspended": {func(w *world, a actors) {
			w.exec("UPDATE organizations SET suspended_at = ? WHERE id = ?", w.now().UTC(), a.user.OrganizationID)
		}, true},
		"organization deleted": {func(w *world, a actors) {
			w.exec("UPDATE organizations SET deleted_at = ? WHERE id = ?", w.now().UTC(), a.user.OrganizationID)
		}, true},
		"client's owner suspended": {func(w *world, a actors) {
			w.exec("UPDATE organizations SET suspended_at = ? WHERE id = ?", w.now().UTC(), a.owner.OrganizationID)
		}, true},
		"client deleted": {func(w *world, a actors) { must(w.t, w.DeleteClient(w.t.Context(), a.owner, a.client.ID)) }, true},
		"password changed": {func(w *world, a actors) {
			must(w.t, w.ChangePassword(w.t.Context(), w.own("john@example.com"), password, "AnotherPassword456!"))
		}, true},
		"no member any more": {func(w *world, a actors) {
			must(w.t, w.rows.DeleteMembership(w.t.Context(), a.user.OrganizationID, a.user.UserID))
		}, true},
		"an hour": {func(w *world, _ actors) { w.later(61 * time.Minute) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := actors{user: w.user("john@example.com"), owner: w.user("mary@example.com")}
			client, config := w.client(a.owner, account.ConfidentialClient, "read")
			a.client = client
			token := w.grant(config, "john@example.com")
			w.bearer(token.AccessToken)
			test.end(w, a)
			w.dead(token.AccessToken)
			status, body := w.refresh(config, token.RefreshToken)
			if (status == 200) == test.refresh {
				t.Errorf("refresh: %d %v", status, body)
			}
		})
	}
}

// A token of an organization that was suspended or deleted is told so, as a session
// is; to other programs it is no token meanwhile, and it works again afterwards.
func TestOrganizationStopped(t *testing.T) {
	for column, why := range map[string]string{"suspended_at": "was suspended by the operator", "deleted_at": "was deleted"} {
		t.Run(column, func(t *testing.T) {
			w := newWorld(t)
			john := w.user("john@example.com")
			client, config := w.client(john, account.ConfidentialClient, "read")
			itself, err := w.ClientToken(t.Context(), client, nil)
			must(t, err)
			granted := w.grant(config, "john@example.com").AccessToken
			w.exec("UPDATE organizations SET "+column+" = ? WHERE id = ?", w.now().UTC(), john.OrganizationID)
			for name, token := range map[string]string{"of a user": granted, "of the client": itself.AccessToken} {
				_, err := w.Authenticate(t.Context(), account.Credentials{Bearer: token})
				if !asset.Is(err, asset.Forbidden) || !strings.Contains(asset.AsError(err).Detail, why) {
					t.Errorf("a token %s: %v", name, err)
				}
				if info, err := w.Introspect(t.Context(), client, token); info != nil || err != nil {
					t.Errorf("a token %s is introspected: %+v %v", name, info, err)
				}
			}
			if info, err := w.UserInfo(t.Context(), granted); !asset.Is(err, asset.Unauthorized) {
				t.Errorf("userinfo: %+v %v", info, err)
			}
			if _, err := w.Authenticate(t.Context(), account.Credentials{Bearer: granted, OrganizationID: asset.NewID().String()}); strings.Contains(
				asset.AsError(err).Detail, why) {
				t.Errorf("named for another organization: %v", err)
			}
			w.exec("UPDATE organizations SET "+column+" = NULL WHERE id = ?", john.OrganizationID)
			w.bearer(granted)
			w.bearer(itself.AccessToken)
		})
	}
}

// What a user lets one client do ends when they withdraw it; nobody else's does.
func TestConsentWithdrawn(t *testing.T) {
	w := newWorld(t)
	john, mary := w.user("john@example.com"), w.user("mary@example.com")
	_, config := w.client(mary, account.ConfidentialClient, "read")
	_, other := w.client(mary, account.ConfidentialClient, "read")
	mine, kept, theirs := w.grant(config, "john@example.com"), w.grant(other, "john@example.com"), w.grant(config, "mary@example.com")
	list := func(p account.Principal) []account.Consent {
		t.Helper()
		all, total, err := w.Consents(t.Context(), p, db.Page{Number: 1, Size: 10})
		must(t, err)
		if total != len(all) {
			t.Errorf("%d of %d", len(all), total)
		}
		return all
	}
	all := list(john)
	if len(all) != 2 || all[1].ClientID.String() != config.ClientID || all[1].ClientName != "Newsroom" || all[1].LastUsedAt == nil ||
		all[1].OrganizationID != john.OrganizationID || !slices.Contains(all[1].Scopes, "read") {
		t.Fatalf("%+v", all)
	}
	if err := w.WithdrawConsent(t.Context(), mary, all[1].ID); !asset.Is(err, asset.NotFound) {
		t.Errorf("somebody else's: %v", err)
	}
	if err := w.WithdrawConsent(t.Context(), w.bearer(mine.AccessToken), all[1].ID); !asset.Is(err, asset.Forbidden) {
		t.Errorf("by the program itself: %v", err)
	}
	w.bearer(mine.AccessToken)
	must(t, w.WithdrawConsent(t.Context(), john, all[1].ID))
	w.dead(mine.AccessToken)
	if status, body := w.refresh(config, mine.RefreshToken); status != 400 || body["error"] != "invalid_grant" {
		t.Errorf("refresh: %d %v", status, body)
	}
	if _, body := w.post("/oauth2/introspect", config, url.Values{"token": {mine.RefreshToken}}); body["active"] != false {
		t.Errorf("introspection: %v", body)
	}
	w.bearer(kept.AccessToken)
	w.bearer(theirs.AccessToken)
	if err := w.WithdrawConsent(t.Context(), john, all[1].ID); !asset.Is(err, asset.NotFound) {
		t.Errorf("again: %v", err)
	}
	if len(list(john)) != 1 || len(list(mary)) != 1 {
		t.Errorf("left: %d and %d", len(list(john)), len(list(mary)))
	}
	// The client asks again.
	b := w.browser()
	b.submit(b.open(w.request(config, oauth2.GenerateVerifier())), "email", "john@example.com", "password", password)
	if v := b.open(w.request(config, oauth2.GenerateVerifier())); !strings.Contains(v.body, "decision") {
		t.Errorf("not asked again: %d %v", v.status, v.sent)
	}
	events, _, err := w.rows.AuditEvents(t.Context(), db.AuditFilter{OrganizationID: &john.OrganizationID, Action: account.ActionConsentWithdrawn,
		Page: db.Page{Number: 1, Size: 10}})
	must(t, err)
	if len(events) != 1 || events[0].Target != config.ClientID || events[0].ActorKind != "user" {
		t.Errorf("%+v", events)
	}
}

// own is a user's principal of a login.
func (w *world) own(email string) account.Principal {
	w.t.Helper()
	tokens, err := w.Login(w.t.Context(), account.SignIn{Email: email, Password: password})
	must(w.t, err)
	return w.bearer(tokens.AccessToken)
}

// The least of what was agreed to, what the client may have and what the user's
// role allows.
func TestWhatATokenIsWorth(t *testing.T) {
	w := newWorld(t)
	john, mary := w.user("john@example.com"), w.user("mary@example.com")
	must(t, w.rows.PutMembership(t.Context(), mary.OrganizationID, john.UserID, account.RoleMember))
	client, config := w.client(mary, account.ConfidentialClient, "read", "write", "admin")
	b := w.browser()
	verifier := oauth2.GenerateVerifier()
	consent := b.submit(b.open(w.request(config, verifier)), "email", "john@example.com", "password", password)
	if !strings.Contains(consent.body, "<option") {
		t.Fatal("two organizations and no choice")
	}
	back := b.submit(consent, "decision", "allow", "organization", mary.OrganizationID.String()).sent
	token, err := config.Exchange(t.Context(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
	must(t, err)
	if scope := token.Extra("scope"); scope != "openid email profile offline_access read write" {
		t.Errorf("a member was given %v", scope)
	}
	worth := func(want ...string) {
		t.Helper()
		p, err := w.Authenticate(t.Context(), account.Credentials{Bearer: token.AccessToken, OrganizationID: mary.OrganizationID.String()})
		must(t, err)
		if !slices.Equal(p.Scopes, want) || p.OrganizationID != mary.OrganizationID {
			t.Errorf("worth %v, want %v", p.Scopes, want)
		}
	}
	worth("read", "write")
	if _, err := w.Authenticate(t.Context(), account.Credentials{Bearer: token.AccessToken, OrganizationID: john.OrganizationID.String()}); !asset.Is(err, asset.Forbidden) {
		t.Errorf("in another organization of the user's: %v", err)
	}
	must(t, w.rows.PutMembership(t.Context(), mary.OrganizationID, john.UserID, account.RoleOwner))
	worth("read", "write") // admin was not agreed to
	must(t, w.rows.PutMembership(t.Context(), mary.OrganizationID, john.UserID, account.RoleViewer))
	worth("read")
	must(t, w.rows.PutMembership(t.Context(), mary.OrganizationID, john.UserID, account.RoleMember))
	_, err = w.UpdateClient(t.Context(), mary, client.ID, account.ClientPatch{Scopes: &[]string{"write"}})
	must(t, err)
	worth("write")
}

// Tokens of one kind are no good as those of another, though one key signs all.
func TestTokensAreNotMixedUp(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read")
	token := w.grant(config, "john@example.com")
	w.dead(token.Extra("id_token").(string))
	w.dead(token.RefreshToken)
	// All that an access token says, signed as an ID token: the type alone differs.
	_, says := w.post("/oauth2/introspect", config, url.Values{"token": {token.AccessToken}})
	posing, err := w.SignIDToken(t.Context(), map[string]any{"iss": w.url, "aud": account.TokenAudience, "sub": says["sub"], "exp": says["exp"],
		"iat": says["iat"], "jti": says["jti"], "client_id": says["client_id"], "scope": says["scope"], "org": says["org"]})
	must(t, err)
	w.bearer(token.AccessToken)
	w.dead(posing)
	login, err := w.Login(t.Context(), account.SignIn{Email: "john@example.com", Password: password})
	must(t, err)
	if info, err := w.UserInfo(t.Context(), login.AccessToken); err == nil {
		t.Errorf("userinfo takes a login's token: %+v", info)
	}
	if status, body := w.post("/oauth2/introspect", config, url.Values{"token": {login.AccessToken}}); status != 200 || body["active"] != false {
		t.Errorf("a login's token is active: %d %v", status, body)
	}
	if status, _ := w.post("/oauth2/revoke", config, url.Values{"token": {login.AccessToken}}); status != 200 {
		t.Errorf("%d", status)
	}
	w.bearer(login.AccessToken)
	if _, err := w.Refresh(t.Context(), token.RefreshToken); err == nil {
		t.Error("a client's refresh token continues a login")
	}
	if status, _ := w.refresh(config, login.RefreshToken); status != 400 {
		t.Errorf("a login's refresh token continues a grant: %d", status)
	}
	client, err := w.AuthenticateClient(t.Context(), config.ClientID, config.ClientSecret)
	must(t, err)
	out, err := w.ClientToken(t.Context(), client, nil)
	must(t, err)
	if _, err := w.UserInfo(t.Context(), out.AccessToken); !asset.Is(err, asset.InsufficientScope) {
		t.Errorf("userinfo of nobody: %v", err)
	}
}

// Another process replaces the key: what was signed before works, what is signed
// after is found by those who cached the set.
func TestSigningKeyReplaced(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read")
	provider, err := oidc.NewProvider(t.Context(), w.url)
	must(t, err)
	verify := provider.Verifier(&oidc.Config{ClientID: config.ClientID, SupportedSigningAlgs: []string{oidc.ES256}})
	before := w.grant(config, "john@example.com")
	_, err = verify.Verify(t.Context(), before.Extra("id_token").(string))
	must(t, err)

	another, err := account.New(t.Context(), w.config, w.rows, w.vault, orgKeys{})
	must(t, err)
	kid, err := another.RotateSigningKey(t.Context())
	must(t, err)
	w.later(61 * time.Second) // by when every process has looked
	after := w.grant(config, "john@example.com")
	for _, token := range []*oauth2.Token{before, after} {
		w.bearer(token.AccessToken)
		_, err = verify.Verify(t.Context(), token.Extra("id_token").(string))
		must(t, err)
		if _, err := another.Authenticate(t.Context(), account.Credentials{Bearer: token.AccessToken}); err != nil {
			t.Error(err)
		}
	}
	set, err := w.JWKS(t.Context())
	must(t, err)
	if len(set.Keys) != 2 || len(set.Key(kid)) != 1 {
		t.Errorf("published: %+v", set)
	}
	w.later(3 * time.Hour)
	if set, err = w.JWKS(t.Context()); err != nil || len(set.Keys) != 1 || set.Keys[0].KeyID != kid {
		t.Errorf("after the last token: %+v %v", set, err)
	}
}

// Owners can read who registered what, who agreed to what, and what was stolen.
func TestAudit(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	client, config := w.client(u, account.ConfidentialClient, "read")
	token := w.grant(config, "john@example.com")
	_, body := w.refresh(config, token.RefreshToken)
	w.refresh(config, body["refresh_token"].(string))
	w.refresh(config, token.RefreshToken) // dead, so that somebody copied it
	_, _, err := w.RotateClientSecret(t.Context(), u, client.ID, 0)
	must(t, err)
	name := "Desk"
	_, err = w.UpdateClient(t.Context(), u, client.ID, account.ClientPatch{Name: &name})
	must(t, err)
	must(t, w.DeleteClient(t.Context(), u, client.ID))
	all, _, err := w.rows.AuditEvents(t.Context(), db.AuditFilter{OrganizationID: &u.OrganizationID, Page: db.Page{Number: 1, Size: 100}})
	must(t, err)
	events := map[string]db.AuditEvent{}
	for _, e := range all {
		events[e.Action] = e
	}
	for _, action := range []string{account.ActionClientCreated, account.ActionClientUpdated, account.ActionClientSecret, account.ActionClientRevoked,
		account.ActionConsentGiven, account.ActionGrantReused} {
		if e, ok := events[action]; !ok || e.UserID == nil || *e.UserID != u.UserID || strings.Contains(string(e.Details), "cert_") {
			t.Errorf("%s: %+v", action, e)
		}
	}
	if e := events[account.ActionConsentGiven]; e.Target != client.ID.String() || e.ActorKind != "user" || e.Address != "127.0.0.1" {
		t.Errorf("%+v", e)
	}
	if e := events[account.ActionGrantReused]; e.ActorKind != "oauth_client" || e.ActorID != client.ID.String() {
		t.Errorf("%+v", e)
	}
}

func TestSuspendedUserLogsIn(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(w.user("mary@example.com"), account.ConfidentialClient, "read")
	w.exec("UPDATE users SET suspended_at = ? WHERE id = ?", w.now().UTC(), u.UserID)
	b := w.browser()
	v := b.submit(b.open(w.request(config, oauth2.GenerateVerifier())), "email", "john@example.com", "password", password)
	if v.status != 403 || v.header.Get("Set-Cookie") != "" || !strings.Contains(v.body, "suspended") {
		t.Errorf("%d %s", v.status, v.body)
	}
}
