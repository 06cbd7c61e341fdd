package pipeline

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/cid"
	"github.com/certana/certana/internal/exif"
	"github.com/certana/certana/internal/ledger"
)

// metadata is what a file says of itself, with a salt that keeps its digest
// from being guessed. Without tracking there are no fields, and the digest
// covers the salt alone.
type metadata struct {
	fields exif.Fields
	salt   []byte // 16 bytes
	digest [32]byte
}

func (p *Pipeline) metadata(a asset.Asset, original []byte) (metadata, error) {
	m := metadata{salt: make([]byte, 16)}
	if _, err := rand.Read(m.salt); err != nil {
		return metadata{}, err
	}
	if a.Options.MetadataTracking {
		fields, err := exif.Read(original)
		if err != nil {
			// Metadata that cannot be read is no reason to refuse a picture
			// that can: it is carried across byte for byte all the same.
			p.logger.Warn("the metadata could not be read", "asset", a.ID, "error", err)
		}
		m.fields = fields
	}
	m.digest = exif.Digest(m.fields, m.salt)
	return m, nil
}

// state builds the organization's signed statement of the asset: the bytes
// that the ledger will hold.
func (p *Pipeline) state(ctx context.Context, n named, m metadata) (asset.Commitment, error) {
	key, err := p.keys.Current(ctx, n.OrganizationID)
	if err != nil {
		return asset.Commitment{}, err
	}
	record, err := cid.Parse(n.CID)
	if err != nil {
		return asset.Commitment{}, err
	}
	content, err := ledger.ParseHash(n.ContentHash)
	if err != nil {
		return asset.Commitment{}, err
	}
	marked, err := ledger.ParseHash(n.WatermarkHash)
	if err != nil {
		return asset.Commitment{}, err
	}
	statement, err := ledger.BuildStatement(ledger.Statement{
		AssetID: n.ID, OrganizationID: n.OrganizationID, KeyID: key.ID(), RegisteredAt: n.registeredAt,
		ContentHash: content, WatermarkHash: marked, MetadataDigest: m.digest, CID: record,
	})
	if err != nil {
		return asset.Commitment{}, fmt.Errorf("state asset %s: %w", n.ID, err)
	}
	hash := ledger.CommitmentHash(statement)
	return asset.Commitment{
		ID: asset.NewID(), AssetID: n.ID, OrgID: n.OrganizationID,
		Statement: statement, Hash: hex.EncodeToString(hash[:]),
		Signature: key.Sign(statement), KeyID: key.ID(),
		Wanted: n.Options.BlockchainCommit, Status: asset.CommitPending,
		CreatedAt: p.now().UTC(),
	}, nil
}
