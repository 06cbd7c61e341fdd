package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func oauthClient(t *testing.T, d *db.DB, org asset.ID) *db.OAuthClient {
	t.Helper()
	o, err := d.OrganizationByID(t.Context(), org)
	must(t, err)
	c := &db.OAuthClient{ID: asset.NewID(), OrganizationID: org, CreatedBy: &o.OwnerID, Name: "Newsroom\x00", Kind: "confidential",
		RedirectURIs: db.Strings{"https://client.example/"}, Scopes: db.Strings{"read", "write"}}
	must(t, d.InsertOAuthClient(t.Context(), c))
	return c
}

func TestOAuthClientRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		_, other := organization(t, d, "other")
		client := oauthClient(t, d, org)
		_, err := d.OAuthClientByID(t.Context(), other, client.ID)
		wantCode(t, "another organization's", err, asset.NotFound)
		_, err = d.FindOAuthClient(t.Context(), asset.NewID())
		wantCode(t, "no such client", err, asset.NotFound)
		client.Name, client.Scopes, client.RedirectURIs = "Desk", db.Strings{"verify"}, nil
		must(t, d.UpdateOAuthClient(t.Context(), client))
		got, err := d.OAuthClientByID(t.Context(), org, client.ID)
		must(t, err)
		want(t, "updated", words(got.Name, got.Scopes, len(got.RedirectURIs), got.Kind), "Desk [verify] 0 confidential")
		all, total, err := d.OAuthClients(t.Context(), org, db.Page{Number: 1, Size: 10})
		must(t, err)
		want(t, "listed", words(len(all), total), "1 1")

		now := time.Now()
		works := func(hash string) bool {
			t.Helper()
			by, role, err := d.OAuthSecret(t.Context(), client.ID, hash)
			must(t, err)
			if role != "" && (role != "owner" || *by != *client.CreatedBy) {
				t.Errorf("made by %v, %s", by, role)
			}
			return role != ""
		}
		must(t, d.RotateOAuthSecret(t.Context(), client.ID, "one", client.CreatedBy, now))
		must(t, d.RotateOAuthSecret(t.Context(), client.ID, "two", client.CreatedBy, now.Add(time.Hour)))
		must(t, d.RotateOAuthSecret(t.Context(), client.ID, "three", client.CreatedBy, now.Add(2*time.Hour)))
		want(t, "with overlap", words(works("one"), works("two"), works("three"), works("four")), "true true true false")
		must(t, d.RotateOAuthSecret(t.Context(), client.ID, "four", client.CreatedBy, now.Add(-time.Second)))
		want(t, "without", words(works("one"), works("two"), works("three"), works("four")), "false false false true")

		live, err := d.LiveOAuthClient(t.Context(), client.ID)
		must(t, err)
		want(t, "live", live != nil, true)
		must(t, d.DeleteOAuthClient(t.Context(), client.ID))
		live, err = d.LiveOAuthClient(t.Context(), client.ID)
		must(t, err)
		want(t, "deleted", live == nil && !works("four"), true)
	})
}

func TestOAuthGrantRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		client := oauthClient(t, d, org)
		now := time.Now().UTC()
		g := &db.OAuthGrant{ID: asset.NewID(), ClientID: client.ID, UserID: user, OrganizationID: org, Scopes: db.Strings{"read"},
			CodeHash: "code", CodeExpiresAt: now.Add(time.Minute), CodeChallenge: "challenge", RedirectURI: "https://client.example/",
			Nonce: "n", AuthTime: now, Methods: db.Strings{"pwd"}, ExpiresAt: now.Add(time.Hour), EndsAt: now.Add(2 * time.Hour)}
		must(t, d.InsertOAuthGrant(t.Context(), g))
		grants := func() int {
			t.Helper()
			all, err := d.LiveOAuthGrants(t.Context(), user, client.ID)
			must(t, err)
			return len(all)
		}
		want(t, "before the code was used", grants(), 0)
		must(t, d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			got, err := tx.OAuthGrantByCode(ctx, "code")
			must(t, err)
			want(t, "by code", words(got.ID == g.ID, got.CodeUsedAt == nil, got.Methods), "true true [pwd]")
			return tx.UseOAuthCode(ctx, g.ID, "first")
		}))
		want(t, "after", grants(), 1)
		none, err := d.OAuthGrantByCode(t.Context(), "another")
		must(t, err)
		want(t, "no such code", none == nil, true)
		first, got, err := d.OAuthGrantByRefreshToken(t.Context(), "first")
		must(t, err)
		want(t, "first", words(first.Generation, got.Generation, got.CurrentHash, got.CodeUsedAt != nil), "0 0 first true")
		next := &db.OAuthRefreshToken{Hash: "next", GrantID: g.ID, Generation: 1}
		must(t, d.InsertOAuthRefreshToken(t.Context(), next))
		must(t, d.AdvanceOAuthGrant(t.Context(), next, now.Add(90*time.Minute)))
		_, got, err = d.OAuthGrantByRefreshToken(t.Context(), "next")
		must(t, err)
		want(t, "advanced", words(got.Generation, got.CurrentHash), "1 next")
		newest, err := d.NewestOAuthRefreshToken(t.Context(), g.ID, 1)
		must(t, err)
		second, err := d.NewestOAuthRefreshToken(t.Context(), g.ID, 2)
		must(t, err)
		want(t, "the newest of its generation", words(newest.Hash, newest.CreatedAt.Equal(next.CreatedAt), second.Hash), "next true")
		missing, _, err := d.OAuthGrantByRefreshToken(t.Context(), "nothing")
		must(t, err)
		want(t, "no such token", missing == nil, true)

		token := &db.OAuthToken{ID: asset.NewID(), ClientID: client.ID, GrantID: &g.ID, OrganizationID: org, UserID: &user,
			Scopes: db.Strings{"read"}, ExpiresAt: now.Add(time.Hour)}
		must(t, d.InsertOAuthToken(t.Context(), token))
		alone := &db.OAuthToken{ID: asset.NewID(), ClientID: client.ID, OrganizationID: org, CreatedBy: &user, Scopes: db.Strings{"read"}, ExpiresAt: now.Add(time.Hour)}
		must(t, d.InsertOAuthToken(t.Context(), alone))
		live := func(id asset.ID) bool {
			t.Helper()
			state, err := d.LiveOAuthToken(t.Context(), id)
			must(t, err)
			return state != nil
		}
		state, err := d.LiveOAuthToken(t.Context(), token.ID)
		must(t, err)
		want(t, "worth", words(state.Role, state.ClientScopes, state.Scopes, *state.GrantID == g.ID), "owner [read write] [read] true")
		state, err = d.LiveOAuthToken(t.Context(), alone.ID)
		must(t, err)
		want(t, "alone", state.Role == "" && state.UserID == nil && state.Works(), true)
		must(t, d.RevokeOAuthGrant(t.Context(), g.ID))
		must(t, d.RevokeOAuthGrant(t.Context(), g.ID))
		want(t, "grant revoked", words(live(token.ID), live(alone.ID), grants()), "false true 0")
		must(t, d.RevokeOAuthToken(t.Context(), alone.ID))
		want(t, "token revoked", live(alone.ID), false)
		kept, err := d.OAuthTokenByID(t.Context(), alone.ID)
		must(t, err)
		want(t, "kept", kept.RevokedAt != nil, true)
		kept, err = d.OAuthTokenByID(t.Context(), asset.NewID())
		must(t, err)
		want(t, "no such token", kept == nil, true)
	})
}

// A client, its secrets and its tokens live as long as who answers for them is a
// member and not suspended; each for itself.
func TestOAuthMakers(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		owner, org := organization(t, d, "acme")
		admin, _ := organization(t, d, "admin")
		must(t, d.PutMembership(t.Context(), org, admin, "admin"))
		client := oauthClient(t, d, org)
		later := time.Now().Add(time.Hour)
		must(t, d.RotateOAuthSecret(t.Context(), client.ID, "first", &owner, later))
		must(t, d.RotateOAuthSecret(t.Context(), client.ID, "second", &admin, later))
		tokens := map[string]asset.ID{}
		for name, by := range map[string]*asset.ID{"first": &owner, "second": &admin, "nobody's": nil} {
			tokens[name] = asset.NewID()
			must(t, d.InsertOAuthToken(t.Context(), &db.OAuthToken{ID: tokens[name], ClientID: client.ID, OrganizationID: org, CreatedBy: by,
				Scopes: db.Strings{"read"}, ExpiresAt: later}))
		}
		look := func() string {
			t.Helper()
			role := "none"
			live, err := d.LiveOAuthClient(t.Context(), client.ID)
			must(t, err)
			if live != nil {
				role = live.MakerRole
			}
			all := []any{role}
			for _, name := range []string{"first", "second", "nobody's"} {
				_, role, err := d.OAuthSecret(t.Context(), client.ID, name)
				must(t, err)
				state, err := d.LiveOAuthToken(t.Context(), tokens[name])
				must(t, err)
				if state != nil && (state.MakerRole != live.MakerRole || state.SecretRole != role) {
					t.Errorf("%s: %s, %s", name, state.MakerRole, state.SecretRole)
				}
				all = append(all, role, state != nil)
			}
			return words(all...)
		}
		want(t, "both there", look(), "admin owner true admin true  false")
		must(t, d.PutMembership(t.Context(), org, admin, "viewer"))
		want(t, "its maker demoted", look(), "viewer owner true viewer true  false")
		must(t, d.DeleteMembership(t.Context(), org, admin))
		want(t, "its maker removed", look(), "none owner false  false  false")
		client.CreatedBy = &owner
		must(t, d.UpdateOAuthClient(t.Context(), client))
		want(t, "the owner answers for it", look(), "owner owner true  false  false")
		must(t, d.RevokeMadeBy(t.Context(), owner))
		want(t, "the owner's account was taken back", look(), "none  false  false  false")

		count := func() int {
			t.Helper()
			n, err := d.CountOAuthClients(t.Context(), org)
			must(t, err)
			return n
		}
		oauthClient(t, d, org)
		want(t, "clients", count(), 2)
		must(t, d.RevokeOpenings(t.Context(), org, owner))
		want(t, "clients of an organization that was taken back", count(), 0)
	})
}

func TestOAuthConsentRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		guest, _ := organization(t, d, "guest")
		client := oauthClient(t, d, org)
		now := time.Now().UTC()
		grant := func(user asset.ID, code string, codeEnds, ends time.Time) *db.OAuthGrant {
			t.Helper()
			g := &db.OAuthGrant{ID: asset.NewID(), ClientID: client.ID, UserID: user, OrganizationID: org, Scopes: db.Strings{"read", code},
				CodeHash: code, CodeExpiresAt: codeEnds, AuthTime: now, ExpiresAt: ends, EndsAt: ends.Add(time.Hour)}
			must(t, d.InsertOAuthGrant(t.Context(), g))
			return g
		}
		list := func(user asset.ID, size int) ([]db.OAuthConsent, int) {
			t.Helper()
			all, total, err := d.OAuthConsents(t.Context(), user, db.Page{Number: 1, Size: size})
			must(t, err)
			return all, total
		}
		all, total := list(user, 10)
		want(t, "none", words(len(all), total), "0 0")
		used := grant(user, "used", now, now.Add(time.Hour))
		must(t, d.UseOAuthCode(t.Context(), used.ID, "first"))
		must(t, d.InsertOAuthRefreshToken(t.Context(), &db.OAuthRefreshToken{Hash: "second", GrantID: used.ID, Generation: 1, CreatedAt: now.Add(time.Minute)}))
		over := grant(user, "over", now, now.Add(-time.Second))
		must(t, d.UseOAuthCode(t.Context(), over.ID, ""))
		never := grant(user, "never exchanged", now.Add(-time.Second), now.Add(time.Hour))
		waits := grant(user, "waits", now.Add(time.Minute), now.Add(time.Hour))
		theirs := grant(guest, "theirs", now.Add(time.Minute), now.Add(time.Hour))
		all, total = list(user, 10)
		want(t, "listed", words(len(all), total, all[0].ID == waits.ID, all[1].ID == used.ID), "2 2 true true")
		want(t, "as", words(all[1].ClientName, all[1].Organization, all[1].Scopes, all[0].LastUsedAt == nil), "Newsroom acme [read used] true")
		want(t, "last used", all[1].LastUsedAt.Sub(now).Round(time.Second), time.Minute)
		all, total = list(user, 1)
		want(t, "a page", words(len(all), total), "1 2")
		for _, g := range []*db.OAuthGrant{over, never, theirs} {
			_, err := d.WithdrawOAuthConsent(t.Context(), user, g.ID)
			wantCode(t, g.CodeHash, err, asset.NotFound)
		}
		g, err := d.WithdrawOAuthConsent(t.Context(), user, used.ID)
		must(t, err)
		want(t, "withdrawn", words(g.ID == used.ID, g.RevokedAt != nil), "true true")
		_, err = d.WithdrawOAuthConsent(t.Context(), user, used.ID)
		wantCode(t, "again", err, asset.NotFound)
		_, total = list(user, 10)
		_, others := list(guest, 10)
		want(t, "left", words(total, others), "1 1")
	})
}

func TestOAuthForgetting(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		client := oauthClient(t, d, org)
		now := time.Now().UTC()
		login := func(hash string, ends time.Time) {
			t.Helper()
			must(t, d.InsertOAuthLogin(t.Context(), &db.OAuthLogin{Hash: hash, UserID: user, Methods: db.Strings{"pwd"}, ExpiresAt: ends}))
		}
		there := func(hash string) bool {
			t.Helper()
			l, err := d.LiveOAuthLogin(t.Context(), hash)
			must(t, err)
			return l != nil
		}
		login("live", now.Add(time.Hour))
		login("over", now.Add(-time.Second))
		login("left", now.Add(time.Hour))
		must(t, d.DeleteOAuthLogin(t.Context(), "left"))
		want(t, "logins", words(there("live"), there("over"), there("left")), "true false false")
		must(t, d.InsertOAuthToken(t.Context(), &db.OAuthToken{ID: asset.NewID(), ClientID: client.ID, OrganizationID: org, ExpiresAt: now.Add(-time.Second)}))
		must(t, d.InsertOAuthToken(t.Context(), &db.OAuthToken{ID: asset.NewID(), ClientID: client.ID, OrganizationID: org, ExpiresAt: now.Add(time.Hour)}))
		for i, ends := range []time.Time{now.Add(-time.Minute), now.Add(-48 * time.Hour), now.Add(time.Hour)} {
			must(t, d.InsertOAuthGrant(t.Context(), &db.OAuthGrant{ID: asset.NewID(), ClientID: client.ID, UserID: user, OrganizationID: org,
				CodeHash: words(i), CodeExpiresAt: ends, AuthTime: ends, ExpiresAt: ends, EndsAt: ends}))
		}
		n, err := d.DeleteOAuth(t.Context(), now.Add(-24*time.Hour))
		must(t, err)
		want(t, "forgotten", n, 3) // a token, a grant, a login
		want(t, "still logged in", there("live"), true)
	})
}

func TestExternalIdentityRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		guest, _ := organization(t, d, "guest")
		i := &db.ExternalIdentity{Issuer: "https://login.example", Subject: "s\x00", UserID: user, Email: "a@example.com"}
		first, err := d.InsertExternalIdentity(t.Context(), i)
		must(t, err)
		again, err := d.InsertExternalIdentity(t.Context(), &db.ExternalIdentity{Issuer: i.Issuer, Subject: i.Subject, UserID: guest})
		must(t, err)
		got, err := d.ExternalIdentity(t.Context(), "https://login.example", "s")
		must(t, err)
		want(t, "linked once", words(first, again, got.UserID == user, got.Email), "true false true a@example.com")
		got, err = d.ExternalIdentity(t.Context(), "https://other.example", "s")
		must(t, err)
		want(t, "another issuer's", got == nil, true)

		member := func(user asset.ID) string {
			t.Helper()
			live, there, err := d.LiveMember(t.Context(), user, org)
			must(t, err)
			return words(live, there.Role, there.Suspended, there.Deleted, there.Works())
		}
		want(t, "owner", member(user), "true owner false false true")
		want(t, "stranger", member(guest), "true  false false false")
		want(t, "nobody", member(asset.NewID()), "false  false false false")
		o, err := d.OrganizationByID(t.Context(), org)
		must(t, err)
		now := time.Now().UTC()
		o.SuspendedAt = &now
		must(t, d.UpdateOrganization(t.Context(), o))
		want(t, "suspended", member(user), "true owner true false false")
		o.SuspendedAt, o.DeletedAt = nil, &now
		must(t, d.UpdateOrganization(t.Context(), o))
		want(t, "deleted", member(user), "true owner false true false")
	})
}
