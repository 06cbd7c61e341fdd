package db_test

import (
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func TestMembers(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		owner, org := organization(t, d, "acme")
		guest, _ := organization(t, d, "guest")
		role := func(what, as string) {
			t.Helper()
			got, err := d.RoleOf(t.Context(), org, guest)
			must(t, err)
			want(t, what, got, as)
		}
		role("a stranger", "")
		must(t, d.PutMembership(t.Context(), org, guest, "viewer"))
		role("invited", "viewer")
		must(t, d.PutMembership(t.Context(), org, guest, "admin"))
		role("promoted", "admin")
		must(t, d.DeleteMembership(t.Context(), org, guest))
		must(t, d.DeleteMembership(t.Context(), org, guest))
		role("removed", "")

		o, err := d.OrganizationBySlug(t.Context(), "acme")
		must(t, err)
		want(t, "by slug", o.ID, org)
		_, err = d.OrganizationBySlug(t.Context(), "nothing\x00")
		wantCode(t, "no such slug", err, asset.NotFound)
		all, err := d.Organizations(t.Context())
		must(t, err)
		want(t, "all", words(len(all), all[0].Slug), "2 acme")

		must(t, d.SetPasswordHash(t.Context(), owner, "hash"))
		u, err := d.UserByID(t.Context(), owner)
		must(t, err)
		want(t, "hash", u.PasswordHash, "hash")
		_, err = d.UserByID(t.Context(), asset.NewID())
		wantCode(t, "no such user", err, asset.NotFound)
	})
}

func TestAPIKeyRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		owner, org := organization(t, d, "acme")
		guest, elsewhere := organization(t, d, "guest")
		must(t, d.PutMembership(t.Context(), org, guest, "member"))
		insert := func(user asset.ID, hash string) *db.APIKey {
			t.Helper()
			k := &db.APIKey{ID: asset.NewID(), OrganizationID: org, UserID: user, Name: hash + "\x00", Masked: "m",
				Hash: hash, Scopes: db.Strings{"read", "it's"}}
			must(t, d.InsertAPIKey(t.Context(), k))
			return k
		}
		first, second := insert(owner, "h1"), insert(guest, "h2")
		k, there, err := d.APIKeyByHash(t.Context(), "h2")
		must(t, err)
		want(t, "found", words(k.ID, k.Scopes, k.Name, there.Role, k.LastUsedAt, k.CreatedAt), words(second.ID, "[read it's]", "h2", "member", nil, second.CreatedAt))
		must(t, d.DeleteMembership(t.Context(), org, guest))
		k, there, err = d.APIKeyByHash(t.Context(), "h2")
		must(t, err)
		want(t, "after its creator left", words(k.ID, there.Role), words(second.ID, ""))
		if k, _, err := d.APIKeyByHash(t.Context(), "h3"); k != nil || err != nil {
			t.Errorf("no such key: %v %v", k, err)
		}

		must(t, d.TouchAPIKey(t.Context(), first.ID))
		live, err := d.CountLiveAPIKeys(t.Context(), org)
		must(t, err)
		must(t, d.RevokeAPIKey(t.Context(), first.ID))
		left, err := d.CountLiveAPIKeys(t.Context(), org)
		must(t, err)
		want(t, "live before and after", words(live, left), "2 1")
		k, err = d.APIKeyByID(t.Context(), org, first.ID)
		must(t, err)
		if k.LastUsedAt == nil || k.RevokedAt == nil || k.Active(time.Now()) {
			t.Errorf("used and revoked: %+v", k)
		}
		revoked := *k.RevokedAt
		must(t, d.RevokeAPIKey(t.Context(), first.ID))
		k, _, err = d.APIKeyByHash(t.Context(), "h1")
		must(t, err)
		want(t, "revoked again", k.RevokedAt.UTC(), revoked.UTC())
		_, err = d.APIKeyByID(t.Context(), elsewhere, first.ID)
		wantCode(t, "another organization's", err, asset.NotFound)

		all, total, err := d.APIKeys(t.Context(), org, nil, firstPage)
		must(t, err)
		want(t, "all, newest first", words(total, all[0].ID, all[1].ID), words(2, second.ID, first.ID))
		all, total, err = d.APIKeys(t.Context(), org, &owner, firstPage)
		must(t, err)
		want(t, "one creator's", words(total, all[0].ID), words(1, first.ID))
	})
}

func TestKeySuccession(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		end := time.Date(2024, 1, 1, 12, 0, 0, 500000000, time.UTC)
		sooner := end.Add(-time.Hour)
		for i, expires := range []*time.Time{nil, &sooner, new(end.Add(time.Hour))} {
			k := &db.APIKey{ID: asset.NewID(), OrganizationID: org, UserID: user, Hash: words(i), ExpiresAt: expires}
			must(t, d.InsertAPIKey(t.Context(), k))
			next := asset.NewID()
			ok, err := d.SupersedeAPIKey(t.Context(), k.ID, next, end)
			must(t, err)
			want(t, "superseded", ok, true)
			ok, err = d.SupersedeAPIKey(t.Context(), k.ID, asset.NewID(), end)
			must(t, err)
			want(t, "superseded again", ok, false)
			got, err := d.APIKeyByID(t.Context(), org, k.ID)
			must(t, err)
			want(t, "ends", words(got.ExpiresAt.UTC(), *got.ReplacedBy), words([]time.Time{end, sooner, end}[i], next))
		}
		k := &db.APIKey{ID: asset.NewID(), OrganizationID: org, UserID: user, Hash: "revoked"}
		must(t, d.InsertAPIKey(t.Context(), k))
		must(t, d.RevokeAPIKey(t.Context(), k.ID))
		ok, err := d.SupersedeAPIKey(t.Context(), k.ID, asset.NewID(), end)
		must(t, err)
		want(t, "a revoked one", ok, false)
	})
}

func TestSigningAndOrgKeys(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		for i, id := range []string{"one", "two"} {
			at := at.Add(time.Duration(i) * time.Hour)
			must(t, d.InsertSigningKey(t.Context(), &db.SigningKey{KID: id, PublicKey: []byte{0, 255}, SealedPrivate: []byte(id), CreatedAt: at}))
			must(t, d.InsertOrgKey(t.Context(), &db.OrgKey{ID: id, OrganizationID: org, PublicKey: []byte(id), SealedPrivate: []byte(id), CreatedAt: at}))
		}
		must(t, d.RetireSigningKeys(t.Context(), "two"))
		all, err := d.SigningKeys(t.Context())
		must(t, err)
		want(t, "signing keys, newest first", words(len(all), all[0].KID, all[0].RetiredAt == nil, all[1].KID, all[1].RetiredAt == nil), "2 two true one false")
		want(t, "bytes", words(all[0].PublicKey), "[0 255]")

		k, err := d.ActiveOrgKey(t.Context(), org)
		must(t, err)
		want(t, "active", k.ID, "two")
		_, err = d.ActiveOrgKey(t.Context(), asset.NewID())
		wantCode(t, "no key", err, asset.NotFound)
		k, err = d.OrgKeyByID(t.Context(), "one")
		must(t, err)
		want(t, "by id", string(k.SealedPrivate), "one")
		keys, err := d.OrgKeys(t.Context(), org)
		must(t, err)
		want(t, "oldest first", words(len(keys), keys[0].ID), "2 one")
	})
}

func TestRefreshFamily(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, _ := organization(t, d, "acme")
		until := time.Now().Add(time.Hour)
		s := &db.Session{ID: asset.NewID(), UserID: user, CurrentHash: "first", ExpiresAt: until}
		must(t, d.InsertSession(t.Context(), s))
		next := &db.RefreshToken{Hash: "next", SessionID: s.ID, Generation: 1}
		must(t, d.InsertRefreshToken(t.Context(), next))
		until = until.Add(time.Hour).UTC().Truncate(time.Microsecond)
		must(t, d.AdvanceSession(t.Context(), next, until))
		token, session, err := d.RefreshTokenByHash(t.Context(), "first")
		must(t, err)
		newest, err := d.NewestRefreshToken(t.Context(), s.ID, 1)
		must(t, err)
		none, err := d.NewestRefreshToken(t.Context(), s.ID, 2)
		must(t, err)
		want(t, "the newest of its generation", words(newest.Hash, newest.CreatedAt.Equal(next.CreatedAt), none.Hash), "next true")
		want(t, "the session of the first token", words(token.Generation, session.Generation, session.CurrentHash, session.ExpiresAt.UTC()),
			words(0, 1, "next", until))
	})
}
