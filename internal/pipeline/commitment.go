package pipeline

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/ledger"
)

// Commit asks for an asset's statement to be in the log and waits for it up to
// wait. It is idempotent: an asset has one commitment, and asking again answers
// with it. When the log refuses while it is waited for the answer is
// BLOCKCHAIN_ERROR; the statement stays enqueued.
func (p *Pipeline) Commit(ctx context.Context, r CommitRequest, wait time.Duration) (asset.Commitment, error) {
	a, err := p.rows.OrgAsset(ctx, r.OrganizationID, r.AssetID)
	if err != nil {
		return asset.Commitment{}, err
	}
	if a.Status != asset.Completed {
		return asset.Commitment{}, asset.Errorf(asset.Conflict, nil, "an asset is committed once it is completed; processing_status is %s", a.Status)
	}
	if r.WatermarkHash != nil && !strings.EqualFold(*r.WatermarkHash, a.WatermarkHash) {
		return asset.Commitment{}, asset.Invalid("this is not the asset's watermark_hash", "body", "watermark_hash")
	}
	var c *asset.Commitment
	err = p.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if c, err = tx.CommitmentByAsset(ctx, a.ID); err != nil {
			return err
		}
		if err := tx.WantCommitment(ctx, c.ID, r.Metadata); err != nil {
			return err
		}
		if c.LeafIndex != nil || c.Wanted {
			return nil // in the log, or on its way
		}
		return p.queue.Enqueue(ctx, tx, CommitJob{AssetID: a.ID}, nil)
	})
	if err != nil {
		return asset.Commitment{}, err
	}
	err = p.waiters.until(ctx, c.ID, wait, func() (bool, error) {
		c, err = p.rows.CommitmentByAsset(ctx, a.ID)
		return err == nil && c.Status == asset.CommitFinalized, err
	})
	if err != nil {
		return asset.Commitment{}, err
	}
	return *c, nil
}

// Commitment answers with a commitment and recomputes every part of it; nothing
// of Checks is read from a column. Its id is all that is needed: commitments
// are public.
func (p *Pipeline) Commitment(ctx context.Context, id asset.ID) (asset.Commitment, Checks, error) {
	c, err := p.rows.CommitmentByID(ctx, id)
	if err != nil {
		return asset.Commitment{}, Checks{}, err
	}
	checks, err := p.Check(ctx, *c)
	return *c, checks, err
}

// Check recomputes a commitment: the hash and the organization's signature over
// the statement, the checkpoint's signature, and the inclusion of the statement
// under it. What cannot be checked now is not checked; the error is for a
// failure to read the key alone.
func (p *Pipeline) Check(ctx context.Context, c asset.Commitment) (Checks, error) {
	checks := Checks{Signature: asset.Fail, Inclusion: asset.NotChecked, Checkpoint: asset.NotChecked}
	key, err := p.rows.OrgKeyByID(ctx, c.KeyID)
	if err != nil {
		return checks, fmt.Errorf("find the key of commitment %s: %w", c.ID, err)
	}
	hash := ledger.CommitmentHash(c.Statement)
	statement, perr := ledger.ParseStatement(c.Statement)
	if perr == nil && fmt.Sprintf("%x", hash) == c.Hash &&
		statement.KeyID == ledger.KeyID(key.PublicKey) && statement.AssetID == c.AssetID &&
		statement.OrganizationID == key.OrganizationID &&
		ledger.VerifySignature(key.PublicKey, c.Statement, c.Signature) == nil {
		checks.Signature = asset.Pass
	}
	if c.LeafIndex == nil {
		return checks, nil
	}
	proof, err := p.log.Prove(ctx, uint64(*c.LeafIndex))
	if err != nil {
		p.logger.Warn("the log could not be read", "commitment", c.ID, "error", err)
		return checks, nil
	}
	checks.Checkpoint, checks.Inclusion = asset.Fail, asset.NotChecked
	if cp, err := ledger.ParseCheckpoint([]byte(proof.Checkpoint), p.log.VerifierKey()); err == nil {
		checks.Checkpoint, checks.Inclusion = asset.Pass, asset.Fail
		if ledger.VerifyInclusion(cp, proof.LeafIndex, proof.Hashes, c.Statement) == nil {
			checks.Inclusion = asset.Pass
		}
	}
	return checks, nil
}
