package db

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// MarkProcessing says that Certify has begun. It is allowed from pending and,
// when a run is repeated, from processing; else as CompleteAsset answers.
func (q Queries) MarkProcessing(ctx context.Context, id asset.ID) error {
	return q.move(ctx, id, asset.Processing, func(up *bun.UpdateQuery) *bun.UpdateQuery { return up })
}

// CompleteAsset writes what Certify found: the picture's MIMEType, Width and
// Height, the CIDs, WatermarkHash and DerivedFrom of a, and the evidence, and
// makes the asset completed. It is one transaction's worth of writes: call it on
// a Tx together with the jobs that follow. The answer is ASSET_NOT_FOUND when
// the asset was deleted meanwhile, and CONFLICT when it is completed or failed
// already (an earlier run got there).
func (q Queries) CompleteAsset(ctx context.Context, a *asset.Asset, e Evidence) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		row := rowOf(a)
		err := q.move(ctx, a.ID, asset.Completed, func(up *bun.UpdateQuery) *bun.UpdateQuery {
			return up.Set("mime_type = ?", row.MIMEType).Set("width = ?", row.Width).Set("height = ?", row.Height).
				Set("cid = ?", row.CID).Set("ipfs_cid = ?", row.IPFSCID).Set("watermarked_cid = ?", row.WatermarkedCID).
				Set("watermark_hash = ?", row.WatermarkHash).Set("derived_from = ?", row.DerivedFrom).
				Set("processing_error = ''")
		})
		if err != nil {
			return err
		}
		if err := q.deleteEvidence(ctx, a.ID); err != nil {
			return err
		}
		return q.insertEvidence(ctx, a.ID, e)
	})
}

// FailAsset gives an asset up, with a reason that is safe to show. Its bytes may
// then be uploaded again. The answers are those of CompleteAsset.
func (q Queries) FailAsset(ctx context.Context, id asset.ID, reason string) error {
	return q.move(ctx, id, asset.Failed, func(up *bun.UpdateQuery) *bun.UpdateQuery {
		return up.Set("processing_error = ?", text(reason))
	})
}

// move changes the status of an asset that is neither completed, failed nor
// deleted.
func (q Queries) move(ctx context.Context, id asset.ID, to asset.Status, also func(*bun.UpdateQuery) *bun.UpdateQuery) error {
	up := q.w.NewUpdate().Model((*assetRow)(nil)).
		Set("processing_status = ?", string(to)).Set("updated_at = ?", q.now()).
		Where("id = ? AND deleted_at IS NULL AND processing_status IN ('pending', 'processing')", id)
	n, err := affected(also(up).Exec(ctx))
	if err != nil || n > 0 {
		return err
	}
	a, err := q.AssetByID(ctx, id)
	if err != nil {
		return err
	}
	return asset.Errorf(asset.Conflict, nil, "the asset is %s already", a.Status)
}
