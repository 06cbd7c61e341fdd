package quota

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Rows is where counts are kept; *db.DB has it.
type Rows interface {
	Count(ctx context.Context, name string, w db.Window, n, most int64) (used int64, ok bool, err error)
	Counted(ctx context.Context, name string, w db.Window) (int64, error)
	Uncount(ctx context.Context, name string, w db.Window, n int64) error
}

// Service counts. It is safe for concurrent use.
type Service struct {
	cfg     Config
	rows    Rows
	now     func() time.Time
	proxies []netip.Prefix
	leases  leases
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
	return &Service{cfg: c, rows: rows, now: now, proxies: proxies}, err
}

// Status is how a limit stands.
type Status struct {
	Limit     int64 // 0 for none
	Used      int64
	Remaining int64 // 0 with Limit 0
	Reset     time.Time
	Exceeded  bool // it is why a request is refused
}

// Grant is what was taken for a request. The zero value is nothing.
type Grant struct {
	Statuses []Status // of the limits that govern the request
	taken    []limit  // of Statuses, the first ones
	rows     Rows
}

// GiveBack undoes n of what was taken.
func (g *Grant) GiveBack(ctx context.Context, n int64) error {
	var errs []error
	for _, l := range g.taken {
		errs = append(errs, g.rows.Uncount(ctx, l.name, l.window, n))
	}
	g.GivenBack(n)
	return errors.Join(errs...)
}

// GivenBack only tells the statuses that n was given back, by somebody else.
func (g *Grant) GivenBack(n int64) {
	for i, l := range g.taken {
		g.Statuses[i] = l.status(max(0, g.Statuses[i].Used-n))
	}
}

// limit is one counter and how far it may go.
type limit struct {
	name   string
	window db.Window
	most   int64 // 0: counted all the same
}

func (l limit) status(used int64) Status {
	s := Status{Limit: l.most, Used: used, Reset: l.window.End}
	if l.most > 0 {
		s.Remaining = max(0, l.most-used)
	}
	return s
}

// take counts n against every limit, or against none: the first that is exceeded
// is answered as err's code. The grant tells how they stand either way.
func (s *Service) take(ctx context.Context, n int64, refuse func(limit) error, all ...limit) (*Grant, error) {
	g := &Grant{rows: s.rows}
	for _, l := range all {
		most := l.most
		if most == 0 {
			most = math.MaxInt64
		}
		used, ok, err := s.rows.Count(ctx, l.name, l.window, n, most)
		if err != nil {
			return g, errors.Join(err, g.GiveBack(ctx, n))
		}
		status := l.status(used)
		status.Exceeded = !ok
		g.Statuses = append(g.Statuses, status)
		if !ok {
			if err := g.GiveBack(ctx, n); err != nil {
				return g, err
			}
			return g, refuse(l)
		}
		g.taken = append(g.taken, l)
	}
	return g, nil
}

func quotaExceeded(what string) func(limit) error {
	return func(l limit) error {
		return asset.Errorf(asset.QuotaExceeded, nil, "the quota of %d %s is used up until %s", l.most, what, l.window.End.Format(time.RFC3339))
	}
}

func rateLimited(l limit) error {
	return asset.Errorf(asset.RateLimited, nil, "too many attempts; come back after %s", l.window.End.Format(time.RFC3339))
}

// Verifications takes n verifications of an organization's day, or answers
// QUOTA_EXCEEDED.
func (s *Service) Verifications(ctx context.Context, org asset.ID, plan string, n int) (*Grant, error) {
	return s.take(ctx, int64(n), quotaExceeded("verifications a day"), s.verifications(org, plan))
}

// Uploads takes one upload of an organization's month, or answers QUOTA_EXCEEDED.
func (s *Service) Uploads(ctx context.Context, org asset.ID, plan string) (*Grant, error) {
	return s.take(ctx, 1, quotaExceeded("uploads a month"), s.uploads(org, plan))
}

// Anonymous takes n verifications of an address's day, or answers
// QUOTA_EXCEEDED.
func (s *Service) Anonymous(ctx context.Context, addr netip.Addr, n int) (*Grant, error) {
	return s.take(ctx, int64(n), quotaExceeded("anonymous verifications a day"),
		limit{"anonymous/" + network(addr), day(s.now()), s.cfg.AnonymousVerifications})
}

// Login takes a try to log in, to be given back when it succeeds, or answers
// RATE_LIMITED.
func (s *Service) Login(ctx context.Context, addr netip.Addr, email string) (*Grant, error) {
	who := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(email))))
	from, w := network(addr), span(s.now(), 15*time.Minute)
	return s.take(ctx, 1, rateLimited, limited(
		limit{"login/" + from + "/" + hex.EncodeToString(who[:16]), w, s.cfg.LoginsPerUser},
		limit{"login/" + from, w, s.cfg.Logins})...)
}

// Registration takes a try to register, or answers RATE_LIMITED.
func (s *Service) Registration(ctx context.Context, addr netip.Addr) (*Grant, error) {
	return s.take(ctx, 1, rateLimited, limited(limit{"register/" + network(addr), span(s.now(), time.Hour), s.cfg.Registrations})...)
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
	return limit{"verify/" + org.String(), day(s.now()), most}
}

func (s *Service) uploads(org asset.ID, plan string) limit {
	_, most := s.cfg.plan(plan)
	return limit{uploadCounter(org), month(s.now()), most}
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
