package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// RecoveryCode works once in place of a code of the authenticator. It is known by
// its hex SHA-256.
type RecoveryCode struct {
	bun.BaseModel `bun:"table:recovery_codes,alias:rc"`

	UserID asset.ID   `bun:"user_id,pk"`
	Hash   string     `bun:"hash,pk"`
	UsedAt *time.Time `bun:"used_at"`
}

// PutRecoveryCodes replaces a user's recovery codes; none deletes them.
func (q Queries) PutRecoveryCodes(ctx context.Context, user asset.ID, hashes []string) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		if _, err := q.w.NewDelete().Model((*RecoveryCode)(nil)).Where("user_id = ?", user).Exec(ctx); err != nil {
			return err
		}
		if len(hashes) == 0 {
			return nil
		}
		rows := make([]RecoveryCode, len(hashes))
		for i, h := range hashes {
			rows[i] = RecoveryCode{UserID: user, Hash: h}
		}
		_, err := q.w.NewInsert().Model(&rows).Exec(ctx)
		return err
	})
}

// UseRecoveryCode uses a code up, and answers whether it was there to be used
// and how many are left.
func (q Queries) UseRecoveryCode(ctx context.Context, user asset.ID, hash string) (ok bool, left int, err error) {
	n, err := affected(q.w.NewUpdate().Model((*RecoveryCode)(nil)).Set("used_at = ?", q.now()).
		Where("user_id = ? AND hash = ? AND used_at IS NULL", user, hash).Exec(ctx))
	if err != nil || n == 0 {
		return false, 0, err
	}
	count, err := q.w.NewSelect().Model((*RecoveryCode)(nil)).Where("user_id = ? AND used_at IS NULL", user).Count(ctx)
	return true, int(count), err
}
