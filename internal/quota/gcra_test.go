package quota

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
)

// bucket is the slow twin: GCRA's other form, the continuous-state leaky bucket
// (ITU-T I.371, annex A), whose content drains one microsecond a microsecond and
// takes T for each that comes, beside a log of what came.
type bucket struct {
	content, last int64
	came          []int64
}

func (b *bucket) take(r db.Rate, now time.Time, n int64) bool {
	at, inWindow := now.UnixMicro(), int64(0)
	for _, t := range b.came {
		if t >= r.Window.Start.UnixMicro() {
			inWindow++
		}
	}
	content := max(0, b.content-(at-b.last))
	if content+n*r.Interval() > r.Most*r.Interval() || inWindow+n > r.Most {
		return false
	}
	b.content, b.last = content+n*r.Interval(), at
	for range n {
		b.came = append(b.came, at)
	}
	return true
}

// The rule in SQL, the rule in Go and the slow twin let the same ones pass, and
// tell the same of how many more would.
func TestTwins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, c db.Config) {
		rows, err := db.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { rows.Close() })
		random := rand.New(rand.NewPCG(1, 2))
		for round, most := range []int64{1, 2, 5, 7, 60, 5000} {
			name, inMemory, slow := fmt.Sprint("twins/", round), newMemory(), &bucket{}
			now := time.Date(2024, 1, 31, 23, 40, 0, 0, time.UTC)
			passed, turned := 0, 0
			for range 150 {
				// Mostly close together, now and then after a long rest.
				now = now.Add(time.Duration(random.ExpFloat64() * random.Float64() * float64(time.Hour) / float64(most)).Truncate(time.Microsecond))
				if random.IntN(20) == 0 {
					now = now.Add(time.Duration(random.Int64N(int64(2 * time.Hour))).Truncate(time.Microsecond))
				}
				n := 1 + random.Int64N(max(1, most/3))
				if random.IntN(15) == 0 {
					n = most + random.Int64N(2)
				}
				r := db.Rate{Name: name, Window: span(now, time.Hour), Most: most}
				s1, refused1, err := rows.TakeRates(t.Context(), []db.Rate{r}, now, n)
				if err != nil {
					t.Fatal(err)
				}
				s2, refused2, _ := inMemory.TakeRates(t.Context(), []db.Rate{r}, now, n)
				ok := slow.take(r, now, n)
				free1, _, _ := free(s1[0], r, now)
				free2, _, _ := free(s2[0], r, now)
				if (refused1 < 0) != ok || (refused2 < 0) != ok || free1 != free2 || (!ok && free1 >= n) {
					t.Fatalf("%d at %s: SQL %d %+v, memory %d %+v, twin %v", n, now, refused1, s1, refused2, s2, ok)
				}
				if ok {
					passed++
				} else {
					turned++
				}
			}
			if passed < 20 || turned < 5 {
				t.Errorf("%d: %d passed and %d did not: it tests little", most, passed, turned)
			}
		}
	})
}

// Whoever asks all the time gets no more than the printed number in any hour of
// the clock, and no more than a burst and the even rate in any span; and gets
// that.
func TestBounds(t *testing.T) {
	const most = 40
	cells, now := newMemory(), time.Date(2024, 1, 31, 23, 59, 30, 0, time.UTC)
	begin, step := now, int64(time.Hour/time.Microsecond)/most
	var came []int64
	for now.Before(begin.Add(4 * time.Hour)) {
		r := db.Rate{Name: "n", Window: span(now, time.Hour), Most: most}
		_, refused, _ := cells.TakeRates(t.Context(), []db.Rate{r}, now, 1)
		if refused < 0 {
			came = append(came, now.UnixMicro())
		} else {
			now = now.Add(time.Second)
		}
	}
	hours := map[int64]int{}
	for i, first := range came {
		hours[first/3600e6]++
		for j, last := range came[i:] {
			if int64(j+1) > most+(last-first)/step {
				t.Fatalf("%d in %s", j+1, time.Duration(last-first)*time.Microsecond)
			}
		}
	}
	for hour, n := range hours {
		if n > most {
			t.Errorf("%d in the hour %d", n, hour)
		}
	}
	if len(came) < 4*most {
		t.Errorf("only %d in four hours", len(came))
	}
	turn := 0
	for _, at := range came {
		if at < begin.Add(2*time.Minute).UnixMicro() {
			turn++
		}
	}
	if turn != most+1 { // a fixed window would give twice as many
		t.Errorf("%d across the turn of the hour", turn)
	}
}

// What is refused tells when to come again, and then it is let in, not sooner.
func TestNext(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, most := range []int64{1, 3, 10} {
		cells, now := newMemory(), time.Date(2024, 1, 31, 12, 0, 0, 0, time.UTC)
		try := func(at time.Time) (bool, time.Time) {
			r := db.Rate{Name: "n", Window: span(at, time.Hour), Most: most}
			states, refused, _ := cells.TakeRates(t.Context(), []db.Rate{r}, at, 1)
			_, _, next := free(states[0], r, at)
			return refused < 0, next
		}
		for range 100 {
			ok, next := try(now)
			if ok {
				now = now.Add(time.Duration(random.Int64N(int64(10 * time.Minute))).Truncate(time.Microsecond))
				continue
			}
			if early, _ := try(next.Add(-time.Microsecond)); early || !next.After(now) {
				t.Fatalf("most %d: it is let in before %s, at %s", most, next, now)
			}
			if ok, _ = try(next); !ok {
				t.Fatalf("most %d: it is not let in at %s", most, next)
			}
			now = next
		}
	}
}

// A process's memory has a bound, whoever comes; what limits somebody stays
// before what does not.
func TestMemoryIsBounded(t *testing.T) {
	cells, now := newMemory(), time.Date(2024, 1, 31, 12, 0, 0, 0, time.UTC)
	for i := range shards * maxCells * 3 / 2 {
		at := now
		if i >= shards*maxCells/2 {
			at = now.Add(3 * time.Hour)
		}
		r := db.Rate{Name: fmt.Sprint(i), Window: span(at, time.Hour), Most: 1}
		if _, _, err := cells.TakeRates(t.Context(), []db.Rate{r}, at, 1); err != nil {
			t.Fatal(err)
		}
	}
	for i := range cells.shards {
		if n := len(cells.shards[i].cells); n > maxCells || n < maxCells/2 {
			t.Errorf("a shard holds %d", n)
		}
	}
}
