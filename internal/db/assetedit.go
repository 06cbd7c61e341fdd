package db

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

type tagRow struct {
	bun.BaseModel `bun:"table:asset_tags"`

	AssetID asset.ID `bun:"asset_id,pk"`
	Tag     string   `bun:"tag,pk"`
}

func (q Queries) insertTags(ctx context.Context, id asset.ID, tags []string) error {
	if len(tags) == 0 {
		return nil
	}
	rows := make([]tagRow, 0, len(tags))
	for _, t := range tags {
		rows = append(rows, tagRow{AssetID: id, Tag: text(t)})
	}
	_, err := q.w.NewInsert().Model(&rows).On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx)
	return err
}

func (q Queries) deleteTags(ctx context.Context, id asset.ID) error {
	_, err := q.w.NewDelete().Model((*tagRow)(nil)).Where("asset_id = ?", id).Exec(ctx)
	return err
}

// AssetPatch is a partial update: a nil field is kept, a pointer to the zero
// value clears (Visibility: sets the default).
type AssetPatch struct {
	Title       *string
	Description *string
	Tags        *[]string
	Visibility  *asset.Visibility
}

// UpdateAsset changes an organization's asset and answers it as it then is, or
// ASSET_NOT_FOUND.
func (q Queries) UpdateAsset(ctx context.Context, org, id asset.ID, p AssetPatch) (updated *asset.Asset, err error) {
	err = q.atomically(ctx, func(ctx context.Context, q Queries) error {
		up := q.w.NewUpdate().Model((*assetRow)(nil)).Set("updated_at = ?", q.now()).
			Where("id = ? AND organization_id = ? AND deleted_at IS NULL", id, org)
		if p.Title != nil {
			up = up.Set("title = ?", text(*p.Title))
		}
		if p.Description != nil {
			up = up.Set("description = ?", text(*p.Description))
		}
		if p.Visibility != nil {
			v := *p.Visibility
			if v == "" {
				v = asset.Discoverable
			}
			up = up.Set("visibility = ?", string(v))
		}
		if p.Tags != nil {
			up = up.Set("tags = ?", rowOf(&asset.Asset{Tags: *p.Tags}).Tags)
		}
		n, err := affected(up.Exec(ctx))
		if err != nil {
			return err
		}
		if n > 0 && p.Tags != nil {
			if err := q.deleteTags(ctx, id); err != nil {
				return err
			}
			if err := q.insertTags(ctx, id, *p.Tags); err != nil {
				return err
			}
		}
		updated, err = q.OrgAsset(ctx, org, id)
		return err
	})
	return updated, err
}

// DeleteAsset leaves a tombstone of an organization's asset: id, organization,
// number, payload, times, CIDs and hashes stay; texts, tags, renditions,
// fingerprints, tracks, metadata and the commitment's free-form part go. It
// answers the renditions that were there, whose blobs the caller erases once
// the transaction is in, and ASSET_NOT_FOUND when there was no asset.
func (q Queries) DeleteAsset(ctx context.Context, org, id asset.ID) (gone []Rendition, err error) {
	err = q.atomically(ctx, func(ctx context.Context, q Queries) error {
		now := q.now()
		n, err := affected(q.w.NewUpdate().Model((*assetRow)(nil)).
			Set("title = '', description = '', tags = '[]', filename = '', processing_error = ''").
			Set("deleted_at = ?", now).Set("updated_at = ?", now).
			Where("id = ? AND organization_id = ? AND deleted_at IS NULL", id, org).Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return asset.Errorf(asset.AssetNotFound, nil, "there is no such asset")
		}
		if gone, err = q.Renditions(ctx, id); err != nil {
			return err
		}
		if err := q.deleteTags(ctx, id); err != nil {
			return err
		}
		if err := q.deleteEvidence(ctx, id); err != nil {
			return err
		}
		_, err = q.w.NewUpdate().Model((*commitmentRow)(nil)).Set("metadata = NULL").Where("asset_id = ?", id).Exec(ctx)
		return err
	})
	return gone, err
}
