package fragile

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFitSpreads draws residuals of which a tenth is uniform and the deviation of
// the rest grows with a known loss, and asks for it back.
func TestFitSpreads(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	want := [2]spread{{0.1, 0.05}, {0.15, 0.02}}
	var s sheet
	const n = 12000
	s.clipped, s.blind = make([]bool, n), make([]bool, n)
	x := make([]float32, n)
	for k, d := range want {
		s.coef[k], s.dither[k] = make([]float32, n), make([]float32, n)
		for b := range n {
			x[b] = float32(b%100) / 10
			r := (rng.Float64()-0.5)*(1-pull) + rng.NormFloat64()*math.Sqrt(d.base*d.base+d.rate*d.rate*float64(x[b]))
			if rng.IntN(10) == 0 {
				r = rng.Float64()
			}
			s.coef[k][b] = float32(8 * (r + float64(b%7)))
		}
	}
	got := fitSpreads(s.levels(0, 8, x), s.levels(1, 8, x))
	for k, d := range want {
		for _, loss := range []float64{0, 3, 10} {
			g, w := sigmaAt(got[k].sigma(loss)), sigmaAt(d.sigma(loss))
			if g < 0.85*w || g > 1.18*w {
				t.Errorf("coefficient %d at a loss of %g: σ %.3f, want %.3f", k, loss, g, w)
			}
		}
	}
}
