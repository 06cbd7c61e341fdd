package quota

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/certana/certana/internal/db"
)

// Rates is where rates are kept: *db.DB for all processes on one database, or
// this process's memory. See db.TakeRates for what the methods do; none leaves
// anything half done.
type Rates interface {
	TakeRates(ctx context.Context, all []db.Rate, now time.Time, n int64) (states []db.RateState, refused int, err error)
	RateState(ctx context.Context, name string) (db.RateState, error)
	ReturnRates(ctx context.Context, all []db.Rate, n int64) error
}

// A shard holds at most maxCells; beyond it those that limit nothing go, and then
// any: whoever has so many addresses is not stopped by counting them.
const (
	shards   = 16
	maxCells = 1 << 14
)

// memory keeps rates in this process.
type memory struct {
	seed   maphash.Seed
	shards [shards]struct {
		mu    sync.Mutex
		cells map[string]cell
	}
}

type cell struct {
	db.RateState
	ends time.Time // of the window last used
}

func newMemory() *memory { return &memory{seed: maphash.MakeSeed()} }

// with runs f on a holder's cell, and keeps what it answers when told to.
func (m *memory) with(name string, f func(c cell) (cell, bool)) {
	shard := &m.shards[maphash.String(m.seed, name)%shards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	c, there := shard.cells[name]
	c, keep := f(c)
	if !keep {
		return
	}
	if shard.cells == nil {
		shard.cells = map[string]cell{}
	}
	if !there && len(shard.cells) >= maxCells {
		makeRoom(shard.cells, c.ends)
	}
	shard.cells[name] = c
}

// makeRoom forgets a quarter, those that ended before the others.
func makeRoom(cells map[string]cell, until time.Time) {
	for _, any := range []bool{false, true} {
		for name, c := range cells {
			if len(cells) <= maxCells*3/4 {
				return
			}
			if any || (c.ends.Before(until) && c.TAT < until.UnixMicro()) {
				delete(cells, name)
			}
		}
	}
}

func (m *memory) TakeRates(ctx context.Context, all []db.Rate, now time.Time, n int64) (states []db.RateState, refused int, _ error) {
	for i, r := range all {
		ok := false
		m.with(r.Name, func(c cell) (cell, bool) {
			c.RateState, ok = conform(c.RateState, r, now, n)
			states = append(states, c.RateState)
			return cell{c.RateState, r.Window.End}, ok
		})
		if !ok {
			return states, i, m.ReturnRates(ctx, all[:i], n)
		}
	}
	return states, -1, nil
}

func (m *memory) RateState(_ context.Context, name string) (s db.RateState, _ error) {
	m.with(name, func(c cell) (cell, bool) { s = c.RateState; return c, false })
	return s, nil
}

func (m *memory) ReturnRates(_ context.Context, all []db.Rate, n int64) error {
	for _, r := range all {
		m.with(r.Name, func(c cell) (cell, bool) {
			c.RateState = undo(c.RateState, r, n)
			return c, !c.ends.IsZero()
		})
	}
	return nil
}
