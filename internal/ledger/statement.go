// Package ledger makes an asset's record public and undeniable: a signed
// statement, an append-only Merkle log that holds it, and the proofs that anybody
// can check without asking us.
//
// A Statement is canonical DAG-CBOR; its SHA-256 is the commitment hash; the
// organization's Ed25519 key signs it; the log takes it byte for byte as a leaf.
// The log is C2SP tlog-tiles (https://c2sp.org/tlog-tiles) with checkpoints in
// C2SP tlog-checkpoint form, kept by transparency-dev/tessera in a folder. The
// package knows no SQL: rows are the caller's.
package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/cid"
)

// KindStatement is the statement's type field: what it is, and its version.
const KindStatement = "certana/statement/1"

// Statement is what an organization says of an asset, once and for ever. Hashes
// are SHA-256.
type Statement struct {
	AssetID        asset.ID
	OrganizationID asset.ID
	KeyID          string    // of the organization's key that signs it
	RegisteredAt   time.Time // kept to the millisecond
	ContentHash    [32]byte  // of the uploaded bytes
	WatermarkHash  [32]byte  // of the watermarked rendition's bytes
	MetadataDigest [32]byte  // salted
	CID            cid.CID   // the provenance record
}

// BuildStatement writes the statement: the same value always gives the same
// bytes. It fails on a field that is not set.
func BuildStatement(s Statement) ([]byte, error) {
	ms := s.RegisteredAt.UnixMilli()
	if s.AssetID == uuid.Nil || s.OrganizationID == uuid.Nil || s.KeyID == "" || ms <= 0 {
		return nil, fmt.Errorf("ledger: the statement of asset %s is not complete", s.AssetID)
	}
	b, err := cid.EncodeRecord(KindStatement, cid.Record{
		{Name: "asset_id", Value: s.AssetID.String()},
		{Name: "organization_id", Value: s.OrganizationID.String()},
		{Name: "key_id", Value: s.KeyID},
		{Name: "registered_at", Value: ms},
		{Name: "content_hash", Value: s.ContentHash[:]},
		{Name: "watermark_hash", Value: s.WatermarkHash[:]},
		{Name: "metadata_digest", Value: s.MetadataDigest[:]},
		{Name: "cid", Value: s.CID},
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return b, nil
}

// ParseStatement reads exactly what BuildStatement writes: any other bytes, also
// another encoding of the same value, are an error.
func ParseStatement(b []byte) (Statement, error) {
	r := cid.DecodeRecord(KindStatement, b)
	assetID, orgID := r.Text("asset_id"), r.Text("organization_id")
	s := Statement{
		KeyID:          r.Text("key_id"),
		RegisteredAt:   time.UnixMilli(r.Int("registered_at")).UTC(),
		ContentHash:    r.Hash("content_hash"),
		WatermarkHash:  r.Hash("watermark_hash"),
		MetadataDigest: r.Hash("metadata_digest"),
		CID:            r.Link("cid"),
	}
	if err := r.Done(); err != nil {
		return Statement{}, fmt.Errorf("ledger: %w", err)
	}
	var err error
	if s.AssetID, err = parseID(assetID); err != nil {
		return Statement{}, err
	}
	if s.OrganizationID, err = parseID(orgID); err != nil {
		return Statement{}, err
	}
	if s.KeyID == "" || s.RegisteredAt.UnixMilli() <= 0 {
		return Statement{}, fmt.Errorf("ledger: the statement is not complete")
	}
	return s, nil
}

// parseID takes a UUID in its one canonical spelling.
func parseID(s string) (asset.ID, error) {
	id, err := uuid.Parse(s)
	if err != nil || id.String() != s || id == uuid.Nil {
		return asset.ID{}, fmt.Errorf("ledger: %q is not a UUID in lower case", s)
	}
	return id, nil
}

// CommitmentHash is the SHA-256 of a statement.
func CommitmentHash(statement []byte) [32]byte { return sha256.Sum256(statement) }

// ParseHash reads 64 hex digits of either case.
func ParseHash(s string) (h [32]byte, err error) {
	if len(s) != 2*len(h) {
		return h, fmt.Errorf("ledger: a hash is 64 hex digits, got %d characters", len(s))
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return [32]byte{}, fmt.Errorf("ledger: a hash is 64 hex digits")
	}
	return h, nil
}
