package db_test

import (
	"testing"
	"time"

	"github.com/certana/certana/internal/db"
)

func TestRates(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		hour := db.Rate{Name: "hour", Window: db.Window{Start: now, End: now.Add(time.Hour)}, Most: 3}
		day := db.Rate{Name: "day", Window: db.Window{Start: now, End: now.Add(24 * time.Hour)}, Most: 100}
		both := []db.Rate{day, hour}
		take := func(what string, n int64, refused int, used int64) {
			t.Helper()
			states, at, err := d.TakeRates(t.Context(), both, now, n)
			must(t, err)
			want(t, what, words(at, states[1].Used), words(refused, used))
		}
		take("two", 2, -1, 2)
		take("two more of three", 2, 1, 2)
		take("more than ever", 4, 1, 2)
		take("the last", 1, -1, 3)
		must(t, d.ReturnRates(t.Context(), both, 1))
		s, err := d.RateState(t.Context(), "hour")
		must(t, err)
		want(t, "after one came back", words(s.Used, s.TAT), words(2, now.Add(40*time.Minute).UnixMicro()))
		s, err = d.RateState(t.Context(), "day")
		must(t, err)
		want(t, "what the hour refused is not counted for the day", s.Used, 2)
		s, err = d.RateState(t.Context(), "nobody's")
		must(t, err)
		want(t, "of nobody", s, db.RateState{})
	})
}
