package db

import (
	"context"

	"github.com/certana/certana/internal/asset"
)

// SetTrace notes which earlier asset an asset is a copy of, nil for none, and
// that this was looked for now.
func (q Queries) SetTrace(ctx context.Context, id asset.ID, source *asset.ID) error {
	_, err := q.w.NewUpdate().Model((*assetRow)(nil)).Set("derived_from = ?", source).Set("traced_at = ?", q.now()).
		Where("id = ? AND deleted_at IS NULL", id).Exec(ctx)
	return err
}
