package quota

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Rows is where counts are kept, and rates when they are shared; *db.DB has it.
type Rows interface {
	Rates
	Count(ctx context.Context, name string, w db.Window, n, most int64) (used int64, ok bool, err error)
	Counted(ctx context.Context, name string, w db.Window) (int64, error)
	Uncount(ctx context.Context, name string, w db.Window, n int64) error
}

// Service counts. It is safe for concurrent use.
type Service struct {
	cfg     Config
	rows    Rows
	rates   Rates
	bounds  map[Kind]bound
	now     func() time.Time
	proxies []netip.Prefix
	leases  leases
	seen    seen
}

// New makes a service; now is time.Now when nil.
func New(c Config, rows Rows, now func() time.Time) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("quotas: %w", err)
	}
	if now == nil {
		now = time.Now
	}
	proxies, err := c.proxies()
	s := &Service{cfg: c, rows: rows, rates: rows, bounds: c.bounds(), now: now, proxies: proxies}
	if !c.Shared {
		s.rates = newMemory()
	}
	return s, err
}

// Status is how a limit stands.
type Status struct {
	Policy    string        // which limit, for RateLimit-Policy
	Window    time.Duration // what Limit is for
	Limit     int64         // 0 for none
	Used      int64
	Remaining int64     // 0 with Limit 0
	Reset     time.Time // when what holds now lets go
	Next      time.Time // when one more is let in, if none is now
	Exceeded  bool      // it is why a request is refused
}

// Grant is what was taken for a request. The zero value is nothing.
type Grant struct {
	Statuses []Status // of the limits that govern the request
	counted  []limit  // of Statuses, the first ones
	passed   []limit  // or these
	service  *Service
}

// GiveBack undoes n of what was taken.
func (g *Grant) GiveBack(ctx context.Context, n int64) error {
	var errs []error
	for _, l := range g.counted {
		errs = append(errs, g.service.rows.Uncount(ctx, l.name, l.window, n))
	}
	if len(g.passed) > 0 {
		rates := make([]db.Rate, len(g.passed))
		for i, l := range g.passed {
			rates[i] = l.rate()
			g.service.seen.forget(l.name)
		}
		errs = append(errs, g.service.rates.ReturnRates(ctx, rates, n))
	}
	g.GivenBack(n)
	return errors.Join(errs...)
}

// GivenBack only tells the statuses that n was given back, by somebody else.
func (g *Grant) GivenBack(n int64) {
	for i := range len(g.counted) + len(g.passed) {
		s := &g.Statuses[i]
		s.Used = max(0, s.Used-n)
		s.Remaining = min(s.Limit, s.Remaining+n)
	}
}

// limit is one counter or rate and how far it may go.
type limit struct {
	policy, name string
	window       db.Window
	most         int64 // 0: counted all the same
}

func (l limit) rate() db.Rate { return db.Rate{Name: l.name, Window: l.window, Most: l.most} }

func (l limit) length() time.Duration { return l.window.End.Sub(l.window.Start) }

// status tells how a counter stands.
func (l limit) status(used int64) Status {
	s := Status{Policy: l.policy, Window: l.length(), Limit: l.most, Used: used, Reset: l.window.End, Next: l.window.End}
	if l.most > 0 {
		s.Remaining = max(0, l.most-used)
	}
	return s
}

// count counts n against a quota, or answers QUOTA_EXCEEDED. The grant tells how
// it stands either way.
func (s *Service) count(ctx context.Context, n int64, what string, l limit) (*Grant, error) {
	g := &Grant{service: s}
	most := l.most
	if most == 0 {
		most = math.MaxInt64
	}
	used, ok, err := s.rows.Count(ctx, l.name, l.window, n, most)
	if err != nil {
		return g, err
	}
	status := l.status(used)
	status.Exceeded = !ok
	g.Statuses = []Status{status}
	if !ok {
		return g, asset.Errorf(asset.QuotaExceeded, nil, "%d %s asked for, and %d left of the quota of %d until %s",
			n, what, status.Remaining, l.most, l.window.End.Format(time.RFC3339))
	}
	g.counted = []limit{l}
	return g, nil
}

// Verifications takes n verifications of an organization's day, or answers
// QUOTA_EXCEEDED.
func (s *Service) Verifications(ctx context.Context, org asset.ID, plan string, n int) (*Grant, error) {
	return s.count(ctx, int64(n), "verifications a day", s.verifications(org, plan))
}

// Uploads takes one upload of an organization's month, or answers QUOTA_EXCEEDED.
func (s *Service) Uploads(ctx context.Context, org asset.ID, plan string) (*Grant, error) {
	return s.count(ctx, 1, "uploads a month", s.uploads(org, plan))
}

// Anonymous takes n verifications of an address's day, or answers
// QUOTA_EXCEEDED.
func (s *Service) Anonymous(ctx context.Context, addr netip.Addr, n int) (*Grant, error) {
	return s.count(ctx, int64(n), "anonymous verifications a day",
		limit{"anonymous-day", "anonymous/" + network(addr), day(s.now()), s.cfg.AnonymousVerifications})
}

// limited leaves out what is not limited.
func limited(all ...limit) (left []limit) {
	for _, l := range all {
		if l.most > 0 {
			left = append(left, l)
		}
	}
	return left
}

// Usage is how an organization's quotas stand.
func (s *Service) Usage(ctx context.Context, org asset.ID, plan string) (verifications, uploads Status, err error) {
	v, u := s.verifications(org, plan), s.uploads(org, plan)
	used, err := s.rows.Counted(ctx, v.name, v.window)
	if err != nil {
		return Status{}, Status{}, err
	}
	verifications = v.status(used)
	used, err = s.rows.Counted(ctx, u.name, u.window)
	return verifications, u.status(used), err
}

func (s *Service) verifications(org asset.ID, plan string) limit {
	most, _ := s.cfg.plan(plan)
	return limit{"verifications-day", "verify/" + org.String(), day(s.now()), most}
}

func (s *Service) uploads(org asset.ID, plan string) limit {
	_, most := s.cfg.plan(plan)
	return limit{"uploads-month", uploadCounter(org), month(s.now()), most}
}

func uploadCounter(org asset.ID) string { return "upload/" + org.String() }

// span is the fixed window of a length that divides a day.
func span(t time.Time, d time.Duration) db.Window {
	start := t.UTC().Truncate(d)
	return db.Window{Start: start, End: start.Add(d)}
}

func day(t time.Time) db.Window { return span(t, 24*time.Hour) }

func month(t time.Time) db.Window {
	t = t.UTC()
	start := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	return db.Window{Start: start, End: start.AddDate(0, 1, 0)}
}
