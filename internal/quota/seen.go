package quota

import (
	"context"
	"sync"
	"time"

	"github.com/certana/certana/internal/db"
)

// fresh is how long it is believed how a rate in the database stood.
const fresh = time.Second

// maxSeen bounds the memory.
const maxSeen = 10000

// seen remembers how rates stood a moment ago, so that a flood that is refused
// costs a query a second for each holder and no write. It errs for that second
// only where another process gives a try back, or counts a failure.
type seen struct {
	mu  sync.Mutex
	all map[string]sight
}

type sight struct {
	state db.RateState
	at    time.Time
}

func (s *seen) put(name string, state db.RateState, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil || len(s.all) >= maxSeen {
		s.all = map[string]sight{}
	}
	s.all[name] = sight{state, at}
}

func (s *seen) get(name string, now time.Time) (db.RateState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.all[name]
	return last.state, ok && now.Sub(last.at) < fresh && !now.Before(last.at)
}

func (s *seen) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, name)
}

// look tells how a rate stands, as it was seen within the last second.
func (s *Service) look(ctx context.Context, l limit) (Status, error) {
	now := s.now()
	state, ok := s.seen.get(l.name, now)
	if !ok {
		var err error
		if state, err = s.rates.RateState(ctx, l.name); err != nil {
			return Status{}, err
		}
		s.seen.put(l.name, state, now)
	}
	return l.rateStatus(state, now), nil
}

// pass takes n by every rate, or by none and then answers RATE_LIMITED. The grant
// tells how they stand either way.
func (s *Service) pass(ctx context.Context, n int64, all ...limit) (*Grant, error) {
	g, now := &Grant{service: s}, s.now()
	rates := make([]db.Rate, len(all))
	for i, l := range all {
		rates[i] = l.rate()
		state, ok := s.seen.get(l.name, now)
		if most, _, _ := free(state, rates[i], now); ok && most < n {
			return g, g.refuse(l, state, now)
		}
	}
	states, refused, err := s.rates.TakeRates(ctx, rates, now, n)
	if err != nil {
		return g, err
	}
	for i, state := range states {
		if i == refused {
			s.seen.put(all[i].name, state, now)
			return g, g.refuse(all[i], state, now)
		}
		if refused >= 0 {
			state = undo(state, rates[i], n)
		}
		s.seen.put(all[i].name, state, now)
		g.Statuses = append(g.Statuses, all[i].rateStatus(state, now))
	}
	g.passed = all
	return g, nil
}

func (g *Grant) refuse(l limit, state db.RateState, now time.Time) error {
	status := l.rateStatus(state, now)
	status.Exceeded = true
	g.Statuses = append(g.Statuses, status)
	return rateLimited(status)
}
