package quota

import (
	"context"
	"sync"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// A key's requests are taken in blocks: a process takes a hundredth of the limit
// from the rows at a time and spends it from memory, so that not every request
// waits for a write. No limit is ever passed by that; a process that ends wastes
// what it had not spent, and other processes see the whole block as used. Rates
// that are kept in memory need no blocks.
const blocks = 100

// maxLeases bounds the memory; beyond it, all are taken anew.
const maxLeases = 10000

// lease is what this process holds of a key's hour and day.
type lease struct {
	mu    sync.Mutex
	parts [2]leased
}

type leased struct {
	end   time.Time    // of the window that it was taken in
	state db.RateState // when last looked, with left taken
	left  int64        // taken and not spent
}

type leases struct {
	mu   sync.Mutex
	held map[asset.ID]*lease
}

func (l *leases) of(id asset.ID) *lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.held[id]
	if h == nil {
		if l.held == nil || len(l.held) >= maxLeases {
			l.held = map[asset.ID]*lease{}
		}
		h = &lease{}
		l.held[id] = h
	}
	return h
}

// Key takes one request of a key's hour and day, or answers RATE_LIMITED.
func (s *Service) Key(ctx context.Context, id asset.ID) (*Grant, error) {
	h := s.leases.of(id)
	h.mu.Lock()
	defer h.mu.Unlock()
	now := s.now()
	limits := s.keyLimits(id, now)
	g := &Grant{Statuses: make([]Status, 0, len(limits))}
	for i, l := range limits {
		if l.most == 0 {
			continue
		}
		part := &h.parts[i]
		if err := s.refill(ctx, part, l, now); err != nil {
			return g, err
		}
		status := l.rateStatus(part.unspent(l), now)
		status.Exceeded = part.left == 0
		g.Statuses = append(g.Statuses, status)
		if status.Exceeded {
			return g, asset.Errorf(asset.RateLimited, nil, "the API key has made its %d requests; come back after %s",
				l.most, status.Next.UTC().Format(time.RFC3339))
		}
	}
	g.Statuses = g.Statuses[:0]
	for i, l := range limits {
		if l.most > 0 {
			h.parts[i].left--
			g.Statuses = append(g.Statuses, l.rateStatus(h.parts[i].unspent(l), now))
		}
	}
	return g, nil
}

// unspent is how the rate stands without what was taken and not spent.
func (p *leased) unspent(l limit) db.RateState { return undo(p.state, l.rate(), p.left) }

// refill leaves something of a rate in the lease, unless the limit is reached.
// Requests are never given back, so that what was refused stays refused until the
// clock says otherwise, and nobody need be asked.
func (s *Service) refill(ctx context.Context, p *leased, l limit, now time.Time) error {
	if !p.end.Equal(l.window.End) {
		p.end, p.left = l.window.End, 0 // it counted there
	}
	n := int64(1)
	if s.cfg.Shared {
		n = max(1, l.most/blocks)
	}
	for p.left == 0 && n > 0 {
		most, _, _ := free(p.state, l.rate(), now)
		if n = min(n, most); n == 0 {
			return nil
		}
		states, refused, err := s.rates.TakeRates(ctx, []db.Rate{l.rate()}, now, n)
		if err != nil {
			return err
		}
		p.state = states[0]
		if refused < 0 {
			p.left = n
		}
	}
	return nil
}

// KeyUsage is how a key's hour and day stand; a Limit of 0 is none.
func (s *Service) KeyUsage(ctx context.Context, id asset.ID) (hour, day Status, err error) {
	h := s.leases.of(id)
	h.mu.Lock()
	defer h.mu.Unlock()
	var both [2]Status
	now := s.now()
	for i, l := range s.keyLimits(id, now) {
		if l.most == 0 {
			both[i] = l.status(0)
			continue
		}
		p := h.parts[i]
		if p.state, err = s.rates.RateState(ctx, l.name); err != nil {
			return hour, day, err
		}
		if !p.end.Equal(l.window.End) {
			p.left = 0
		}
		both[i] = l.rateStatus(p.unspent(l), now)
	}
	return both[0], both[1], nil
}

func (s *Service) keyLimits(id asset.ID, now time.Time) [2]limit {
	name := id.String()
	return [2]limit{
		{"key-hour", "key/hour/" + name, span(now, time.Hour), s.cfg.KeyPerHour},
		{"key-day", "key/day/" + name, day(now), s.cfg.KeyPerDay},
	}
}
