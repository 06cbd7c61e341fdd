package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"
)

// Rate is a limit on how fast something may come: Most in a window, and evenly
// spread beyond a burst of as many. Most is 1 or more.
type Rate struct {
	Name   string // which limit, of whom
	Window Window
	Most   int64
}

// Interval is GCRA's emission interval T in microseconds: one more is let in
// after it. 0 when more than one a microsecond are.
func (r Rate) Interval() int64 { return r.Window.End.Sub(r.Window.Start).Microseconds() / r.Most }

// RateState is how a limit's holder stands. The zero value has used nothing.
type RateState struct {
	TAT      int64 // theoretical arrival time of the next one, Unix microseconds
	StartsAt int64 // of the window last used, Unix seconds
	Used     int64 // in that window
}

type rateRow struct {
	bun.BaseModel `bun:"table:rate_limits,alias:rl"`

	Name     string `bun:"name,pk"`
	TAT      int64  `bun:"tat"`
	StartsAt int64  `bun:"starts_at"`
	Used     int64  `bun:"used"`
	EndsAt   int64  `bun:"ends_at"`
}

func (r *rateRow) state() RateState { return RateState{r.TAT, r.StartsAt, r.Used} }

// errRefused undoes what was taken of the rates before the one that refuses.
var errRefused = errors.New("db: a rate is exceeded")

// TakeRates lets n pass by all rates, or by none: then refused is the index of the
// first that does not, and otherwise -1. States tells how they stand, up to that
// one. One statement decides for each, by the rule of quota's GCRA, so that it
// holds for any number of processes. A process whose clock is behind counts in the
// window that another has begun.
func (q Queries) TakeRates(ctx context.Context, all []Rate, now time.Time, n int64) (states []RateState, refused int, err error) {
	take := func(ctx context.Context, q Queries) error {
		states, refused = states[:0], -1
		for i, r := range all {
			s, ok, err := q.takeRate(ctx, r, now, n)
			if err != nil {
				return err
			}
			states = append(states, s)
			if !ok {
				refused = i
				return errRefused
			}
		}
		return nil
	}
	if len(all) < 2 {
		err = take(ctx, q)
	} else {
		err = q.atomically(ctx, take)
	}
	if errors.Is(err, errRefused) {
		err = nil
	}
	return states, refused, err
}

func (q Queries) takeRate(ctx context.Context, r Rate, now time.Time, n int64) (s RateState, ok bool, err error) {
	at, start, end, step := now.UnixMicro(), r.Window.Start.Unix(), r.Window.End.Unix(), n*r.Interval()
	row := &rateRow{Name: r.Name, TAT: at + step, StartsAt: start, Used: n, EndsAt: max(end, (at+step)/1e6+1)}
	if n <= r.Most {
		const tat = "(CASE WHEN rl.tat > ? THEN rl.tat ELSE ? END + ?)"
		err := q.w.NewInsert().Model(row).On("CONFLICT (name) DO UPDATE").
			Set("tat = "+tat, at, at, step).
			Set("used = CASE WHEN rl.starts_at >= ? THEN rl.used ELSE 0 END + ?", start, n).
			Set("starts_at = CASE WHEN rl.starts_at > ? THEN rl.starts_at ELSE ? END", start, start).
			Set("ends_at = CASE WHEN rl.ends_at >= ? AND rl.ends_at > "+tat+" / 1000000 THEN rl.ends_at "+
				"WHEN "+tat+" / 1000000 >= ? THEN "+tat+" / 1000000 + 1 ELSE ? END",
				end, at, at, step, at, at, step, end, at, at, step, end).
			Where(tat+" <= ?", at, at, step, at+r.Most*r.Interval()).
			Where("rl.starts_at < ? OR rl.used <= ?", start, r.Most-n).
			Returning("tat, starts_at, used").Scan(ctx)
		if !errors.Is(err, sql.ErrNoRows) {
			return row.state(), err == nil, err
		}
	}
	s, err = q.RateState(ctx, r.Name)
	return s, false, err
}

// RateState is how a limit stands.
func (q Queries) RateState(ctx context.Context, name string) (RateState, error) {
	row := new(rateRow)
	err := q.r.NewSelect().Model(row).Column("tat", "starts_at", "used").Where("name = ?", name).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return RateState{}, nil
	}
	return row.state(), err
}

// ReturnRates gives n back to each, that were taken in its window.
func (q Queries) ReturnRates(ctx context.Context, all []Rate, n int64) error {
	give := func(ctx context.Context, q Queries) error {
		for _, r := range all {
			_, err := q.w.NewUpdate().Model((*rateRow)(nil)).Set("tat = tat - ?", n*r.Interval()).
				Set("used = CASE WHEN starts_at <> ? THEN used WHEN used < ? THEN 0 ELSE used - ? END", r.Window.Start.Unix(), n, n).
				Where("name = ?", r.Name).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	}
	if len(all) < 2 {
		return give(ctx, q)
	}
	return q.atomically(ctx, give)
}

// expireRates forgets what limits nobody any more.
func (q Queries) expireRates(ctx context.Context) (int, error) {
	return affected(q.w.NewDelete().Model((*rateRow)(nil)).Where("ends_at < ?", q.now().Unix()).Exec(ctx))
}
