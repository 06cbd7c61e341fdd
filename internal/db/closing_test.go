package db_test

import (
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// What is of a user ends when their account is closed and goes when it is erased;
// what is of others stays.
func TestClosedUserRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		other, _ := organization(t, d, "other")
		client := oauthClient(t, d, org)
		now := time.Now().UTC().Truncate(time.Microsecond)
		for i, of := range []asset.ID{user, other} {
			must(t, d.InsertSession(t.Context(), &db.Session{ID: asset.NewID(), UserID: of, CurrentHash: words("session", i), ExpiresAt: now.Add(time.Hour)}))
			must(t, d.InsertAPIKey(t.Context(), &db.APIKey{ID: asset.NewID(), OrganizationID: org, UserID: of, Hash: words("key", i)}))
			must(t, d.InsertInvitation(t.Context(), &db.Invitation{ID: asset.NewID(), OrganizationID: org, Email: words("guest", i) + "@example.com", Role: "viewer",
				Hash: words("invitation", i), InvitedBy: of, ExpiresAt: now.Add(time.Hour)}))
			must(t, d.InsertMailToken(t.Context(), &db.MailToken{Hash: words("mail", i), UserID: of, Purpose: db.ResetPassword, Email: "x@example.com", ExpiresAt: now.Add(time.Hour)}))
			must(t, d.InsertOAuthGrant(t.Context(), &db.OAuthGrant{ID: asset.NewID(), ClientID: client.ID, UserID: of, OrganizationID: org,
				CodeHash: words("code", i), CodeExpiresAt: now.Add(time.Hour), AuthTime: now, ExpiresAt: now.Add(time.Hour), EndsAt: now.Add(time.Hour)}))
			_, err := d.InsertExternalIdentity(t.Context(), &db.ExternalIdentity{Issuer: "https://login.example", Subject: words(i), UserID: of})
			must(t, err)
			must(t, d.PutRecoveryCodes(t.Context(), of, []string{"hash"}))
		}
		left := func(i int, of asset.ID) string {
			t.Helper()
			_, sessions, err := d.LiveSessions(t.Context(), of, db.Page{Number: 1, Size: 10})
			must(t, err)
			_, grants, err := d.OAuthConsents(t.Context(), of, db.Page{Number: 1, Size: 10})
			must(t, err)
			k, _, err := d.APIKeyByHash(t.Context(), words("key", i))
			must(t, err)
			invitation, err := d.InvitationByHash(t.Context(), words("invitation", i))
			must(t, err)
			mail, err := d.LiveMailToken(t.Context(), words("mail", i), db.ResetPassword)
			must(t, err)
			identity, err := d.ExternalIdentity(t.Context(), "https://login.example", words(i))
			must(t, err)
			code, _, err := d.UseRecoveryCode(t.Context(), of, words("no such"))
			must(t, err)
			return words(sessions, grants, k != nil && k.RevokedAt == nil, invitation.RevokedAt == nil, mail != nil, identity != nil, code)
		}
		all, err := d.MembershipsOf(t.Context(), user)
		must(t, err)
		want(t, "memberships", words(len(all), all[0].OrganizationID == org, all[0].Role), "1 true owner")
		erase := now.Add(time.Hour)
		must(t, d.CloseUser(t.Context(), user, now, erase))
		want(t, "closed", left(0, user), "0 0 false false false true false")
		want(t, "another's", left(1, other), "1 1 true true true true false")
		u, err := d.UserByID(t.Context(), user)
		must(t, err)
		want(t, "row", words(u.SuspendedAt.Equal(now), u.ClosedAt.Equal(now), u.EraseAt.Equal(erase)), "true true true")

		due := func(at time.Time) int {
			t.Helper()
			ids, err := d.UsersToErase(t.Context(), at, 10)
			must(t, err)
			return len(ids)
		}
		want(t, "due", words(due(now), due(erase)), "0 1")
		must(t, d.ReopenUser(t.Context(), user))
		want(t, "due when reopened", due(erase), 0)
		done, err := d.EraseUser(t.Context(), user, erase, "gone@certana.invalid")
		must(t, err)
		want(t, "erased when reopened", done, false)

		must(t, d.CloseUser(t.Context(), user, now, erase))
		done, err = d.EraseUser(t.Context(), user, erase.Add(-time.Second), "gone@certana.invalid")
		must(t, err)
		want(t, "too early", done, false)
		for _, first := range []bool{true, false} {
			done, err := d.EraseUser(t.Context(), user, erase, "gone@certana.invalid")
			must(t, err)
			want(t, "erased", done, first)
		}
		u, err = d.UserByID(t.Context(), user)
		must(t, err)
		want(t, "what is left", words(u.Email, u.EmailKey, u.FullName+u.PasswordHash, u.EmailVerifiedAt == nil, u.ErasedAt != nil),
			"gone@certana.invalid gone@certana.invalid  true true")
		want(t, "erased", left(0, user), "0 0 false false false false false")
		want(t, "another's still", left(1, other), "1 1 true true true true false")
		must(t, d.ReopenUser(t.Context(), user))
		u, err = d.UserByID(t.Context(), user)
		must(t, err)
		want(t, "not reopened", u.SuspendedAt != nil, true)
	})
}
