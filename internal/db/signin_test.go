package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// race runs a function many times at once and answers how often it was true.
func race(t *testing.T, n int, f func(i int) (bool, error)) int {
	t.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			ok, err := f(i)
			if err != nil {
				t.Error(err)
			}
			if ok {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	return int(won.Load())
}

func TestMailTokens(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, _ := organization(t, d, "acme")
		later := time.Now().Add(time.Hour)
		put := func(hash, purpose string, expires time.Time) {
			must(t, d.InsertMailToken(t.Context(), &db.MailToken{Hash: hash, UserID: user, Purpose: purpose, Email: "a@example.com", ExpiresAt: expires}))
		}
		live := func(hash string, purposes ...string) bool {
			found, err := d.LiveMailToken(t.Context(), hash, purposes...)
			must(t, err)
			return found != nil
		}
		put("first", db.ResetPassword, later)
		put("other purpose", db.VerifyEmail, later)
		put("second", db.ResetPassword, later)
		put("expired", db.ChangeEmail, time.Now().Add(-time.Hour))
		want(t, "one that was followed by another", live("first", db.ResetPassword), false)
		want(t, "the last one", live("second", db.VerifyEmail, db.ResetPassword), true)
		want(t, "one of another purpose", live("other purpose", db.ResetPassword, db.ChangeEmail), false)
		want(t, "one that expired", live("expired", db.ChangeEmail), false)
		want(t, "none", live("none", db.ResetPassword), false)
		want(t, "uses at once", race(t, 20, func(int) (bool, error) { return d.UseMailToken(t.Context(), "second") }), 1)
		want(t, "a used one", live("second", db.ResetPassword), false)
		used, err := d.UseMailToken(t.Context(), "expired")
		must(t, err)
		want(t, "using an expired one", used, false)
		must(t, d.EndMailTokens(t.Context(), user, db.ResetPassword, db.VerifyEmail))
		want(t, "an ended one", live("other purpose", db.VerifyEmail), false)
		n, err := d.DeleteMailTokens(t.Context(), time.Now())
		must(t, err)
		want(t, "forgotten", n, 1)
	})
}

func TestRecoveryCodes(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, _ := organization(t, d, "acme")
		other, _ := organization(t, d, "other")
		must(t, d.PutRecoveryCodes(t.Context(), user, []string{"a", "b", "c"}))
		must(t, d.PutRecoveryCodes(t.Context(), user, []string{"c", "d"}))
		for _, use := range []struct {
			user asset.ID
			hash string
			ok   bool
			left int
		}{{user, "a", false, 0}, {other, "c", false, 0}, {user, "c", true, 1}, {user, "c", false, 0}} {
			ok, left, err := d.UseRecoveryCode(t.Context(), use.user, use.hash)
			must(t, err)
			want(t, use.hash, words(ok, left), words(use.ok, use.left))
		}
		want(t, "uses at once", race(t, 20, func(int) (bool, error) {
			ok, _, err := d.UseRecoveryCode(t.Context(), user, "d")
			return ok, err
		}), 1)
	})
}

func TestSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, _ := organization(t, d, "acme")
		must(t, d.SetTOTP(t.Context(), user, []byte("sealed")))
		u, err := d.LockUser(t.Context(), user)
		must(t, err)
		want(t, "before it is confirmed", words(string(u.TOTPSealed), u.TOTPConfirmedAt == nil, u.TOTPStep), "sealed true 0")
		must(t, d.ConfirmTOTP(t.Context(), user))
		want(t, "one step at once", race(t, 20, func(int) (bool, error) { return d.UseTOTPStep(t.Context(), user, 7) }), 1)
		for _, step := range []struct {
			step int64
			ok   bool
		}{{6, false}, {7, false}, {9, true}, {8, false}} {
			ok, err := d.UseTOTPStep(t.Context(), user, step.step)
			must(t, err)
			want(t, fmt.Sprint("step ", step.step), ok, step.ok)
		}
		must(t, d.PutRecoveryCodes(t.Context(), user, []string{"a"}))
		must(t, d.ClearTOTP(t.Context(), user))
		u, err = d.UserByID(t.Context(), user)
		must(t, err)
		want(t, "after its end", words(u.TOTPSealed == nil, u.TOTPConfirmedAt == nil, u.TOTPStep), "true true 0")
		ok, _, err := d.UseRecoveryCode(t.Context(), user, "a")
		must(t, err)
		want(t, "a recovery code after the end", ok, false)
	})
}

func TestPasswordAndAddress(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, _ := organization(t, d, "acme")
		organization(t, d, "other")
		must(t, d.SetPasswordHash(t.Context(), user, "first"))
		must(t, d.RenewPasswordHash(t.Context(), user, "never", "wrong"))
		must(t, d.RenewPasswordHash(t.Context(), user, "first", "renewed"))
		must(t, d.SetFullName(t.Context(), user, "New\x00 Name"))
		u, err := d.UserByID(t.Context(), user)
		must(t, err)
		want(t, "user", words(u.PasswordHash, u.PasswordChangedAt != nil, u.FullName), "renewed true New Name")

		must(t, d.SetVerifiedEmail(t.Context(), user, "New@Example.com"))
		wantCode(t, "another's address", d.SetVerifiedEmail(t.Context(), user, "OTHER@example.com"), asset.Conflict)
		must(t, d.SetVerifiedEmail(t.Context(), user, "new@example.com")) // one's own
		u, err = d.UserByEmail(t.Context(), "NEW@example.com")
		must(t, err)
		want(t, "found by the new address", words(u.ID, u.EmailVerifiedAt != nil), words(user, true))
		_, err = d.LockUser(t.Context(), asset.NewID())
		wantCode(t, "nobody", err, asset.NotFound)
	})
}

// Of several users who become one address at once one does, and the others are
// told so.
func TestAddressIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		var users []asset.ID
		for i := range 10 {
			user, _ := organization(t, d, fmt.Sprint("org", i))
			users = append(users, user)
		}
		want(t, "got it", race(t, len(users), func(i int) (bool, error) {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				return tx.SetVerifiedEmail(ctx, users[i], "wanted@example.com")
			})
			if asset.Is(err, asset.Conflict) {
				return false, nil
			}
			return err == nil, err
		}), 1)
	})
}

// A user who is locked is changed by nobody else until the transaction ends.
func TestLockUser(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, _ := organization(t, d, "acme")
		must(t, d.SetFullName(t.Context(), user, "0"))
		race(t, 20, func(int) (bool, error) {
			return true, d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				u, err := tx.LockUser(ctx, user)
				if err != nil {
					return err
				}
				return tx.SetFullName(ctx, user, u.FullName+"+")
			})
		})
		u, err := d.UserByID(t.Context(), user)
		must(t, err)
		want(t, "changes that were kept", len(u.FullName), 21)
	})
}

func TestLiveSessions(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		other, _ := organization(t, d, "other")
		at := time.Now().UTC().Truncate(time.Microsecond)
		put := func(of asset.ID, hash string, age, left time.Duration) asset.ID {
			ends := at.Add(24 * time.Hour)
			s := &db.Session{ID: asset.NewID(), UserID: of, CurrentHash: hash, CreatedAt: at.Add(-age), ExpiresAt: at.Add(left),
				EndsAt: &ends, LastUsedAt: &at, UserAgent: "curl\x00", Address: "192.0.2.1"}
			must(t, d.InsertSession(t.Context(), s))
			return s.ID
		}
		first := put(user, "1", 3*time.Hour, time.Hour)
		second := put(user, "2", 2*time.Hour, time.Hour)
		put(user, "3", time.Hour, -time.Minute)
		theirs := put(other, "4", time.Hour, time.Hour)
		list := func() (ids []asset.ID) {
			all, total, err := d.LiveSessions(t.Context(), user, firstPage)
			must(t, err)
			want(t, "total", total, len(all))
			for _, s := range all {
				ids = append(ids, s.ID)
			}
			return ids
		}
		want(t, "newest first, what expired not", words(list()), words([]asset.ID{second, first}))
		all, _, err := d.LiveSessions(t.Context(), user, firstPage)
		must(t, err)
		want(t, "as kept", words(all[0].UserAgent, all[0].Address, all[0].LastUsedAt.Equal(at), all[0].EndsAt.Equal(at.Add(24*time.Hour))), "curl 192.0.2.1 true true")

		wantCode(t, "another's", d.RevokeSessionOf(t.Context(), user, theirs), asset.NotFound)
		must(t, d.RevokeSessionOf(t.Context(), user, second))
		wantCode(t, "one that ended", d.RevokeSessionOf(t.Context(), user, second), asset.NotFound)
		want(t, "left", words(list()), words([]asset.ID{first}))
		must(t, d.EndLogins(t.Context(), user))
		want(t, "none left", len(list()), 0)
		live, _, err := d.SessionRole(t.Context(), theirs, other, org)
		must(t, err)
		want(t, "another's is live", live, true)
	})
}

// A transaction that fails leaves a token as it was.
func TestMailTokenIsUsedWithItsTransaction(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, _ := organization(t, d, "acme")
		must(t, d.InsertMailToken(t.Context(), &db.MailToken{Hash: "x", UserID: user, Purpose: db.ResetPassword, Email: "a", ExpiresAt: time.Now().Add(time.Hour)}))
		failed := errors.New("the rest failed")
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.UseMailToken(ctx, "x"); err != nil {
				return err
			}
			return failed
		})
		want(t, "error", err, failed)
		found, err := d.LiveMailToken(t.Context(), "x", db.ResetPassword)
		must(t, err)
		want(t, "still there", found != nil, true)
	})
}

// A user's logins are sessions, browsers, and what they let clients do; another's
// stay.
func TestEndLogins(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		other, _ := organization(t, d, "other")
		client := &db.OAuthClient{ID: asset.NewID(), OrganizationID: org, Name: "c", Kind: "public"}
		must(t, d.InsertOAuthClient(t.Context(), client))
		now, later := time.Now(), time.Now().Add(time.Hour)
		for name, of := range map[string]asset.ID{"mine": user, "theirs": other} {
			must(t, d.InsertOAuthGrant(t.Context(), &db.OAuthGrant{ID: asset.NewID(), ClientID: client.ID, UserID: of, OrganizationID: org,
				CodeHash: name, CodeExpiresAt: later, CodeUsedAt: &now, AuthTime: now, ExpiresAt: later, EndsAt: later}))
			must(t, d.InsertOAuthLogin(t.Context(), &db.OAuthLogin{Hash: name, UserID: of, ExpiresAt: later}))
		}
		must(t, d.EndLogins(t.Context(), user))
		for name, of := range map[string]asset.ID{"mine": user, "theirs": other} {
			grants, err := d.LiveOAuthGrants(t.Context(), of, client.ID)
			must(t, err)
			browser, err := d.LiveOAuthLogin(t.Context(), name)
			must(t, err)
			want(t, name, words(len(grants) == 1, browser != nil), words(name == "theirs", name == "theirs"))
		}
	})
}

func TestRevokeUnusedSessions(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, _ := organization(t, d, "acme")
		begun := time.Now().UTC().Add(-time.Hour)
		var all []asset.ID
		for i := range 4 {
			s := &db.Session{ID: asset.NewID(), UserID: user, CurrentHash: string(rune('a' + i)),
				CreatedAt: begun.Add(time.Duration(i) * time.Minute), ExpiresAt: begun.Add(24 * time.Hour)}
			must(t, d.InsertSession(t.Context(), s))
			all = append(all, s.ID)
		}
		n, err := d.RevokeUnusedSessions(t.Context(), user, all[0], 2)
		must(t, err)
		want(t, "ended", n, 2)
		left, total, err := d.LiveSessions(t.Context(), user, firstPage)
		must(t, err)
		want(t, "left: the newest, and the one that is kept", words(total, left[0].ID, left[1].ID), words(2, all[3], all[0]))
	})
}
