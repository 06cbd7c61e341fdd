package db_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
)

// hourly is a rate in the hour of a moment.
func hourly(name string, at time.Time, most int64) db.Rate {
	start := at.Truncate(time.Hour)
	return db.Rate{Name: name, Window: db.Window{Start: start, End: start.Add(time.Hour)}, Most: most}
}

func TestRates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, c db.Config) {
		noon := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
		now := noon
		c.Now = func() time.Time { return now }
		d := open(t, c)
		take := func(what string, at time.Duration, n int64, refused int, all ...string) []db.RateState {
			t.Helper()
			now = noon.Add(at)
			var rates []db.Rate
			for _, name := range all {
				rates = append(rates, hourly(name, now, map[string]int64{"one": 1, "four": 4, "many": 1 << 40}[name]))
			}
			states, got, err := d.TakeRates(t.Context(), rates, now, n)
			must(t, err)
			want(t, what, got, refused)
			return states
		}
		holds := func(what, name string, used int64, tat time.Duration) {
			t.Helper()
			s, err := d.RateState(t.Context(), name)
			must(t, err)
			want(t, what, fmt.Sprint(s.Used, time.UnixMicro(s.TAT).UTC()), fmt.Sprint(used, noon.Add(tat)))
		}
		want(t, "no rates", len(take("none", 0, 1, -1)), 0)
		take("a burst", 50*time.Minute, 4, -1, "four")
		take("more", 50*time.Minute, 1, 0, "four")
		take("at once more than there ever is", 0, 2, 0, "one")
		holds("after the burst", "four", 4, 110*time.Minute)
		take("before the turn", 59*time.Minute, 1, 0, "four")
		take("too early after it", 64*time.Minute, 1, 0, "four")
		take("one interval after the burst", 65*time.Minute, 1, -1, "four")
		holds("in the next hour", "four", 1, 125*time.Minute)

		// By all or by none.
		take("one", 65*time.Minute, 1, -1, "one")
		states := take("both, of which one refuses", 80*time.Minute, 1, 1, "four", "one")
		want(t, "told", len(states), 2)
		holds("nothing is taken", "four", 1, 125*time.Minute)
		take("both", 130*time.Minute, 1, -1, "four", "one")
		holds("from rest", "four", 1, 145*time.Minute)

		// What is given back may be taken again, in its window or after.
		r := hourly("four", now, 4)
		must(t, d.ReturnRates(t.Context(), []db.Rate{r, hourly("one", now, 1), hourly("never", now, 1)}, 1))
		holds("given back", "four", 0, 130*time.Minute)
		take("again", 130*time.Minute, 1, -1, "one")

		// A clock that is behind counts in the window that another has begun.
		take("ahead", 181*time.Minute, 1, -1, "four")
		take("behind", 179*time.Minute, 1, -1, "four")
		s, err := d.RateState(t.Context(), "four")
		must(t, err)
		want(t, "counted together", s.Used, 2)
		want(t, "in the later hour", s.StartsAt, noon.Add(3*time.Hour).Unix())

		take("no interval", 181*time.Minute, 1<<39, -1, "many")
		take("no interval", 181*time.Minute, 1<<39, -1, "many")
		take("beyond", 181*time.Minute, 1, 0, "many")

		// It is forgotten when it limits nothing, not before.
		now = noon.Add(4*time.Hour - time.Minute)
		n, err := d.ExpireCounters(t.Context())
		must(t, err)
		want(t, "forgotten early", n, 1) // one's, which ended at three
		now = noon.Add(4*time.Hour + time.Minute)
		n, err = d.ExpireCounters(t.Context())
		must(t, err)
		want(t, "forgotten", n, 2)
	})
}

// One statement decides: of many at the same time no more pass than may.
func TestRatesAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		now := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
		rates := []db.Rate{hourly("a", now, 100), hourly("b", now, 7), hourly("c", now, 100)}
		var passed atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 5 {
					_, refused, err := d.TakeRates(t.Context(), rates, now, 1)
					if err != nil {
						t.Error(err)
					}
					if refused < 0 {
						passed.Add(1)
					}
				}
			})
		}
		all.Wait()
		want(t, "passed", passed.Load(), 7)
		for _, r := range rates {
			s, err := d.RateState(t.Context(), r.Name)
			must(t, err)
			want(t, r.Name, s.Used, 7)
		}
	})
}
