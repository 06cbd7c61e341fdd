package db_test

import (
	"testing"
	"time"

	"github.com/certana/certana/internal/db"
)

func TestCounters(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		now := time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC)
		c.Now = func() time.Time { return now }
		d := open(t, c)
		hour := db.Window{Start: now.Truncate(time.Hour), End: now.Truncate(time.Hour).Add(time.Hour)}
		next := db.Window{Start: hour.End, End: hour.End.Add(time.Hour)}
		for i, step := range []struct {
			name    string
			w       db.Window
			n, most int64
			used    int64
			ok      bool
		}{
			{"a", hour, 3, 2, 0, false}, // more than there ever is
			{"a", hour, 2, 3, 2, true},
			{"a", hour, 2, 3, 2, false},
			{"a", hour, 1, 3, 3, true},
			{"a", hour, 1, 3, 3, false},
			{"a", hour, 1, 1 << 62, 4, true}, // a limit may be raised meanwhile
			{"a", hour, 1, 2, 4, false},      // and lowered
			{"a", next, 1, 3, 1, true},
			{"b", hour, 3, 3, 3, true},
		} {
			used, ok, err := d.Count(t.Context(), step.name, step.w, step.n, step.most)
			must(t, err)
			if used != step.used || ok != step.ok {
				t.Errorf("step %d: %d used, %v", i, used, ok)
			}
		}
		must(t, d.Uncount(t.Context(), "a", hour, 1))
		must(t, d.Uncount(t.Context(), "b", hour, 5)) // not below nothing
		must(t, d.Uncount(t.Context(), "c", hour, 1))
		for name, want := range map[string]int64{"a": 3, "b": 0, "c": 0} {
			if used, err := d.Counted(t.Context(), name, hour); err != nil || used != want {
				t.Errorf("%s: %d used, %v, want %d", name, used, err, want)
			}
		}
		now = hour.End.Add(time.Second)
		n, err := d.ExpireCounters(t.Context())
		must(t, err)
		want(t, "forgotten", n, 2)
		used, err := d.Counted(t.Context(), "a", next)
		must(t, err)
		want(t, "used in the next hour", used, 1)
	})
}
