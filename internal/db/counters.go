package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"
)

// Window is a span of time in which something is counted, in whole seconds.
type Window struct{ Start, End time.Time }

type counterRow struct {
	bun.BaseModel `bun:"table:usage_counters,alias:uc"`

	Name     string `bun:"name,pk"`
	StartsAt int64  `bun:"starts_at,pk"`
	EndsAt   int64  `bun:"ends_at"`
	Used     int64  `bun:"used"`
}

// Count adds n to a counter, if it is most or less then; otherwise nothing
// changes. It answers how much is used. One statement decides, so that it holds
// for any number of processes.
func (q Queries) Count(ctx context.Context, name string, w Window, n, most int64) (used int64, ok bool, err error) {
	if n <= most {
		row := &counterRow{Name: name, StartsAt: w.Start.Unix(), EndsAt: w.End.Unix(), Used: n}
		err := q.w.NewInsert().Model(row).On("CONFLICT (name, starts_at) DO UPDATE").
			Set("used = uc.used + EXCLUDED.used").Where("uc.used <= ?", most-n).Returning("used").Scan(ctx, &used)
		if !errors.Is(err, sql.ErrNoRows) {
			return used, err == nil, err
		}
	}
	used, err = q.Counted(ctx, name, w)
	return used, false, err
}

// Counted is how much is used.
func (q Queries) Counted(ctx context.Context, name string, w Window) (used int64, err error) {
	err = q.r.NewSelect().Model((*counterRow)(nil)).Column("used").
		Where("name = ? AND starts_at = ?", name, w.Start.Unix()).Scan(ctx, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return used, err
}

// Uncount gives back n, of what is there.
func (q Queries) Uncount(ctx context.Context, name string, w Window, n int64) error {
	_, err := q.w.NewUpdate().Model((*counterRow)(nil)).
		Set("used = CASE WHEN used < ? THEN 0 ELSE used - ? END", n, n).
		Where("name = ? AND starts_at = ?", name, w.Start.Unix()).Exec(ctx)
	return err
}

// ExpireCounters forgets the windows that are over, and the rates that nobody is
// ahead of.
func (q Queries) ExpireCounters(ctx context.Context) (int, error) {
	n, err := affected(q.w.NewDelete().Model((*counterRow)(nil)).Where("ends_at < ?", q.now().Unix()).Exec(ctx))
	if err != nil {
		return n, err
	}
	rates, err := q.expireRates(ctx)
	return n + rates, err
}
