package fragile

import "math"

// lossLevels are how many levels of predicted loss are told apart by the fit.
const lossLevels = 32

// leveled holds the residuals of one coefficient by level of predicted loss.
type leveled struct {
	h    [lossLevels]histogram
	x    [lossLevels]float64 // mean loss of a level
	mean float64             // of all
}

// spread says how far intact coefficients stray: their variance is base² +
// rate²·x in steps², for a predicted loss of x.
type spread struct{ base, rate float64 }

// sigma is the place of the nearest deviation in the tables.
func (d spread) sigma(x float64) int {
	v := math.Log(math.Sqrt(d.base*d.base+d.rate*d.rate*x)/sigmaMin) / math.Log(sigmaMax/sigmaMin)
	return min(max(int(math.Round(v*(sigmas-1))), 0), sigmas-1)
}

// The spreads that are tried: base, and what the mean loss adds, in steps.
const (
	baseLow, baseHigh, baseRatio = 0.02, 0.6, 1.12
	rateLow, rateHigh, rateRatio = 0.01, 1, 1.2
)

// fitSpreads returns the likeliest spread of each of a grid's coefficients. The
// altered share π is common to both.
func fitSpreads(l0, l1 *leveled) [2]spread {
	a, b := l0.fit(), l1.fit()
	best := 0
	for p := range shares {
		if a[p].loglik+b[p].loglik > a[best].loglik+b[best].loglik {
			best = p
		}
	}
	return [2]spread{a[best].spread, b[best].spread}
}

// likely is a spread and its log-likelihood.
type likely struct {
	spread
	loglik float64
}

// fit returns the likeliest spread at each share that may be altered.
func (l *leveled) fit() (best [len(shares)]likely) {
	table := l.logliks()
	for p := range best {
		best[p].loglik = math.Inf(-1)
	}
	unit := 1 / math.Sqrt(max(l.mean, 1e-9))
	for base := baseLow; base < baseHigh; base *= baseRatio {
		for rate := rateLow; rate < rateHigh; rate *= rateRatio {
			d := spread{base, rate * unit}
			var at [lossLevels]int
			for i, x := range l.x {
				at[i] = d.sigma(x)
			}
			for p := range best {
				sum := 0.0
				for i, sigma := range at {
					sum += table[p][sigma][i]
				}
				if sum > best[p].loglik {
					best[p] = likely{d, sum}
				}
			}
		}
	}
	return best
}

// logliks is the log-likelihood of every level by π and σ.
func (l *leveled) logliks() *[len(shares)][sigmas][lossLevels]float64 {
	var out [len(shares)][sigmas][lossLevels]float64
	t := mixtures()
	for p := range out {
		for sigma := range out[p] {
			for i := range l.h {
				for b, n := range l.h[i] {
					out[p][sigma][i] += n * t[p][sigma][b]
				}
			}
		}
	}
	return &out
}
