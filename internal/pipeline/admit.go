package pipeline

import (
	"context"
	"errors"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
)

// admit looks a file over before anything of it is kept: a picture of one of
// the four formats, within the limits, of which every sample can be decoded.
// It answers with the asset to be.
func (p *Pipeline) admit(ctx context.Context, u Upload) (asset.Asset, error) {
	data, unmap, err := u.File.Map()
	if err != nil {
		return asset.Asset{}, err
	}
	defer unmap()
	info, err := raster.ReadInfo(data, p.cfg.limits())
	if err != nil {
		return asset.Asset{}, Refusal(err)
	}
	leave, err := p.gate.Enter(ctx, info.Width, info.Height)
	if err != nil {
		return asset.Asset{}, err
	}
	defer leave()
	if _, err := raster.Decode(data, raster.Options{Limits: p.cfg.limits()}); err != nil {
		return asset.Asset{}, Refusal(err)
	}

	visibility := u.Visibility
	if visibility == "" {
		visibility = asset.Discoverable
	}
	now := p.now().UTC()
	return asset.Asset{
		ID: asset.NewID(), OrganizationID: u.OrganizationID,
		Title: u.Title, Description: u.Description, Tags: u.Tags, Visibility: visibility, Options: u.Options,
		Filename: u.Filename, MIMEType: info.Format.MIME(), Size: u.File.Size,
		Width: info.Width, Height: info.Height, ContentHash: u.File.SHA256,
		Status: asset.Pending, CreatedAt: now, UpdatedAt: now,
	}, nil
}

// Refusal says in the API's terms why a file is no picture for us.
func Refusal(err error) error {
	var e *raster.Error
	text := "the file is not a picture that can be read"
	if errors.As(err, &e) {
		text = e.Text
	}
	switch {
	case errors.Is(err, raster.ErrTooLarge):
		return asset.Errorf(asset.FileTooLarge, err, "%s", text)
	case errors.Is(err, raster.ErrInvalidFileType):
		return asset.Errorf(asset.InvalidFileType, err, "%s", text)
	default:
		return err
	}
}

// open refuses what is for an organization that was shut since the request was let
// in, and keeps it open for the rest of the transaction: what is added after it was
// erased would be erased by nobody.
func open(ctx context.Context, tx *db.Tx, org asset.ID) error {
	o, err := tx.OrganizationInUse(ctx, org)
	switch {
	case err != nil:
		return err
	case o.DeletedAt != nil || o.ErasedAt != nil:
		return asset.Errorf(asset.Forbidden, nil, "the organization was deleted")
	case o.SuspendedAt != nil:
		return asset.Errorf(asset.Forbidden, nil, "the organization was suspended by the operator")
	}
	return nil
}

// insert writes the row, which allots the number, and mints the payload that
// carries it.
func (p *Pipeline) insert(ctx context.Context, tx *db.Tx, a *asset.Asset) error {
	if err := open(ctx, tx, a.OrganizationID); err != nil {
		return err
	}
	return tx.InsertAsset(ctx, a, func(number int64) (uint64, error) {
		payload, err := watermark.Mint(p.markKey, uint64(number))
		return uint64(payload), err
	})
}
