package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// What a mail token is for.
const (
	VerifyEmail   = "verify_email"
	ChangeEmail   = "change_email"
	ResetPassword = "reset_password"
)

// MailToken was sent to an address to prove that its owner reads there. It is
// known by its hex SHA-256.
type MailToken struct {
	bun.BaseModel `bun:"table:mail_tokens,alias:mt"`

	Hash      string     `bun:"hash,pk"`
	UserID    asset.ID   `bun:"user_id"`
	Purpose   string     `bun:"purpose"`
	Email     string     `bun:"email"` // where it was sent
	CreatedAt time.Time  `bun:"created_at"`
	ExpiresAt time.Time  `bun:"expires_at"`
	UsedAt    *time.Time `bun:"used_at"` // or when another took its place
}

// InsertMailToken adds a token and ends the earlier ones of the same user and
// purpose, in one transaction.
func (q Queries) InsertMailToken(ctx context.Context, t *MailToken) error {
	t.Email = text(t.Email)
	q.stamp(&t.CreatedAt)
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		if err := q.EndMailTokens(ctx, t.UserID, t.Purpose); err != nil {
			return err
		}
		_, err := q.w.NewInsert().Model(t).Exec(ctx)
		return err
	})
}

// LiveMailToken finds a token that was not used and did not expire; nil when it
// is none of the purposes, too.
func (q Queries) LiveMailToken(ctx context.Context, hash string, purposes ...string) (*MailToken, error) {
	var all []MailToken
	err := q.r.NewSelect().Model(&all).
		Where("hash = ? AND used_at IS NULL AND expires_at > ? AND purpose IN (?)", hash, q.now(), bun.List(purposes)).Scan(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// UseMailToken uses a token up, and answers whether it was there to be used: of
// several that use one at a time, one does.
func (q Queries) UseMailToken(ctx context.Context, hash string) (bool, error) {
	n, err := affected(q.w.NewUpdate().Model((*MailToken)(nil)).Set("used_at = ?", q.now()).
		Where("hash = ? AND used_at IS NULL AND expires_at > ?", hash, q.now()).Exec(ctx))
	return n == 1, err
}

// EndMailTokens ends a user's tokens of the purposes.
func (q Queries) EndMailTokens(ctx context.Context, user asset.ID, purposes ...string) error {
	_, err := q.w.NewUpdate().Model((*MailToken)(nil)).Set("used_at = ?", q.now()).
		Where("user_id = ? AND used_at IS NULL AND purpose IN (?)", user, bun.List(purposes)).Exec(ctx)
	return err
}

// DeleteMailTokens forgets the tokens that expired before a time.
func (q Queries) DeleteMailTokens(ctx context.Context, before time.Time) (int, error) {
	return affected(q.w.NewDelete().Model((*MailToken)(nil)).Where("expires_at < ?", before.UTC()).Exec(ctx))
}
