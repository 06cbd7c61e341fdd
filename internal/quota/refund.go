package quota

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Announcer hands events on; see pipeline.Announcer.
type Announcer interface {
	Announce(ctx context.Context, tx *db.Tx, e asset.Event) error
}

// Refund gives an upload back when its processing failed, in the transaction in
// which the asset fails, whoever waits for it or not; then it hands the event on.
type Refund struct{ Next Announcer }

// Announce implements Announcer.
func (r Refund) Announce(ctx context.Context, tx *db.Tx, e asset.Event) error {
	if id, ok := e.Data["asset_id"].(asset.ID); ok && e.Name == "asset.failed" {
		a, err := tx.AssetByID(ctx, id)
		if err != nil {
			return err
		}
		if err := tx.Uncount(ctx, uploadCounter(a.OrganizationID), month(a.CreatedAt), 1); err != nil {
			return err
		}
	}
	return r.Next.Announce(ctx, tx, e)
}
