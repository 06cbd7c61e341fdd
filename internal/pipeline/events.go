package pipeline

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Announcer hands events on. It works inside the transaction of what the event
// announces, so that neither is ever there without the other.
type Announcer interface {
	Announce(ctx context.Context, tx *db.Tx, e asset.Event) error
}

func (p *Pipeline) announce(ctx context.Context, tx *db.Tx, e asset.Event) error {
	if p.announcer == nil {
		return nil
	}
	e.At = p.now().UTC()
	return p.announcer.Announce(ctx, tx, e)
}

func processed(n named) asset.Event {
	return asset.Event{Name: "asset.processed", OrganizationID: n.OrganizationID,
		Data: map[string]any{"asset_id": n.ID, "status": asset.Completed, "cid": n.CID}}
}

func failed(a asset.Asset, reason string) asset.Event {
	return asset.Event{Name: "asset.failed", OrganizationID: a.OrganizationID,
		Data: map[string]any{"asset_id": a.ID, "status": asset.Failed, "error": reason}}
}

func deleted(a asset.Asset) asset.Event {
	return asset.Event{Name: "asset.deleted", OrganizationID: a.OrganizationID,
		Data: map[string]any{"asset_id": a.ID}}
}

func finalized(c asset.Commitment) asset.Event {
	return asset.Event{Name: "commitment.finalized", OrganizationID: c.OrgID,
		Data: map[string]any{"commitment_id": c.ID, "asset_id": c.AssetID, "tx_hash": c.TxHash, "status": c.Status}}
}
