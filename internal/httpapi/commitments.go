package httpapi

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/pipeline"
)

// maxCommitMetadata bounds the free-form part of a commitment, in bytes of JSON.
const maxCommitMetadata = 16 << 10

// CreateCommitment asks for an asset's statement to be in the ledger.
func (s *server) CreateCommitment(ctx context.Context, r gen.CreateCommitmentRequestObject) (gen.CreateCommitmentResponseObject, error) {
	if len(r.Body.Metadata) > maxCommitMetadata {
		return nil, asset.Invalid("metadata is longer than 16 KiB", "body", "metadata")
	}
	request := pipeline.CommitRequest{OrganizationID: callerOf(ctx).OrganizationID, AssetID: r.Body.AssetID, WatermarkHash: r.Body.WatermarkHash}
	if string(r.Body.Metadata) != "null" {
		request.Metadata = r.Body.Metadata
	}
	c, err := s.Pipeline.Commit(ctx, request, s.CommitWait)
	if err != nil {
		return nil, err
	}
	return gen.CreateCommitment201JSONResponse{
		Headers: gen.CreateCommitment201ResponseHeaders{Location: "/v1/blockchain/commitment/" + c.ID.String()},
		Body: gen.Commitment{
			CommitmentID: c.ID, AssetID: c.AssetID, TxHash: orNull(c.TxHash), Signature: c.Signature, KeyID: c.KeyID,
			CommitmentHash: c.Hash, LeafIndex: c.LeafIndex, OnChainAt: inUTC(c.OnChainAt),
			ConfirmationStatus: gen.CommitmentStatus(c.Status),
		},
	}, nil
}

// GetCommitment shows a commitment to anybody, recomputed.
func (s *server) GetCommitment(ctx context.Context, r gen.GetCommitmentRequestObject) (gen.GetCommitmentResponseObject, error) {
	c, checks, err := s.Pipeline.Commitment(ctx, r.CommitmentID)
	if err != nil {
		return nil, err
	}
	key, err := s.Rows.OrgKeyByID(ctx, c.KeyID)
	if err != nil {
		return nil, err
	}
	return gen.GetCommitment200JSONResponse{
		CommitmentID: c.ID, AssetID: c.AssetID, TxHash: orNull(c.TxHash), Signature: c.Signature, KeyID: c.KeyID,
		PublicKey:      base64.StdEncoding.EncodeToString(key.PublicKey),
		CommitmentHash: c.Hash, LeafIndex: c.LeafIndex, OnChainAt: inUTC(c.OnChainAt),
		ConfirmationStatus: gen.CommitmentStatus(c.Status),
		Verified:           checks.Verified(),
		Checks: gen.CommitmentChecks{Signature: gen.Outcome(checks.Signature),
			Inclusion: gen.Outcome(checks.Inclusion), Checkpoint: gen.Outcome(checks.Checkpoint)},
	}, nil
}

func inUTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
