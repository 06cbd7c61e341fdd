package db

import (
	"context"
	"time"

	"github.com/certana/certana/internal/asset"
)

// MembershipsOf lists the organizations of which a user is a member, by id, which
// is the order in which several are locked.
func (q Queries) MembershipsOf(ctx context.Context, user asset.ID) ([]Membership, error) {
	var all []Membership
	err := q.r.NewSelect().Model(&all).Where("user_id = ?", user).Order("organization_id").Scan(ctx)
	return all, err
}

// CloseUser suspends a user at a time, to be erased at another, and ends now all
// that their logins opened, the keys that they made, their invitations that wait,
// and the tokens of messages.
func (q Queries) CloseUser(ctx context.Context, id asset.ID, at, erase time.Time) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		if err := q.EndLogins(ctx, id); err != nil {
			return err
		}
		for _, ended := range []struct {
			model any
			of    string
		}{{(*APIKey)(nil), "user_id = ? AND revoked_at IS NULL"}, {(*Invitation)(nil), "invited_by = ? AND revoked_at IS NULL AND accepted_at IS NULL"}} {
			if _, err := q.w.NewUpdate().Model(ended.model).Set("revoked_at = ?", at.UTC()).Where(ended.of, id).Exec(ctx); err != nil {
				return err
			}
		}
		if _, err := q.w.NewDelete().Model((*MailToken)(nil)).Where("user_id = ?", id).Exec(ctx); err != nil {
			return err
		}
		_, err := q.w.NewUpdate().Model((*User)(nil)).Set("suspended_at = ?", at.UTC()).Set("closed_at = ?", at.UTC()).
			Set("erase_at = ?", erase.UTC()).Where("id = ?", id).Exec(ctx)
		return err
	})
}

// ReopenUser undoes what CloseUser did to the user's row; what it ended stays ended.
func (q Queries) ReopenUser(ctx context.Context, id asset.ID) error {
	_, err := q.w.NewUpdate().Model((*User)(nil)).Set("suspended_at = NULL").Set("closed_at = NULL").Set("erase_at = NULL").
		Where("id = ? AND erased_at IS NULL", id).Exec(ctx)
	return err
}

// UsersToErase lists up to limit users whose account was closed and whose grace is
// over, the longest due first.
func (q Queries) UsersToErase(ctx context.Context, now time.Time, limit int) ([]asset.ID, error) {
	var all []asset.ID
	err := q.r.NewSelect().Model((*User)(nil)).Column("id").Where("erase_at IS NOT NULL AND erased_at IS NULL AND erase_at <= ?", now.UTC()).
		Order("erase_at", "id").Limit(int64(limit)).Scan(ctx, &all)
	return all, err
}

// EraseUser takes all that says who a user was out of their row, and frees the
// address; the row stays, because the audit log and what the user made name it. What
// only they had goes: second factor, recovery codes, sessions, identities at other
// issuers, invitations to their address. It changes nothing, and answers false, where
// there is nothing to erase at a time.
func (q Queries) EraseUser(ctx context.Context, id asset.ID, now time.Time, email string) (done bool, err error) {
	err = q.atomically(ctx, func(ctx context.Context, q Queries) error {
		u, err := q.LockUser(ctx, id)
		if err != nil || u.ErasedAt != nil || u.EraseAt == nil || now.Before(*u.EraseAt) { // taken back meanwhile
			return err
		}
		done = true
		if err := q.ClearTOTP(ctx, id); err != nil {
			return err
		}
		if _, err := q.w.NewDelete().Model((*Invitation)(nil)).Where("email_key = ?", u.EmailKey).Exec(ctx); err != nil {
			return err
		}
		for _, model := range []any{(*MailToken)(nil), (*Session)(nil), (*OAuthLogin)(nil), (*OAuthToken)(nil), (*OAuthGrant)(nil), (*ExternalIdentity)(nil)} {
			if _, err := q.w.NewDelete().Model(model).Where("user_id = ?", id).Exec(ctx); err != nil {
				return err
			}
		}
		_, err = q.w.NewUpdate().Model((*User)(nil)).Set("email = ?", email).Set("email_key = ?", email).Set("full_name = ''").
			Set("password_hash = ''").Set("email_verified_at = NULL").Set("erased_at = ?", q.now()).Where("id = ?", id).Exec(ctx)
		return err
	})
	return done, err
}
