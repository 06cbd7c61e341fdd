package db

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// maxAssetNumber is the widest number that a watermark payload holds.
const maxAssetNumber = 1<<40 - 1

// InsertAsset adds an asset. It allots the next number (from 1, never given
// twice, rising in the order of commits), asks mint for the payload of it, and
// sets a.Number, a.Payload, a.CreatedAt and a.UpdatedAt. Status defaults to
// pending and Visibility to discoverable.
//
// When the organization has an asset of the same ContentHash already, neither
// failed nor deleted, the answer is CONFLICT with its AssetID.
func (q Queries) InsertAsset(ctx context.Context, a *asset.Asset, mint func(number int64) (uint64, error)) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		number, err := q.nextAssetNumber(ctx)
		if err != nil {
			return err
		}
		payload, err := mint(number)
		if err != nil {
			return err
		}
		row := *a
		row.Number, row.Payload = number, payload
		if row.Status == "" {
			row.Status = asset.Pending
		}
		if row.Visibility == "" {
			row.Visibility = asset.Discoverable
		}
		q.stamp(&row.CreatedAt)
		row.UpdatedAt = row.CreatedAt
		n, err := affected(q.w.NewInsert().Model(rowOf(&row)).
			On("CONFLICT (organization_id, content_hash) WHERE deleted_at IS NULL AND processing_status <> 'failed' DO NOTHING").
			Returning("NULL").Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return q.duplicate(ctx, a)
		}
		if err := q.insertTags(ctx, row.ID, row.Tags); err != nil {
			return err
		}
		*a = row
		return nil
	})
}

func (q Queries) nextAssetNumber(ctx context.Context) (number int64, err error) {
	err = q.w.NewUpdate().Table("counters").Set("value = value + 1").Where("name = 'asset_number'").
		Returning("value").Scan(ctx, &number)
	if err == nil && number > maxAssetNumber {
		err = errors.New("every asset number is used up")
	}
	return number, err
}

func (q Queries) duplicate(ctx context.Context, a *asset.Asset) error {
	var id asset.ID
	err := q.r.NewSelect().Model((*assetRow)(nil)).Column("id").
		Where("organization_id = ? AND content_hash = ?", a.OrganizationID, a.ContentHash).
		Where("deleted_at IS NULL AND processing_status <> 'failed'").Scan(ctx, &id)
	if err != nil {
		return err
	}
	e := asset.Errorf(asset.Conflict, nil, "the organization has registered these bytes already")
	e.AssetID = id.String()
	return e
}

// AssetByID finds an asset of any organization, or answers ASSET_NOT_FOUND;
// deleted ones are not found.
func (q Queries) AssetByID(ctx context.Context, id asset.ID) (*asset.Asset, error) {
	return q.oneAsset(ctx, "id = ?", id)
}

// OrgAsset finds an asset of an organization, or answers ASSET_NOT_FOUND.
func (q Queries) OrgAsset(ctx context.Context, org, id asset.ID) (*asset.Asset, error) {
	return q.oneAsset(ctx, "id = ? AND organization_id = ?", id, org)
}

// AssetByNumber finds the asset of a number that a watermark carried.
func (q Queries) AssetByNumber(ctx context.Context, number int64) (*asset.Asset, error) {
	return q.oneAsset(ctx, "number = ?", number)
}

// AssetByPayload finds the asset of a watermark payload.
func (q Queries) AssetByPayload(ctx context.Context, payload uint64) (*asset.Asset, error) {
	return q.oneAsset(ctx, "payload = ?", payloadText(payload))
}

func (q Queries) oneAsset(ctx context.Context, where string, args ...any) (*asset.Asset, error) {
	row := new(assetRow)
	err := q.r.NewSelect().Model(row).Where(where, args...).Where("deleted_at IS NULL").Scan(ctx)
	if err != nil {
		return nil, notFound(err, asset.AssetNotFound, "there is no such asset")
	}
	return row.asset()
}

// AssetsByID finds assets of any organization, in no order; those that do not
// exist or are deleted are left out.
func (q Queries) AssetsByID(ctx context.Context, ids []asset.ID) ([]asset.Asset, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []assetRow
	err := q.r.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Where("deleted_at IS NULL").Scan(ctx)
	if err != nil {
		return nil, err
	}
	return assetsOf(rows)
}

// Tombstone is what is left of any asset, deleted ones included: id,
// organization, number, payload and hashes. deletedAt is nil while it lives.
func (q Queries) Tombstone(ctx context.Context, id asset.ID) (a *asset.Asset, deletedAt *time.Time, err error) {
	row := new(assetRow)
	if err := q.r.NewSelect().Model(row).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, nil, notFound(err, asset.AssetNotFound, "there is no such asset")
	}
	a, err = row.asset()
	return a, row.DeletedAt, err
}

// UnfinishedAssets lists assets still pending or processing that were created
// before a time, oldest first.
func (q Queries) UnfinishedAssets(ctx context.Context, before time.Time, limit int) ([]asset.Asset, error) {
	var rows []assetRow
	err := q.r.NewSelect().Model(&rows).
		Where("processing_status IN ('pending', 'processing') AND deleted_at IS NULL AND created_at < ?", before.UTC()).
		Order("created_at", "id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, err
	}
	return assetsOf(rows)
}

// EachAsset calls f with every asset that is not deleted, by number, reading a
// few hundred at a time; it stops at f's first error.
func (q Queries) EachAsset(ctx context.Context, f func(*asset.Asset) error) error {
	for last := int64(0); ; {
		var rows []assetRow
		err := q.r.NewSelect().Model(&rows).Where("number > ? AND deleted_at IS NULL", last).Order("number").Limit(256).Scan(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		for i := range rows {
			a, err := rows[i].asset()
			if err != nil {
				return err
			}
			if err := f(a); err != nil {
				return err
			}
		}
		last = rows[len(rows)-1].Number
	}
}
