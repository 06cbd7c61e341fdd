package account_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
)

// rankDifference is the Mann-Whitney statistic of two samples as a normal
// deviate: 0 on average, with a standard deviation of 1, when both are of one
// distribution.
func rankDifference(a, b []time.Duration) float64 {
	type value struct {
		d  time.Duration
		of int
	}
	var all []value
	for _, d := range a {
		all = append(all, value{d: d})
	}
	for _, d := range b {
		all = append(all, value{d: d, of: 1})
	}
	slices.SortFunc(all, func(x, y value) int { return int(x.d - y.d) })
	var sum float64
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].d == all[i].d {
			j++
		}
		for k := i; k < j; k++ { // those that are equal share their ranks
			if all[k].of == 0 {
				sum += float64(i+j+1) / 2
			}
		}
		i = j
	}
	n, m := float64(len(a)), float64(len(b))
	u := sum - n*(n+1)/2
	return (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
}

// interleave measures two things in turns, in an order that chance decides each
// time: what else the machine does meets both.
func interleave(rounds int, a, b func()) (as, bs []time.Duration) {
	measure := func(f func()) time.Duration {
		start := time.Now()
		f()
		return time.Since(start)
	}
	for range rounds {
		if rand.N(2) == 0 {
			as = append(as, measure(a))
			bs = append(bs, measure(b))
		} else {
			bs = append(bs, measure(b))
			as = append(as, measure(a))
		}
	}
	return as, bs
}

// An address that somebody has and one that nobody has take equally long, in
// logging in and in asking for a reset. The bound is that of a chance of 1 in 10^9
// where there is no difference; sparing the hash or the job for unknown addresses
// gives 11 and 17 here, and 17.3 is the most that there is.
func TestTimingTellsNothing(t *testing.T) {
	const rounds, bound = 200, 6.1
	f := setup(t)
	// Enough for the hash to be most of the time, as it is in production.
	s, _ := f.process(func(c *account.Config) { c.Argon2 = account.Argon2{MemoryKiB: 1024, Passes: 1, Lanes: 1} })
	_, err := s.Register(t.Context(), account.Registration{Email: "known@example.com", Password: password})
	must(t, err)
	login := func(email string) func() {
		return func() {
			_, err := s.Login(t.Context(), account.SignIn{Email: email, Password: "a wrong password"})
			if !asset.Is(err, asset.InvalidCredentials) {
				t.Error(err)
			}
		}
	}
	forgot := func(email string) func() {
		return func() {
			if err := s.ForgotPassword(t.Context(), email); err != nil {
				t.Error(err)
			}
		}
	}
	for name, pair := range map[string][2]func(){
		"login":           {login("known@example.com"), login("other@example.com")},
		"password/forgot": {forgot("known@example.com"), forgot("other@example.com")},
	} {
		z := rankDifference(interleave(rounds, pair[0], pair[1]))
		t.Logf("%s: z = %.2f", name, z)
		if math.Abs(z) > bound {
			t.Errorf("%s takes another time for a known address than for an unknown one: z = %.1f", name, z)
		}
	}
	// The test can tell what takes a hash from what does not.
	z := rankDifference(interleave(rounds, login("known@example.com"), forgot("other@example.com")))
	if z < bound {
		t.Errorf("a hash is not seen to take time: z = %.1f", z)
	}
}
