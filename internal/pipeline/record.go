package pipeline

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/cid"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/exif"
	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/ledger"
)

// complete writes everything that Certify found, and the statement of it.
func (p *Pipeline) complete(ctx context.Context, tx *db.Tx, n named, pr prints, m metadata, tracks []marked, c asset.Commitment) error {
	fields, err := json.Marshal(m.fields)
	if err != nil {
		return fmt.Errorf("keep the metadata: %w", err)
	}
	e := db.Evidence{
		Renditions: []db.Rendition{
			rendition(n.Asset, asset.Original, n.ContentHash, n.Size),
			rendition(n.Asset, asset.Watermarked, n.WatermarkHash, n.watermarkedSize),
		},
		Fingerprints: []db.Fingerprint{{Variant: asset.Watermarked, PDQ: pr.hash.String(), Quality: pr.quality}},
		Metadata:     &db.Metadata{Fields: fields, Salt: m.salt, Digest: hex.EncodeToString(m.digest[:])},
	}
	for _, t := range tracks {
		e.Tracks = append(e.Tracks, db.Track{Track: t.Track, Status: t.Status, Detected: t.Detected, PValue: t.PValue, PSNR: t.psnr, Strength: t.strength})
	}
	if err := tx.CompleteAsset(ctx, &n.Asset, e); err != nil {
		return err
	}
	return tx.InsertCommitment(ctx, &c)
}

func rendition(a asset.Asset, v asset.Variant, sha256 string, size int64) db.Rendition {
	return db.Rendition{Variant: v, BlobKey: blob.AssetKey(a.ID, v), SHA256: sha256, Size: size,
		MIMEType: a.MIMEType, Width: a.Width, Height: a.Height}
}

// recordOf rebuilds an asset's provenance record from its rows.
func (p *Pipeline) recordOf(ctx context.Context, a asset.Asset) (cid.Provenance, error) {
	before, err := cid.Parse(a.IPFSCID)
	if err != nil {
		return cid.Provenance{}, err
	}
	after, err := cid.Parse(a.WatermarkedCID)
	if err != nil {
		return cid.Provenance{}, err
	}
	rows, err := p.rows.Fingerprints(ctx, a.ID)
	if err != nil {
		return cid.Provenance{}, err
	}
	if len(rows) != 1 {
		return cid.Provenance{}, fmt.Errorf("asset %s has %d fingerprints on record, not one", a.ID, len(rows))
	}
	pr := prints{quality: rows[0].Quality}
	if pr.hash, err = fingerprint.Parse(rows[0].PDQ); err != nil {
		return cid.Provenance{}, err
	}
	row, err := p.rows.Metadata(ctx, a.ID)
	if err != nil {
		return cid.Provenance{}, err
	}
	var m metadata
	if m.digest, err = ledger.ParseHash(row.Digest); err != nil {
		return cid.Provenance{}, err
	}
	stored, err := p.rows.Tracks(ctx, a.ID)
	if err != nil {
		return cid.Provenance{}, err
	}
	var tracks []marked
	for _, t := range stored {
		tracks = append(tracks, marked{TrackEvidence: asset.TrackEvidence{Track: t.Track}, psnr: t.PSNR})
	}
	return provenance(a, before, after, pr, m, tracks), nil
}

// MetadataDigest recomputes the salted digest of an asset's metadata from the
// row, for whoever checks that the row is the one that was stated.
func MetadataDigest(row *db.Metadata) ([32]byte, error) {
	var fields exif.Fields
	if err := json.Unmarshal(row.Fields, &fields); err != nil {
		return [32]byte{}, err
	}
	return exif.Digest(fields, row.Salt), nil
}
