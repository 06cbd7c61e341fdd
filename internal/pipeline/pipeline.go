package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/ledger"
)

// START HERE. A picture walks the corridor from the top of this file to its
// bottom:
//
//	Accept   blob put original; tx{asset row, job Certify}
//	Certify  decode → mark → encode → names → fingerprints → blobs put
//	         → tx{evidence, completed, statement, jobs Trace, Commit; event}
//	Trace    is it a copy of an earlier asset? → tx{derived_from}
//	Append   statement → log → tx{leaf index, finalized; event}
//	Erase    blobs of a deleted or failed asset go
//
// Each tx is durable, and a job is enqueued in the transaction of what calls
// for it. Every stage may run twice: a stage begins by asking whether its
// transaction is in already, everything that it writes before that has the
// same key each time, and recovery is that stage run again, never another path.

// Accept takes a spooled file in. It answers with the row as it stands, state
// pending; the picture is on disk and the job that certifies it is enqueued.
// Refusals (INVALID_FILE_TYPE, FILE_TOO_LARGE, CONFLICT, VALIDATION_ERROR)
// leave nothing behind. The caller closes the spooled file.
func (p *Pipeline) Accept(ctx context.Context, u Upload) (asset.Asset, error) {
	a, err := p.admit(ctx, u)
	if err != nil {
		return asset.Asset{}, err
	}

	// From here to the transaction a crash would leave a picture that no row
	// knows. The claim is a marker file; the next start finds it and erases.
	claim, err := p.claim(a.ID)
	if err != nil {
		return asset.Asset{}, err
	}
	defer claim.release()
	if err := p.putFile(ctx, blob.AssetKey(a.ID, asset.Original), u.File.Path, a.MIMEType); err != nil {
		claim.undo(ctx)
		return asset.Asset{}, asset.Errorf(asset.ServiceUnavailable, err, "the picture could not be stored; try again later")
	}

	err = p.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := p.insert(ctx, tx, &a); err != nil {
			return err
		}
		return p.queue.Enqueue(ctx, tx, CertifyJob{AssetID: a.ID}, nil)
	})
	if err != nil {
		claim.undo(ctx)
		return asset.Asset{}, err
	}
	return a, nil
}

// Certify makes the watermarked rendition and everything that is said of the
// asset from then on. Two runs of it make two renditions of the same pixels
// and put them under one key; only the first transaction counts.
func (p *Pipeline) Certify(ctx context.Context, id asset.ID) error {
	row, err := p.rows.AssetByID(ctx, id)
	if asset.Is(err, asset.AssetNotFound) {
		return p.eraseBlobs(ctx, id) // deleted meanwhile; an earlier run may have put more since
	}
	if err == nil && (row.Status == asset.Completed || row.Status == asset.Failed) {
		return nil // an earlier run got through
	}
	if err != nil {
		return err
	}
	a := *row
	if err := p.rows.MarkProcessing(ctx, a.ID); err != nil {
		return err
	}

	original, err := p.readBlob(ctx, blob.AssetKey(a.ID, asset.Original), a.ContentHash)
	if err != nil {
		return err
	}
	rendition, tracks, prints, err := p.render(ctx, a, original)
	if err != nil {
		return err
	}
	metadata, err := p.metadata(a, original)
	if err != nil {
		return err
	}
	named, err := name(a, original, rendition, prints, metadata, tracks)
	if err != nil {
		return err
	}
	statement, err := p.state(ctx, named, metadata)
	if err != nil {
		return err
	}

	if err := p.putBytes(ctx, blob.AssetKey(a.ID, asset.Watermarked), rendition, a.MIMEType); err != nil {
		return err
	}
	if err := p.putBytes(ctx, blob.AssetKey(a.ID, asset.Features), prints.features, "application/octet-stream"); err != nil {
		return err
	}
	err = p.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := p.complete(ctx, tx, named, prints, metadata, tracks, statement); err != nil {
			return err
		}
		if err := p.queue.Enqueue(ctx, tx, TraceJob{AssetID: a.ID}, nil); err != nil {
			return err
		}
		if a.Options.BlockchainCommit {
			if err := p.queue.Enqueue(ctx, tx, CommitJob{AssetID: a.ID}, nil); err != nil {
				return err
			}
		}
		return p.announce(ctx, tx, processed(named))
	})
	switch {
	case asset.Is(err, asset.Conflict):
		return nil // another run got through first, with the same pictures
	case asset.Is(err, asset.AssetNotFound):
		return p.eraseBlobs(ctx, a.ID) // deleted while we worked
	case err != nil:
		return err
	}
	p.waiters.wake(a.ID)
	return nil
}

// Trace asks whether the upload is a copy of an asset that another organization
// registered before: by a watermark in the original, or by its fingerprint.
// The answer stands beside the asset and not in its statement, for it may
// change when an earlier claimant withdraws.
func (p *Pipeline) Trace(ctx context.Context, id asset.ID) error {
	a, err := p.rows.AssetByID(ctx, id)
	if asset.Is(err, asset.AssetNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	original, err := p.readBlob(ctx, blob.AssetKey(a.ID, asset.Original), a.ContentHash)
	if err != nil {
		return err
	}
	source, err := p.earlier(ctx, *a, original)
	if err != nil {
		return err
	}
	return p.rows.SetTrace(ctx, a.ID, source)
}

// Append puts the asset's statement into the log, byte for byte as Certify
// built it. The log answers only when a published checkpoint covers the leaf,
// so what the transaction records is final; and it makes one leaf of the same
// bytes however often it is asked, so a run that died between the two does no harm.
func (p *Pipeline) Append(ctx context.Context, id asset.ID) error {
	c, err := p.rows.CommitmentByAsset(ctx, id)
	if err != nil {
		return err
	}
	if c.LeafIndex != nil {
		return nil
	}
	index, err := p.log.Append(ctx, c.Statement)
	if errors.Is(err, ledger.ErrLocked) {
		return err // another process is the one that appends: no failure
	}
	if err != nil {
		p.waiters.fail(c.ID, asset.Errorf(asset.BlockchainError, err, "the ledger did not take the commitment; it is tried again by itself"))
		return fmt.Errorf("append the statement to the log: %w", err)
	}
	leaf, at := int64(index), p.now().UTC()
	c.LeafIndex, c.OnChainAt, c.Status = &leaf, &at, asset.CommitFinalized
	c.TxHash = ledger.TxHash(ledger.LeafHash(c.Statement))
	err = p.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.UpdateCommitment(ctx, c); err != nil {
			return err
		}
		return p.announce(ctx, tx, finalized(*c))
	})
	if err != nil {
		return err
	}
	p.waiters.wake(c.ID)
	return nil
}

// erase removes the pictures of an asset that is no more. The tombstone was
// written in the transaction that enqueued this.
func (p *Pipeline) erase(ctx context.Context, id asset.ID) error {
	return p.eraseBlobs(ctx, id)
}
