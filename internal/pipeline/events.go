package pipeline

import (
	"context"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Event is something that happened to an organization's asset, as webhooks
// tell it.
type Event struct {
	Name           string // asset.processed, asset.failed, asset.deleted, commitment.finalized
	OrganizationID asset.ID
	At             time.Time
	Data           map[string]any
}

// Announcer hands events on. It works inside the transaction of what the event
// announces, so that neither is ever there without the other.
type Announcer interface {
	Announce(ctx context.Context, tx *db.Tx, e Event) error
}

func (p *Pipeline) announce(ctx context.Context, tx *db.Tx, e Event) error {
	if p.announcer == nil {
		return nil
	}
	e.At = p.now().UTC()
	return p.announcer.Announce(ctx, tx, e)
}

func processed(n named) Event {
	return Event{Name: "asset.processed", OrganizationID: n.OrganizationID,
		Data: map[string]any{"asset_id": n.ID, "status": asset.Completed, "cid": n.CID}}
}

func failed(a asset.Asset, reason string) Event {
	return Event{Name: "asset.failed", OrganizationID: a.OrganizationID,
		Data: map[string]any{"asset_id": a.ID, "status": asset.Failed, "error": reason}}
}

func deleted(a asset.Asset) Event {
	return Event{Name: "asset.deleted", OrganizationID: a.OrganizationID,
		Data: map[string]any{"asset_id": a.ID}}
}

func finalized(c asset.Commitment) Event {
	return Event{Name: "commitment.finalized", OrganizationID: c.OrgID,
		Data: map[string]any{"commitment_id": c.ID, "asset_id": c.AssetID, "tx_hash": c.TxHash, "status": c.Status}}
}
