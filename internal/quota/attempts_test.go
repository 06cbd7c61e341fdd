package quota_test

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/quota"
)

// attempt is one try and how it must end.
type attempt struct {
	addr, subject string
	refused       bool
}

// Every kind has the limits that its row says, and they are its own.
func TestKinds(t *testing.T) {
	const a, b = "192.0.2.1", "2001:db8::1"
	kinds := []struct {
		kind   quota.Kind
		change func(*quota.Config)
		window time.Duration
		tries  []attempt
	}{
		{quota.Login, func(c *quota.Config) { c.Logins, c.LoginsPerUser, c.LoginsPerUserAnywhere = 3, 2, 3 }, 15 * time.Minute,
			[]attempt{{a, "x", false}, {a, " X\x00", false}, {a, "x", true}, {b, "x", false}, {b, "\x00x", true}, {a, "y", false}, {a, "z", true}}},
		{quota.Registration, func(c *quota.Config) { c.Registrations = 1 }, time.Hour,
			[]attempt{{a, "", false}, {a, "", true}, {b, "", false}}},
		{quota.PasswordReset, func(c *quota.Config) { c.PasswordResets, c.PasswordResetsPerUser = 3, 2 }, time.Hour,
			[]attempt{{a, "x", false}, {b, "x", false}, {a, "x", true}, {a, "y", false}, {a, "z", false}, {a, "v", true}}},
		{quota.EmailVerification, func(c *quota.Config) { c.EmailVerifications, c.EmailVerificationsPerUser = 2, 1 }, time.Hour,
			[]attempt{{a, "x", false}, {b, "x", true}, {a, "y", false}, {a, "z", true}}},
		{quota.TOTP, func(c *quota.Config) { c.TOTPTries, c.TOTPTriesPerUser = 3, 2 }, 15 * time.Minute,
			[]attempt{{a, "x", false}, {b, "x", false}, {a, "x", true}, {a, "y", false}, {a, "y", false}, {a, "z", true}}},
		{quota.Invitation, func(c *quota.Config) { c.Invitations, c.InvitationsPerUser = 2, 1 }, time.Hour,
			[]attempt{{a, "x", false}, {b, "x", true}, {a, "y", false}, {a, "z", true}}},
		{quota.KeyValidation, func(c *quota.Config) { c.KeyFailures = 1 }, 15 * time.Minute,
			[]attempt{{a, "", false}, {a, "", true}, {b, "", false}}},
		{quota.Refresh, func(c *quota.Config) { c.RefreshFailures = 1 }, 15 * time.Minute,
			[]attempt{{a, "", false}, {a, "", true}, {b, "", false}}},
		{quota.OAuthToken, func(c *quota.Config) { c.OAuthFailures, c.OAuthFailuresPerClient = 2, 1 }, 15 * time.Minute,
			[]attempt{{a, "x", false}, {a, "x", true}, {b, "x", false}, {a, "y", false}, {a, "z", true}}},
		{quota.Serial, func(c *quota.Config) { c.SerialMisses, c.SerialMissesPerKey = 3, 2 }, time.Hour,
			[]attempt{{a, "x", false}, {b, "x", false}, {a, "x", true}, {a, "y", false}, {a, "z", false}, {a, "v", true}}},
		{quota.WebhookTest, func(c *quota.Config) { c.WebhookTests = 2 }, time.Minute,
			[]attempt{{a, "x", false}, {b, "x", false}, {a, "x", true}, {a, "y", false}}},
	}
	for _, shared := range []bool{true, false} {
		s, _, at := setup(t, func(q *quota.Config) {
			q.Shared = shared
			for _, c := range kinds {
				c.change(q)
			}
		})
		for _, c := range kinds {
			try := func(i int, a attempt) {
				t.Helper()
				g, err := s.Attempt(t.Context(), c.kind, netip.MustParseAddr(a.addr), a.subject)
				if (err != nil) != a.refused || (err != nil && !asset.Is(err, asset.RateLimited)) {
					t.Errorf("%s, shared %v, try %d: %v", c.kind, shared, i, err)
				}
				if last := g.Statuses[len(g.Statuses)-1]; last.Exceeded != a.refused || last.Window != c.window {
					t.Errorf("%s, shared %v, try %d: %+v", c.kind, shared, i, last)
				}
			}
			for i, a := range c.tries {
				try(i, a)
			}
			at.advance(c.window)
			for i, a := range c.tries { // all anew
				try(100+i, a)
			}
		}
	}
}

// A try that is refused by one limit takes nothing of the others, and one that is
// given back takes nothing at all.
func TestRefusalsTakeNothing(t *testing.T) {
	for _, shared := range []bool{true, false} {
		s, _, _ := setup(t, func(c *quota.Config) { c.Logins, c.LoginsPerUser, c.Shared = 5, 1, shared })
		addr := netip.MustParseAddr("192.0.2.1")
		_, err := s.Attempt(t.Context(), quota.Login, addr, "x")
		must(t, err)
		for range 20 {
			_, err = s.Attempt(t.Context(), quota.Login, addr, "x")
			refused(t, "x again", err, asset.RateLimited)
		}
		for range 20 {
			g, err := s.Attempt(t.Context(), quota.Login, addr, "y")
			must(t, err)
			must(t, g.GiveBack(t.Context(), 1))
		}
		g, err := s.Attempt(t.Context(), quota.Login, addr, "y")
		must(t, err)
		if g.Statuses[0].Remaining != 3 {
			t.Errorf("shared %v: %+v", shared, g.Statuses)
		}
	}
}

// Of many tries at the same time, in several processes, no more are made than the
// limit; each process sees what the others did.
func TestAttemptsAtOnce(t *testing.T) {
	at := &clock{}
	at.at.Store(start.Unix())
	dir, addr := t.TempDir(), netip.MustParseAddr("192.0.2.1")
	var made atomic.Int64
	var all sync.WaitGroup
	var last *quota.Service
	for range 3 {
		s, _ := process(t, dir, at, func(c *quota.Config) { c.TOTPTriesPerUser = 7 })
		last = s
		for range 4 {
			all.Go(func() {
				for range 5 {
					if _, err := s.Attempt(context.Background(), quota.TOTP, addr, "user"); err == nil {
						made.Add(1)
					} else if !asset.Is(err, asset.RateLimited) {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	if made.Load() != 7 {
		t.Errorf("%d tries of 7", made.Load())
	}
	_, err := last.Allowed(t.Context(), quota.TOTP, addr, "user")
	refused(t, "allowed", err, asset.RateLimited)
	fresh, _ := process(t, dir, at, func(c *quota.Config) { c.TOTPTriesPerUser = 7 })
	_, err = fresh.Attempt(t.Context(), quota.TOTP, addr, "user")
	refused(t, "in a process that starts now", err, asset.RateLimited)
}

// counting tells how often the rows were asked.
type counting struct {
	*db.DB
	taken, read atomic.Int64
}

func (c *counting) TakeRates(ctx context.Context, all []db.Rate, now time.Time, n int64) ([]db.RateState, int, error) {
	c.taken.Add(1)
	return c.DB.TakeRates(ctx, all, now, n)
}

func (c *counting) RateState(ctx context.Context, name string) (db.RateState, error) {
	c.read.Add(1)
	return c.DB.RateState(ctx, name)
}

// A flood that is refused costs the database next to nothing, and neither does
// asking whether failures are allowed.
func TestFloodIsCheap(t *testing.T) {
	_, rows, at := setup(t, nil)
	c := &counting{DB: rows}
	limits := quota.DefaultConfig()
	limits.KeyFailures, limits.KeyPerHour = 10, 100
	s, err := quota.New(limits, c, at.now)
	must(t, err)
	addr := netip.MustParseAddr("192.0.2.1")
	for range 1000 {
		_, _ = s.Failed(t.Context(), quota.KeyValidation, addr, "")
	}
	if n := c.taken.Load(); n != 10 {
		t.Errorf("a thousand failures asked %d times to be counted", n)
	}
	at.advance(2 * time.Second) // what was seen is not believed for ever
	_, err = s.Failed(t.Context(), quota.KeyValidation, addr, "")
	refused(t, "later", err, asset.RateLimited)
	if n := c.taken.Load(); n != 11 {
		t.Errorf("asked %d times", n)
	}
	for range 1000 {
		_, err := s.Allowed(t.Context(), quota.Serial, addr, "key")
		must(t, err)
	}
	if n := c.read.Load(); n != 2 {
		t.Errorf("a thousand looks read %d times", n)
	}
	c.taken.Store(0)
	key := asset.NewID()
	for range 1000 {
		_, _ = s.Key(t.Context(), key)
	}
	if n := c.taken.Load(); n != 101 { // an hour of 100 by ones, and one block of the day's
		t.Errorf("a thousand requests of a key asked %d times", n)
	}
}

// A limit that fails on the database's side is no refusal.
func TestBrokenDatabase(t *testing.T) {
	s, rows, _ := setup(t, nil)
	must(t, rows.Close())
	addr := netip.MustParseAddr("192.0.2.1")
	_, err := s.Attempt(t.Context(), quota.Login, addr, "x")
	_, err2 := s.Key(t.Context(), asset.NewID())
	_, err3 := s.Allowed(t.Context(), quota.Serial, addr, "x")
	for _, err := range []error{err, err2, err3} {
		if err == nil || asset.Is(err, asset.RateLimited) || asset.Is(err, asset.QuotaExceeded) {
			t.Errorf("%v", err)
		}
	}
}
