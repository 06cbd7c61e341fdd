package db

import (
	"fmt"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// assetRow is asset.Asset as the table holds it.
type assetRow struct {
	bun.BaseModel `bun:"table:assets,alias:a"`

	ID               asset.ID   `bun:"id,pk"`
	OrganizationID   asset.ID   `bun:"organization_id"`
	Number           int64      `bun:"number"`
	Payload          string     `bun:"payload"`
	Title            string     `bun:"title"`
	Description      string     `bun:"description"`
	Tags             Strings    `bun:"tags"`
	Visibility       string     `bun:"visibility"`
	TrackA           bool       `bun:"track_a"`
	TrackB           bool       `bun:"track_b"`
	TrackC           bool       `bun:"track_c"`
	MetadataTracking bool       `bun:"metadata_tracking"`
	BlockchainCommit bool       `bun:"blockchain_commit"`
	Filename         string     `bun:"filename"`
	MIMEType         string     `bun:"mime_type"`
	Size             int64      `bun:"file_size_bytes"`
	Width            int        `bun:"width"`
	Height           int        `bun:"height"`
	ContentHash      string     `bun:"content_hash"`
	Status           string     `bun:"processing_status"`
	ProcessingError  string     `bun:"processing_error"`
	CID              string     `bun:"cid"`
	IPFSCID          string     `bun:"ipfs_cid"`
	WatermarkedCID   string     `bun:"watermarked_cid"`
	WatermarkHash    string     `bun:"watermark_hash"`
	DerivedFrom      *asset.ID  `bun:"derived_from"`
	TracedAt         *time.Time `bun:"traced_at"`
	CreatedAt        time.Time  `bun:"created_at"`
	UpdatedAt        time.Time  `bun:"updated_at"`
	DeletedAt        *time.Time `bun:"deleted_at"`
}

func payloadText(p uint64) string { return fmt.Sprintf("%016x", p) }

func rowOf(a *asset.Asset) *assetRow {
	tags := make(Strings, 0, len(a.Tags))
	for _, t := range a.Tags {
		tags = append(tags, text(t))
	}
	return &assetRow{
		ID: a.ID, OrganizationID: a.OrganizationID, Number: a.Number, Payload: payloadText(a.Payload),
		Title: text(a.Title), Description: text(a.Description), Tags: tags, Visibility: string(a.Visibility),
		TrackA: a.Options.TrackA, TrackB: a.Options.TrackB, TrackC: a.Options.TrackC,
		MetadataTracking: a.Options.MetadataTracking, BlockchainCommit: a.Options.BlockchainCommit,
		Filename: text(a.Filename), MIMEType: a.MIMEType, Size: a.Size, Width: a.Width, Height: a.Height,
		ContentHash: a.ContentHash, Status: string(a.Status), ProcessingError: text(a.ProcessingError),
		CID: a.CID, IPFSCID: a.IPFSCID, WatermarkedCID: a.WatermarkedCID, WatermarkHash: a.WatermarkHash,
		DerivedFrom: a.DerivedFrom, TracedAt: a.TracedAt, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}

func (r *assetRow) asset() (*asset.Asset, error) {
	payload, err := strconv.ParseUint(r.Payload, 16, 64)
	if err != nil {
		return nil, fmt.Errorf("asset %s: its payload is not 16 hex digits", r.ID)
	}
	return &asset.Asset{
		ID: r.ID, OrganizationID: r.OrganizationID, Number: r.Number, Payload: payload,
		Title: r.Title, Description: r.Description, Tags: r.Tags, Visibility: asset.Visibility(r.Visibility),
		Options: asset.Options{
			TrackA: r.TrackA, TrackB: r.TrackB, TrackC: r.TrackC,
			MetadataTracking: r.MetadataTracking, BlockchainCommit: r.BlockchainCommit,
		},
		Filename: r.Filename, MIMEType: r.MIMEType, Size: r.Size, Width: r.Width, Height: r.Height,
		ContentHash: r.ContentHash, Status: asset.Status(r.Status), ProcessingError: r.ProcessingError,
		CID: r.CID, IPFSCID: r.IPFSCID, WatermarkedCID: r.WatermarkedCID, WatermarkHash: r.WatermarkHash,
		DerivedFrom: r.DerivedFrom, TracedAt: r.TracedAt, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}, nil
}

func assetsOf(rows []assetRow) ([]asset.Asset, error) {
	all := make([]asset.Asset, 0, len(rows))
	for i := range rows {
		a, err := rows[i].asset()
		if err != nil {
			return nil, err
		}
		all = append(all, *a)
	}
	return all, nil
}
