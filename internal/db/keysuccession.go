package db

import (
	"context"
	"time"

	"github.com/certana/certana/internal/asset"
)

// SupersedeAPIKey notes a key's successor and ends the key at a time, unless it
// ends sooner. It answers false, and changes nothing, when the key has a successor
// or was revoked meanwhile: of two that do this at the same time one succeeds.
func (q Queries) SupersedeAPIKey(ctx context.Context, id, successor asset.ID, end time.Time) (bool, error) {
	n, err := affected(q.w.NewUpdate().Model((*APIKey)(nil)).Set("replaced_by = ?", successor).
		Set("expires_at = CASE WHEN expires_at < ? THEN expires_at ELSE ? END", end, end).
		Where("id = ? AND replaced_by IS NULL AND revoked_at IS NULL", id).Exec(ctx))
	return n == 1, err
}
