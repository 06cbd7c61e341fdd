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
	"github.com/certana/certana/internal/db/dbtest"
	"github.com/certana/certana/internal/quota"
)

// start is a moment from which a test moves its clock.
var start = time.Date(2024, 1, 31, 23, 50, 0, 0, time.UTC)

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d.Seconds())) }

// process is one of several processes on one database.
func process(t *testing.T, dir string, at *clock, change func(*quota.Config)) (*quota.Service, *db.DB) {
	t.Helper()
	c := dbtest.In(t, dir)
	c.Now = at.now
	rows, err := db.Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { rows.Close() })
	limits := quota.DefaultConfig()
	if change != nil {
		change(&limits)
	}
	s, err := quota.New(limits, rows, at.now)
	must(t, err)
	return s, rows
}

func setup(t *testing.T, change func(*quota.Config)) (*quota.Service, *db.DB, *clock) {
	t.Helper()
	at := &clock{}
	at.at.Store(start.Unix())
	s, rows := process(t, t.TempDir(), at, change)
	return s, rows, at
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func status(t *testing.T, what string, s quota.Status, used, remaining int64, reset string) {
	t.Helper()
	if s.Used != used || s.Remaining != remaining || s.Reset.Format(time.RFC3339) != reset {
		t.Errorf("%s: %+v, want %d used, %d remaining, reset %s", what, s, used, remaining, reset)
	}
}

func refused(t *testing.T, what string, err error, code asset.Code) {
	t.Helper()
	if !asset.Is(err, code) {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestPlansAndWindows(t *testing.T) {
	s, _, at := setup(t, nil)
	org := asset.NewID()
	g, err := s.Verifications(t.Context(), org, "free", 8)
	must(t, err)
	status(t, "eight", g.Statuses[0], 8, 2, "2024-02-01T00:00:00Z")
	g, err = s.Verifications(t.Context(), org, "free", 3)
	refused(t, "three more", err, asset.QuotaExceeded)
	status(t, "a refusal takes nothing", g.Statuses[0], 8, 2, "2024-02-01T00:00:00Z")
	g, err = s.Verifications(t.Context(), org, "free", 2)
	must(t, err)
	must(t, g.GiveBack(t.Context(), 1))
	status(t, "one given back", g.Statuses[0], 9, 1, "2024-02-01T00:00:00Z")
	if _, err = s.Verifications(t.Context(), asset.NewID(), "free", 11); !asset.Is(err, asset.QuotaExceeded) {
		t.Errorf("more than a day's at once: %v", err)
	}
	for plan, limits := range map[string][2]int64{"free": {10, 100}, "pro": {1000, 10000}, "enterprise": {0, 0}} {
		v, u, err := s.Usage(t.Context(), org, plan)
		must(t, err)
		if v.Limit != limits[0] || u.Limit != limits[1] || v.Used != 9 || u.Used != 0 {
			t.Errorf("%s: %+v %+v", plan, v, u)
		}
	}
	// Enterprise is counted and not limited.
	g, err = s.Verifications(t.Context(), org, "enterprise", 100000)
	must(t, err)
	status(t, "enterprise", g.Statuses[0], 100009, 0, "2024-02-01T00:00:00Z")

	g, err = s.Uploads(t.Context(), org, "free")
	must(t, err)
	status(t, "an upload", g.Statuses[0], 1, 99, "2024-02-01T00:00:00Z")
	at.advance(10 * time.Minute) // the next day, and the next month
	v, u, err := s.Usage(t.Context(), org, "free")
	must(t, err)
	status(t, "the next day", v, 0, 10, "2024-02-02T00:00:00Z")
	status(t, "the next month", u, 0, 100, "2024-03-01T00:00:00Z")
}

// Many processes on one database pass no limit together, and use it up.
func TestLimitsHoldAcrossProcesses(t *testing.T) {
	at := &clock{}
	at.at.Store(start.Unix())
	dir, org, key := t.TempDir(), asset.NewID(), asset.NewID()
	var verified, asked atomic.Int64
	var all sync.WaitGroup
	for range 3 {
		s, _ := process(t, dir, at, func(c *quota.Config) { c.FreeVerifications, c.KeyPerHour = 20, 250 })
		for range 4 {
			all.Go(func() {
				for range 10 {
					if _, err := s.Verifications(context.Background(), org, "free", 1); err == nil {
						verified.Add(1)
					} else if !asset.Is(err, asset.QuotaExceeded) {
						t.Error(err)
					}
				}
				for range 100 {
					if _, err := s.Key(context.Background(), key); err == nil {
						asked.Add(1)
					} else if !asset.Is(err, asset.RateLimited) {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	if verified.Load() != 20 {
		t.Errorf("%d verifications of 20", verified.Load())
	}
	if asked.Load() != 250 {
		t.Errorf("%d requests of 250", asked.Load())
	}
}

func TestKeyLimits(t *testing.T) {
	s, _, at := setup(t, func(c *quota.Config) { c.KeyPerHour, c.KeyPerDay = 250, 1000 })
	key := asset.NewID()
	for i := range int64(250) {
		g, err := s.Key(t.Context(), key)
		must(t, err)
		if g.Statuses[0].Remaining != 249-i || g.Statuses[1].Remaining != 999-i {
			t.Fatalf("after %d: %+v", i+1, g.Statuses)
		}
	}
	g, err := s.Key(t.Context(), key)
	refused(t, "one more", err, asset.RateLimited)
	if !g.Statuses[0].Exceeded {
		t.Errorf("it does not say which: %+v", g.Statuses)
	}
	hour, day, err := s.KeyUsage(t.Context(), key)
	must(t, err)
	status(t, "hour", hour, 250, 0, "2024-02-01T00:00:00Z")
	status(t, "day", day, 250, 750, "2024-02-01T00:00:00Z")
	if _, err := s.Key(t.Context(), asset.NewID()); err != nil {
		t.Errorf("another key: %v", err)
	}
	at.advance(10 * time.Minute)
	_, err = s.Key(t.Context(), key)
	must(t, err)

	// The day's limit holds when no hour's does.
	s, _, _ = setup(t, func(c *quota.Config) { c.KeyPerHour, c.KeyPerDay = 0, 3 })
	for range 3 {
		_, err := s.Key(t.Context(), key)
		must(t, err)
	}
	_, err = s.Key(t.Context(), key)
	refused(t, "the fourth of three", err, asset.RateLimited)
}

// A key that asks for its 5000 within ten minutes gets them, counted down one by
// one, and not one more in that hour, although the even rate would let some in;
// the next hour does not begin with as many again.
func TestPrintedNumber(t *testing.T) {
	for _, shared := range []bool{true, false} {
		s, _, at := setup(t, func(c *quota.Config) { c.Shared = shared })
		key := asset.NewID()
		for i := range int64(5000) {
			g, err := s.Key(t.Context(), key)
			must(t, err)
			if g.Statuses[0].Limit != 5000 || g.Statuses[0].Remaining != 4999-i || g.Statuses[1].Remaining < 49999-i {
				t.Fatalf("after %d: %+v", i+1, g.Statuses)
			}
			if i%10 == 9 {
				at.advance(time.Second) // 500 in all, 694 intervals
			}
		}
		g, err := s.Key(t.Context(), key)
		refused(t, "the 5001st", err, asset.RateLimited)
		if next := g.Statuses[0].Next.UTC().Format(time.RFC3339); next != "2024-02-01T00:00:00Z" {
			t.Errorf("shared %v: come back at %s", shared, next)
		}
		at.advance(100 * time.Second)
		let := 0
		for {
			if _, err := s.Key(t.Context(), key); err != nil {
				break
			}
			let++
		}
		if let != 833 { // 600 s after the first of the burst
			t.Errorf("shared %v: %d are let in at the turn of the hour", shared, let)
		}
	}
}

func TestAddresses(t *testing.T) {
	s, _, at := setup(t, func(c *quota.Config) {
		c.AnonymousVerifications, c.Registrations, c.Logins, c.LoginsPerUser = 2, 1, 3, 2
	})
	one, same, other := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:2"), netip.MustParseAddr("2001:db8:0:1::1")
	_, err := s.Anonymous(t.Context(), one, 1)
	must(t, err)
	_, err = s.Anonymous(t.Context(), same, 1)
	must(t, err)
	_, err = s.Anonymous(t.Context(), one, 1)
	refused(t, "the same /64", err, asset.QuotaExceeded)
	_, err = s.Anonymous(t.Context(), other, 1)
	must(t, err)
	v4, mapped := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("::ffff:192.0.2.1")
	_, err = s.Attempt(t.Context(), quota.Registration, v4, "")
	must(t, err)
	_, err = s.Attempt(t.Context(), quota.Registration, mapped, "")
	refused(t, "the same address in another form", err, asset.RateLimited)

	for range 2 {
		_, err = s.Attempt(t.Context(), quota.Login, v4, "user@example.com")
		must(t, err)
	}
	_, err = s.Attempt(t.Context(), quota.Login, v4, "USER@example.com ")
	refused(t, "the third for one user", err, asset.RateLimited)
	g, err := s.Attempt(t.Context(), quota.Login, v4, "other@example.com")
	must(t, err)
	_, err = s.Attempt(t.Context(), quota.Login, v4, "third@example.com")
	refused(t, "the fourth from one address", err, asset.RateLimited)
	must(t, g.GiveBack(t.Context(), 1)) // the one that succeeded
	_, err = s.Attempt(t.Context(), quota.Login, v4, "third@example.com")
	must(t, err)
	at.advance(15 * time.Minute)
	_, err = s.Attempt(t.Context(), quota.Login, v4, "user@example.com")
	must(t, err)
}

func TestAddressBehindProxies(t *testing.T) {
	s, _, _ := setup(t, func(c *quota.Config) { c.TrustedProxies = []string{"127.0.0.0/8", "10.0.0.0/8"} })
	for _, c := range []struct {
		remote, forwarded, want string
	}{
		{"198.51.100.7:1234", "203.0.113.9", "198.51.100.7"}, // a client may write what it likes
		{"127.0.0.1:1234", "203.0.113.9", "203.0.113.9"},
		{"[::ffff:127.0.0.1]:1234", "203.0.113.9, 10.1.2.3", "203.0.113.9"},
		{"127.0.0.1:1234", "1.1.1.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"}, // forged in front
		{"127.0.0.1:1234", "", "127.0.0.1"},
		{"127.0.0.1:1234", "nonsense", "127.0.0.1"},
		{"127.0.0.1:1234", "nonsense, 203.0.113.9", "203.0.113.9"},
	} {
		if got := s.Address(c.remote, []string{c.forwarded}); got.String() != c.want {
			t.Errorf("%s forwarding %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
	for _, bad := range []quota.Config{{Logins: -1}, {TrustedProxies: []string{"10.0.0.1"}}} {
		if _, err := quota.New(bad, nil, nil); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

// Counts of windows that are over are forgotten, those that run are kept.
func TestForgotten(t *testing.T) {
	s, rows, at := setup(t, nil)
	org := asset.NewID()
	for range 3 {
		_, err := s.Verifications(t.Context(), org, "free", 1)
		must(t, err)
		at.advance(24 * time.Hour)
	}
	_, err := s.Uploads(t.Context(), org, "free")
	must(t, err)
	n, err := rows.ExpireCounters(t.Context())
	must(t, err)
	if n != 3 {
		t.Errorf("%d counters were forgotten", n)
	}
	if _, u, err := s.Usage(t.Context(), org, "free"); err != nil || u.Used != 1 {
		t.Errorf("uploads %+v, %v", u, err)
	}
}
