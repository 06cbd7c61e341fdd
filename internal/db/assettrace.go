package db

import (
	"context"

	"github.com/certana/certana/internal/asset"
)

// SetDerivedFrom notes which earlier asset an asset is a copy of.
func (q Queries) SetDerivedFrom(ctx context.Context, id, source asset.ID) error {
	_, err := q.w.NewUpdate().Model((*assetRow)(nil)).Set("derived_from = ?", source).
		Where("id = ? AND deleted_at IS NULL", id).Exec(ctx)
	return err
}
