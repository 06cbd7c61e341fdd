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
	Login(ctx context.Context, addr netip.Addr, email string) (*quota.Grant, error)
	Registration(ctx context.Context, addr netip.Addr) (*quota.Grant, error)
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

// tellLimits sets the headers to the tightest limit: one that is exceeded, else
// the one with the least remaining, and of equals the one that lasts longest.
func (x *exchange) tellLimits() {
	var tightest quota.Status
	for _, g := range x.limits {
		for _, s := range g.Statuses {
			if s.Limit > 0 && (tightest.Limit == 0 || tighter(s, tightest)) {
				tightest = s
			}
		}
	}
	if tightest.Limit == 0 || x.ResponseWriter == nil {
		return
	}
	h := x.Header()
	h.Set("X-RateLimit-Limit", strconv.FormatInt(tightest.Limit, 10))
	h.Set("X-RateLimit-Remaining", strconv.FormatInt(tightest.Remaining, 10))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(tightest.Reset.Unix(), 10))
}

func tighter(a, b quota.Status) bool {
	switch {
	case a.Exceeded != b.Exceeded:
		return a.Exceeded
	case a.Remaining != b.Remaining:
		return a.Remaining < b.Remaining
	}
	return a.Reset.After(b.Reset)
}

// retryAfter is in how many seconds what was exceeded begins anew.
func (x *exchange) retryAfter() string {
	seconds := int64(1)
	for _, g := range x.limits {
		for _, s := range g.Statuses {
			if s.Exceeded {
				seconds = max(seconds, int64(time.Until(s.Reset)/time.Second)+1)
			}
		}
	}
	return strconv.FormatInt(seconds, 10)
}

// address is where a request comes from.
func (s *server) address(ctx context.Context) netip.Addr {
	r := requestOf(ctx)
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

func (s *server) loginAllowed(ctx context.Context, email string) (*quota.Grant, error) {
	if s.Limits == nil {
		return &quota.Grant{}, nil
	}
	g, err := s.Limits.Login(ctx, s.address(ctx), email)
	return govern(ctx, g, err)
}

func (s *server) registrationAllowed(ctx context.Context) error {
	if s.Limits == nil {
		return nil
	}
	g, err := s.Limits.Registration(ctx, s.address(ctx))
	_, err = govern(ctx, g, err)
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
