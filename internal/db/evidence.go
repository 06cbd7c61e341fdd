package db

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// Rendition is a picture at rest.
type Rendition struct {
	bun.BaseModel `bun:"table:renditions,alias:r"`

	AssetID  asset.ID      `bun:"asset_id,pk"`
	Variant  asset.Variant `bun:"variant,pk"`
	BlobKey  string        `bun:"blob_key"`
	SHA256   string        `bun:"sha256"` // hex
	Size     int64         `bun:"size"`
	MIMEType string        `bun:"mime_type"`
	Width    int           `bun:"width"`
	Height   int           `bun:"height"`
}

// Fingerprint is the perceptual hash of a rendition. Seq rises in the order in
// which fingerprints became visible, and is never used twice.
type Fingerprint struct {
	bun.BaseModel `bun:"table:fingerprints,alias:f"`

	Seq     int64         `bun:"seq,pk,autoincrement"`
	AssetID asset.ID      `bun:"asset_id"`
	Variant asset.Variant `bun:"variant"`
	PDQ     string        `bun:"pdq"`     // 64 hex digits
	Quality int           `bun:"quality"` // 0 to 100
}

// Metadata is what the original's EXIF, XMP and IPTC said.
type Metadata struct {
	bun.BaseModel `bun:"table:asset_metadata,alias:md"`

	AssetID asset.ID `bun:"asset_id,pk"`
	Fields  JSON     `bun:"fields"` // kept byte for byte
	Salt    []byte   `bun:"salt"`
	Digest  string   `bun:"digest"`
}

// Track is how embedding one watermark track went, as certification itself
// decoded it from the finished rendition.
type Track struct {
	bun.BaseModel `bun:"table:asset_tracks,alias:tr"`

	AssetID  asset.ID `bun:"asset_id,pk"`
	Track    string   `bun:"track,pk"` // a, b or c
	Status   string   `bun:"status"`   // detected, not_detected, unavailable, not_checked
	Detected bool     `bun:"detected"`
	PValue   float64  `bun:"p_value"`
	PSNR     float64  `bun:"psnr"`     // dB, finite; 0 when not embedded
	Strength float64  `bun:"strength"` // dB that were asked for, where reading depends on it; else 0
}

// Evidence is what Certify found out about an asset. Its rows take their AssetID
// from the asset.
type Evidence struct {
	Renditions   []Rendition
	Fingerprints []Fingerprint
	Metadata     *Metadata
	Tracks       []Track
}

// insertEvidence writes the rows of an asset that has none.
func (q Queries) insertEvidence(ctx context.Context, id asset.ID, e Evidence) error {
	for i := range e.Renditions {
		e.Renditions[i].AssetID = id
	}
	for i := range e.Tracks {
		e.Tracks[i].AssetID = id
	}
	if len(e.Renditions) > 0 {
		if _, err := q.w.NewInsert().Model(&e.Renditions).Exec(ctx); err != nil {
			return err
		}
	}
	if len(e.Tracks) > 0 {
		if _, err := q.w.NewInsert().Model(&e.Tracks).Exec(ctx); err != nil {
			return err
		}
	}
	if e.Metadata != nil {
		e.Metadata.AssetID = id
		if _, err := q.w.NewInsert().Model(e.Metadata).Exec(ctx); err != nil {
			return err
		}
	}
	return q.insertFingerprints(ctx, id, e.Fingerprints)
}

func (q Queries) insertFingerprints(ctx context.Context, id asset.ID, all []Fingerprint) error {
	if len(all) == 0 {
		return nil
	}
	if q.kind == Postgres {
		// Held until the commit: a sequence alone would let a later number become
		// visible before an earlier one, which FingerprintsSince would then miss.
		if _, err := q.w.NewRaw("SELECT pg_advisory_xact_lock(?)", int64(fingerprintLock)).Exec(ctx); err != nil {
			return err
		}
	}
	for i := range all {
		all[i].AssetID, all[i].Seq = id, 0
	}
	_, err := q.w.NewInsert().Model(&all).Exec(ctx)
	return err
}

const fingerprintLock = 0x6365727402

func (q Queries) deleteEvidence(ctx context.Context, id asset.ID) error {
	for _, model := range []any{(*Rendition)(nil), (*Fingerprint)(nil), (*Metadata)(nil), (*Track)(nil)} {
		if _, err := q.w.NewDelete().Model(model).Where("asset_id = ?", id).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Renditions lists an asset's renditions, the original first.
func (q Queries) Renditions(ctx context.Context, id asset.ID) ([]Rendition, error) {
	var all []Rendition
	err := q.r.NewSelect().Model(&all).Where("asset_id = ?", id).Order("variant").Scan(ctx)
	return all, err
}

// Rendition finds one rendition of an asset, or answers NOT_FOUND.
func (q Queries) Rendition(ctx context.Context, id asset.ID, v asset.Variant) (*Rendition, error) {
	r := new(Rendition)
	err := q.r.NewSelect().Model(r).Where("asset_id = ? AND variant = ?", id, v).Scan(ctx)
	return r, notFound(err, asset.NotFound, "the asset has no such rendition")
}

// RenditionsBySHA256 lists the renditions of all assets with these very bytes,
// the earliest registered asset first.
func (q Queries) RenditionsBySHA256(ctx context.Context, sha256 string) ([]Rendition, error) {
	var all []Rendition
	err := q.r.NewSelect().Model(&all).Join("JOIN assets AS a ON a.id = r.asset_id").
		Where("r.sha256 = ?", sha256).Order("a.number", "r.variant").Scan(ctx)
	return all, err
}

// BlobInUse reports whether any rendition or serial number has its picture under
// a blob key.
func (q Queries) BlobInUse(ctx context.Context, key string) (bool, error) {
	used, err := q.r.NewSelect().Model((*Rendition)(nil)).Where("blob_key = ?", key).Exists(ctx)
	if err != nil || used {
		return used, err
	}
	return q.r.NewSelect().Model((*Serial)(nil)).Where("image_key = ?", key).Exists(ctx)
}

// FingerprintsSince lists up to limit fingerprints with a Seq above the given
// one, rising. Read until it answers none, and again from the last Seq later: no
// fingerprint is skipped. Those of deleted assets are gone from the table; an
// index that still holds them finds no asset for them.
func (q Queries) FingerprintsSince(ctx context.Context, seq int64, limit int) ([]Fingerprint, error) {
	var all []Fingerprint
	err := q.r.NewSelect().Model(&all).Where("seq > ?", seq).Order("seq").Limit(int64(limit)).Scan(ctx)
	return all, err
}

// Fingerprints lists an asset's fingerprints.
func (q Queries) Fingerprints(ctx context.Context, id asset.ID) ([]Fingerprint, error) {
	var all []Fingerprint
	err := q.r.NewSelect().Model(&all).Where("asset_id = ?", id).Order("variant").Scan(ctx)
	return all, err
}

// Metadata finds an asset's metadata, or answers NOT_FOUND (none was tracked).
func (q Queries) Metadata(ctx context.Context, id asset.ID) (*Metadata, error) {
	m := new(Metadata)
	err := q.r.NewSelect().Model(m).Where("asset_id = ?", id).Scan(ctx)
	return m, notFound(err, asset.NotFound, "the asset's metadata was not tracked")
}

// Tracks lists an asset's watermark tracks.
func (q Queries) Tracks(ctx context.Context, id asset.ID) ([]Track, error) {
	var all []Track
	err := q.r.NewSelect().Model(&all).Where("asset_id = ?", id).Order("track").Scan(ctx)
	return all, err
}
