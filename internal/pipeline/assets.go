package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/cid"
	"github.com/certana/certana/internal/db"
)

// Wait answers with the asset once it is completed or failed, or as it stands
// after d.
func (p *Pipeline) Wait(ctx context.Context, id asset.ID, d time.Duration) (a asset.Asset, err error) {
	err = p.waiters.until(ctx, id, d, func() (bool, error) {
		found, err := p.rows.AssetByID(ctx, id)
		if err != nil {
			return false, err
		}
		a = *found
		return a.Status == asset.Completed || a.Status == asset.Failed, nil
	})
	return a, err
}

// Get answers with an asset of an organization, or ASSET_NOT_FOUND.
func (p *Pipeline) Get(ctx context.Context, orgID, id asset.ID) (asset.Asset, error) {
	a, err := p.rows.OrgAsset(ctx, orgID, id)
	if err != nil {
		return asset.Asset{}, err
	}
	return *a, nil
}

// Delete leaves a tombstone of an asset: its pictures, fingerprint and words
// go, its hashes stay in the ledger. The pictures are erased by a job of the
// same transaction.
func (p *Pipeline) Delete(ctx context.Context, orgID, id asset.ID) error {
	err := p.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := tx.OrgAsset(ctx, orgID, id)
		if err != nil {
			return err
		}
		if _, err := tx.DeleteAsset(ctx, orgID, id); err != nil {
			return err
		}
		if err := p.queue.Enqueue(ctx, tx, EraseJob{AssetID: id}, nil); err != nil {
			return err
		}
		return p.announce(ctx, tx, deleted(*a))
	})
	if err == nil {
		p.registry.Forget(id)
	}
	return err
}

// fail ends an asset that could not be processed. Its bytes may be uploaded
// again; its pictures are erased.
func (p *Pipeline) fail(ctx context.Context, id asset.ID, reason string) error {
	err := p.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := tx.AssetByID(ctx, id)
		if err != nil {
			return err
		}
		if err := tx.FailAsset(ctx, id, reason); err != nil {
			return err
		}
		if err := p.queue.Enqueue(ctx, tx, EraseJob{AssetID: id}, nil); err != nil {
			return err
		}
		return p.announce(ctx, tx, failed(*a, reason))
	})
	if err == nil {
		p.waiters.wake(id)
	}
	return err
}

// File is a rendition opened for reading.
type File struct {
	io.ReadSeekCloser
	Size    int64
	ModTime time.Time
	MIME    string
	SHA256  string // hex, of the whole
}

// Content opens a rendition of an asset. The watermarked one is there only
// once the asset is completed; before that it is CONFLICT.
func (p *Pipeline) Content(ctx context.Context, a asset.Asset, v asset.Variant) (*File, error) {
	hash := a.ContentHash
	if v == asset.Watermarked {
		if a.Status != asset.Completed {
			return nil, asset.Errorf(asset.Conflict, nil, "the watermarked rendition is not there yet: processing_status is %s", a.Status)
		}
		hash = a.WatermarkHash
	}
	r, err := p.blobs.Open(ctx, blob.AssetKey(a.ID, v))
	if err != nil {
		return nil, asset.Errorf(asset.ServiceUnavailable, err, "the picture cannot be read at the moment; try again later")
	}
	return &File{ReadSeekCloser: r, Size: r.Size(), ModTime: r.ModTime(), MIME: a.MIMEType, SHA256: hash}, nil
}

// WriteCAR exports a completed asset as a CARv1 stream: the provenance record,
// both renditions' nodes and the watermarked picture's blocks; the original's
// blocks too when withOriginal. Nodes are made anew from what is stored, and a
// CID that differs from the recorded one is an error before the first byte.
func (p *Pipeline) WriteCAR(ctx context.Context, w io.Writer, a asset.Asset, withOriginal bool) error {
	if a.Status != asset.Completed {
		return asset.Errorf(asset.Conflict, nil, "an asset is exported once it is completed; processing_status is %s", a.Status)
	}
	e, err := p.export(ctx, a)
	if err != nil {
		return err
	}
	if !withOriginal {
		e.OriginalContent = nil
	}
	return cid.WriteCAR(w, e)
}

// export rebuilds the asset's records from what is stored and checks their
// names against those on record.
func (p *Pipeline) export(ctx context.Context, a asset.Asset) (cid.Export, error) {
	original, err := p.readBlob(ctx, blob.AssetKey(a.ID, asset.Original), a.ContentHash)
	if err != nil {
		return cid.Export{}, err
	}
	rendition, err := p.readBlob(ctx, blob.AssetKey(a.ID, asset.Watermarked), a.WatermarkHash)
	if err != nil {
		return cid.Export{}, err
	}
	before, err := renditionOf(a, original)
	if err != nil {
		return cid.Export{}, err
	}
	after, err := renditionOf(a, rendition)
	if err != nil {
		return cid.Export{}, err
	}
	record, err := p.recordOf(ctx, a)
	if err != nil {
		return cid.Export{}, err
	}
	block, err := record.Block()
	if err != nil {
		return cid.Export{}, err
	}
	if got := block.CID.String(); got != a.CID {
		return cid.Export{}, fmt.Errorf("the provenance record of %s is %s, on record is %s", a.ID, got, a.CID)
	}
	return cid.Export{Provenance: record, Original: before, Watermarked: after,
		OriginalContent: bytes.NewReader(original), WatermarkedContent: bytes.NewReader(rendition)}, nil
}
