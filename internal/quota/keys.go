package quota

import (
	"context"
	"sync"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// A key's requests are counted in blocks: a process takes a hundredth of the
// limit from the rows at a time and spends it from memory, so that not every
// request waits for a write. No limit is ever passed by that; a process that
// ends wastes what it had not spent, and other processes see the whole block as
// used.
const blocks = 100

// maxLeases bounds the memory; beyond it, all are taken anew.
const maxLeases = 10000

// lease is what this process holds of one counter's window.
type lease struct {
	end   time.Time
	used  int64 // in the rows, when last looked
	left  int64 // of it, taken and not spent
	empty bool  // nothing is left in the rows
}

type leases struct {
	mu   sync.Mutex
	held map[string]*lease
}

// Key takes one request of a key's hour and day, or answers RATE_LIMITED.
func (s *Service) Key(ctx context.Context, id asset.ID) (*Grant, error) {
	s.leases.mu.Lock()
	defer s.leases.mu.Unlock()
	g := &Grant{}
	limits := s.keyLimits(id)
	held := make([]*lease, len(limits))
	for i, l := range limits {
		h, err := s.lease(ctx, l)
		if err != nil {
			return g, err
		}
		held[i] = h
		status := l.status(h.used - h.left)
		if h.left == 0 {
			status.Exceeded = true
			g.Statuses = append(g.Statuses, status)
			return g, asset.Errorf(asset.RateLimited, nil, "the API key has made its %d requests; come back after %s",
				l.most, l.window.End.Format(time.RFC3339))
		}
		g.Statuses = append(g.Statuses, status)
	}
	for i, l := range limits {
		held[i].left--
		g.Statuses[i] = l.status(held[i].used - held[i].left)
	}
	return g, nil
}

// KeyUsage is how a key's hour and day stand; a Limit of 0 is none.
func (s *Service) KeyUsage(ctx context.Context, id asset.ID) (hour, day Status, err error) {
	s.leases.mu.Lock()
	defer s.leases.mu.Unlock()
	var both [2]Status
	for i, l := range s.bothKeyLimits(id) {
		used, err := s.rows.Counted(ctx, l.name, l.window)
		if err != nil {
			return hour, day, err
		}
		if h := s.leases.held[l.name]; h != nil && h.end.Equal(l.window.End) {
			used -= h.left
		}
		both[i] = l.status(used)
	}
	return both[0], both[1], nil
}

func (s *Service) bothKeyLimits(id asset.ID) []limit {
	return []limit{
		{"key/hour/" + id.String(), span(s.now(), time.Hour), s.cfg.KeyPerHour},
		{"key/day/" + id.String(), day(s.now()), s.cfg.KeyPerDay},
	}
}

func (s *Service) keyLimits(id asset.ID) []limit { return limited(s.bothKeyLimits(id)...) }

// lease answers what is held of a counter, with something left unless the limit
// is reached; mu is held.
func (s *Service) lease(ctx context.Context, l limit) (*lease, error) {
	h := s.leases.held[l.name]
	if h == nil || !h.end.Equal(l.window.End) {
		if s.leases.held == nil || len(s.leases.held) >= maxLeases {
			s.leases.held = map[string]*lease{}
		}
		h = &lease{end: l.window.End}
		s.leases.held[l.name] = h
	}
	if h.left > 0 || h.empty {
		return h, nil
	}
	for n := max(1, l.most/blocks); ; {
		used, ok, err := s.rows.Count(ctx, l.name, l.window, n, l.most)
		if err != nil {
			return nil, err
		}
		h.used = used
		if ok {
			h.left = n
			return h, nil
		}
		if used >= l.most {
			h.empty = true // requests are never given back: it stays so
			return h, nil
		}
		n = min(n, l.most-used)
	}
}

var _ Rows = (*db.DB)(nil)
