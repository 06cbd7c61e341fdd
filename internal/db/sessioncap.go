package db

import (
	"context"

	"github.com/certana/certana/internal/asset"
)

// RevokeUnusedSessions ends the live sessions of a user beyond a number, those first
// that were unused the longest, but never one; it tells how many.
func (q Queries) RevokeUnusedSessions(ctx context.Context, user, but asset.ID, keep int) (int, error) {
	now := q.now()
	kept := q.r.NewSelect().Model((*Session)(nil)).Column("id").
		Where("user_id = ? AND id <> ? AND revoked_at IS NULL AND expires_at > ?", user, but, now).
		OrderExpr("COALESCE(last_used_at, created_at) DESC, id DESC").Limit(int64(max(keep-1, 0)))
	return affected(q.w.NewUpdate().Model((*Session)(nil)).Set("revoked_at = ?", now).
		Where("user_id = ? AND id <> ? AND revoked_at IS NULL AND expires_at > ?", user, but, now).
		Where("id NOT IN (?)", kept).Exec(ctx))
}
