package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/quota"
)

// Limits is the part of *quota.Service that is called from here.
type Limits interface {
	Address(remote string, forwarded []string) netip.Addr
	Key(ctx context.Context, id asset.ID) (*quota.Grant, error)
	KeyUsage(ctx context.Context, id asset.ID) (hour, day quota.Status, err error)
	Verifications(ctx context.Context, org asset.ID, plan string, n int) (*quota.Grant, error)
	Uploads(ctx context.Context, org asset.ID, plan string) (*quota.Grant, error)
	Anonymous(ctx context.Context, addr netip.Addr, n int) (*quota.Grant, error)
	Attempt(ctx context.Context, kind quota.Kind, addr netip.Addr, subject string) (*quota.Grant, error)
	Failed(ctx context.Context, kind quota.Kind, addr netip.Addr, subject string) (*quota.Grant, error)
	Usage(ctx context.Context, org asset.ID, plan string) (verifications, uploads quota.Status, err error)
}

// withKeyLimit counts the requests of API keys.
func (s *server) withKeyLimit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := callerOf(r.Context()).KeyID; s.Limits != nil && key != nil {
			g, err := s.Limits.Key(r.Context(), *key)
			if _, err := govern(r.Context(), g, err); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// govern puts what a limit says of a request into the headers of its answer.
func govern(ctx context.Context, g *quota.Grant, err error) (*quota.Grant, error) {
	if g != nil {
		x := exchangeOf(ctx)
		x.limits = append(x.limits, g)
		x.tellLimits()
	}
	return g, err
}

// tellLimits sets the headers: X-RateLimit-Limit, -Remaining and -Reset (Unix
// seconds) to the tightest limit: one that is exceeded, else the one with the
// least remaining, and of equals the one that lasts longest; RateLimit-Policy and
// RateLimit to all of them, as the lists of structured fields (RFC 9651) that
// draft-ietf-httpapi-ratelimit-headers-10 (27 September 2025) makes of them: q is
// the quota of a window of w seconds, r what is left, t in how many seconds more
// is.
func (x *exchange) tellLimits() {
	var tightest quota.Status
	policies, states := make([]byte, 0, 64), make([]byte, 0, 64)
	for _, g := range x.limits {
		for _, s := range g.Statuses {
			if s.Limit == 0 {
				continue
			}
			if tightest.Limit == 0 || tighter(s, tightest) {
				tightest = s
			}
			policies = item(policies, s.Policy, ";q=", s.Limit, ";w=", int64(s.Window/time.Second))
			states = item(states, s.Policy, ";r=", s.Remaining, ";t=", secondsUntil(s.Reset))
		}
	}
	if tightest.Limit == 0 || x.ResponseWriter == nil {
		return
	}
	// Written as the contract prints them: Set would make X-Ratelimit of it.
	h := x.Header()
	values := [...]string{strconv.FormatInt(tightest.Limit, 10), strconv.FormatInt(tightest.Remaining, 10),
		strconv.FormatInt(unixUp(tightest.Reset), 10), string(policies), string(states)}
	for i, name := range [...]string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Policy", "RateLimit"} {
		h[name] = values[i : i+1 : i+1]
	}
}

// item adds one to a list of structured fields: a name and two parameters.
func item(list []byte, name, p string, v int64, q string, w int64) []byte {
	if len(list) > 0 {
		list = append(list, ", "...)
	}
	list = append(append(append(list, '"'), name...), '"')
	list = strconv.AppendInt(append(list, p...), v, 10)
	return strconv.AppendInt(append(list, q...), w, 10)
}

// unixUp is the first whole second that is not before t.
func unixUp(t time.Time) int64 { return t.Add(time.Second - 1).Unix() }

func secondsUntil(t time.Time) int64 { return max(0, int64((time.Until(t)+time.Second-1)/time.Second)) }

func tighter(a, b quota.Status) bool {
	switch {
	case a.Exceeded != b.Exceeded:
		return a.Exceeded
	case a.Remaining != b.Remaining:
		return a.Remaining < b.Remaining
	}
	return a.Reset.After(b.Reset)
}

// retryAfter is in how many seconds what was exceeded lets the next one in.
func (x *exchange) retryAfter() string {
	seconds := int64(1)
	for _, g := range x.limits {
		for _, s := range g.Statuses {
			if s.Exceeded {
				seconds = max(seconds, secondsUntil(s.Next))
			}
		}
	}
	return strconv.FormatInt(seconds, 10)
}

// address is where a request comes from.
func (s *server) address(ctx context.Context) netip.Addr { return s.addressOf(requestOf(ctx)) }

func (s *server) addressOf(r *http.Request) netip.Addr {
	return s.Limits.Address(r.RemoteAddr, r.Header.Values("X-Forwarded-For"))
}

// takeVerifications takes n from the organization's day, or from the address's.
func (s *server) takeVerifications(ctx context.Context, n int) (*quota.Grant, error) {
	if s.Limits == nil {
		return &quota.Grant{}, nil
	}
	who := callerOf(ctx)
	if who.anonymous {
		g, err := s.Limits.Anonymous(ctx, s.address(ctx), n)
		return govern(ctx, g, err)
	}
	o, err := s.Rows.OrganizationByID(ctx, who.OrganizationID)
	if err != nil {
		return nil, err
	}
	g, err := s.Limits.Verifications(ctx, o.ID, o.Plan, n)
	return govern(ctx, g, err)
}

// takeUpload takes one from the organization's month.
func (s *server) takeUpload(ctx context.Context) (*quota.Grant, error) {
	if s.Limits == nil {
		return &quota.Grant{}, nil
	}
	o, err := s.Rows.OrganizationByID(ctx, callerOf(ctx).OrganizationID)
	if err != nil {
		return nil, err
	}
	g, err := s.Limits.Uploads(ctx, o.ID, o.Plan)
	return govern(ctx, g, err)
}

// attempt takes one try of a kind before it is made, or answers RATE_LIMITED. Give
// it back where only failures are meant to count.
func (s *server) attempt(ctx context.Context, kind quota.Kind, subject string) (*quota.Grant, error) {
	if s.Limits == nil {
		return &quota.Grant{}, nil
	}
	g, err := s.Limits.Attempt(ctx, kind, s.address(ctx), subject)
	return govern(ctx, g, err)
}

// failed counts a failure of a kind after it happened: it answers err, or
// RATE_LIMITED when there were too many.
func (s *server) failed(ctx context.Context, kind quota.Kind, subject string, err error) error {
	return s.failedFrom(requestOf(ctx), kind, subject, err)
}

// failedFrom is failed where there is no handler yet.
func (s *server) failedFrom(r *http.Request, kind quota.Kind, subject string, err error) error {
	if s.Limits == nil {
		return err
	}
	g, limited := s.Limits.Failed(r.Context(), kind, s.addressOf(r), subject)
	if _, limited = govern(r.Context(), g, limited); limited != nil {
		return limited
	}
	return err
}

func (s *server) loginAllowed(ctx context.Context, email string) (*quota.Grant, error) {
	return s.attempt(ctx, quota.Login, email)
}

func (s *server) registrationAllowed(ctx context.Context) error {
	_, err := s.attempt(ctx, quota.Registration, "")
	return err
}

// giveBack undoes n of what was taken, although the client may have left.
func (s *server) giveBack(ctx context.Context, g *quota.Grant, n int64) {
	if n == 0 {
		return
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := g.GiveBack(within, n); err != nil {
		s.Log.ErrorContext(ctx, "a quota could not be given back", "request_id", exchangeOf(ctx).id, "error", err)
	}
	exchangeOf(ctx).tellLimits()
}

// ours reports whether a failure is the server's own.
func ours(err error) bool {
	return err != nil && statusOf[asset.AsError(err).Code] >= http.StatusInternalServerError
}
