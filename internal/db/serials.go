package db

import (
	"context"
	"database/sql"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// Serial is a sealed item: its serial number, its picture and when it was
// sealed.
type Serial struct {
	bun.BaseModel `bun:"table:serial_numbers,alias:sn"`

	ID             int64     `bun:"id,pk,autoincrement"`
	OrganizationID asset.ID  `bun:"organization_id"`
	Position       int64     `bun:"position"` // 1, 2, 3 … in its organization; set by InsertSerial
	SerialNumber   string    `bun:"serial_number"`
	ImageKey       string    `bun:"image_key"` // in the blob store
	Source         string    `bun:"source"`
	DateOfSealing  string    `bun:"date_of_sealing"` // YYYY-MM-DD HH:MM:SS, UTC
	AssetID        *asset.ID `bun:"asset_id"`
	CreatedAt      time.Time `bun:"created_at"`
}

// InsertSerial adds an item; a serial number that the organization has already
// is CONFLICT.
func (q Queries) InsertSerial(ctx context.Context, s *Serial) error {
	s.SerialNumber = text(s.SerialNumber)
	q.stamp(&s.CreatedAt)
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		if err := q.lockPositions(ctx, s.OrganizationID); err != nil {
			return err
		}
		last, err := q.lastPosition(ctx, s.OrganizationID)
		if err != nil {
			return err
		}
		s.Position = last + 1
		err = q.w.NewInsert().Model(s).On("CONFLICT (organization_id, serial_number) DO NOTHING").Returning("id").Scan(ctx, &s.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return asset.Errorf(asset.Conflict, nil, "the serial number %q exists already", s.SerialNumber)
		}
		return err
	})
}

// DeleteSerial removes an item, if it is there. The organization's last row
// takes its position, so that the positions stay without gaps.
func (q Queries) DeleteSerial(ctx context.Context, org asset.ID, serial string) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		if err := q.lockPositions(ctx, org); err != nil {
			return err
		}
		s, err := q.SerialByNumber(ctx, org, serial)
		if err != nil || s == nil {
			return err
		}
		if _, err := q.w.NewDelete().Model(s).WherePK().Exec(ctx); err != nil {
			return err
		}
		_, err = q.w.NewUpdate().Model((*Serial)(nil)).Set("position = ?", s.Position).
			Where("organization_id = ? AND position > ?", org, s.Position).
			Where("position = (SELECT max(position) FROM serial_numbers WHERE organization_id = ?)", org).Exec(ctx)
		return err
	})
}

// lockPositions keeps others from giving out the same position; SQLite's
// transactions exclude each other anyway.
func (q Queries) lockPositions(ctx context.Context, org asset.ID) error {
	if q.kind != Postgres {
		return nil
	}
	h := fnv.New64a()
	h.Write([]byte("serial_numbers"))
	h.Write(org[:])
	_, err := q.w.NewRaw("SELECT pg_advisory_xact_lock(?)", int64(h.Sum64())).Exec(ctx)
	return err
}

func (q Queries) lastPosition(ctx context.Context, org asset.ID) (last int64, err error) {
	err = q.r.NewSelect().Model((*Serial)(nil)).ColumnExpr("coalesce(max(position), 0)").
		Where("organization_id = ?", org).Scan(ctx, &last)
	return last, err
}

// SerialByNumber finds an organization's item; nil when there is none.
func (q Queries) SerialByNumber(ctx context.Context, org asset.ID, serial string) (*Serial, error) {
	return oneSerial(ctx, q.r.NewSelect().Where("organization_id = ? AND serial_number = ?", org, text(serial)))
}

// SerialByID finds an item by its row's id; nil when there is none or it is
// another organization's.
func (q Queries) SerialByID(ctx context.Context, org asset.ID, id int64) (*Serial, error) {
	return oneSerial(ctx, q.r.NewSelect().Where("organization_id = ? AND id = ?", org, id))
}

// RandomSerial picks one of an organization's items, each as likely as any
// other, by one index lookup however many there are; nil when there are none.
func (q Queries) RandomSerial(ctx context.Context, org asset.ID) (*Serial, error) {
	last, err := q.lastPosition(ctx, org)
	if err != nil || last == 0 {
		return nil, err
	}
	// At or after the position: rows removed by hand leave gaps, and an item
	// after a gap is then likelier by the gap's width.
	return oneSerial(ctx, q.r.NewSelect().Where("organization_id = ? AND position >= ?", org, 1+rand.Int64N(last)).
		Order("position").Limit(1))
}

func oneSerial(ctx context.Context, sel *bun.SelectQuery) (*Serial, error) {
	s := new(Serial)
	err := sel.Model(s).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return s, err
}

// Serials counts an organization's items.
func (q Queries) Serials(ctx context.Context, org asset.ID) (int, error) {
	n, err := q.r.NewSelect().Model((*Serial)(nil)).Where("organization_id = ?", org).Count(ctx)
	return int(n), err
}

// EachSerial calls f with every item of every organization, by row id; it stops
// at f's first error.
func (q Queries) EachSerial(ctx context.Context, f func(*Serial) error) error {
	for last := int64(0); ; {
		var rows []Serial
		err := q.r.NewSelect().Model(&rows).Where("id > ?", last).Order("id").Limit(256).Scan(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		for i := range rows {
			if err := f(&rows[i]); err != nil {
				return err
			}
		}
		last = rows[len(rows)-1].ID
	}
}
