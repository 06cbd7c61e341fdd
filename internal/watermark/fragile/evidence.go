package fragile

import (
	"math"
	"sync"
)

// The distance r of a coefficient from its lattice is modelled as a mixture:
// with 1−π it is what Embed left under a wrapped Gauss of deviation σ (marked,
// then compressed), with π uniform (altered). Both densities are in units of steps, so that the
// uniform one is 1 and a logarithm above 0 speaks for the mark.
const (
	bins      = 64 // of |r| in [0, ½]
	sigmas    = 60
	sigmaMin  = 0.01
	sigmaMax  = 0.6
	floorSD   = 0.012 // rounding alone makes more
	epsIntact = 0.03  // how much of the uniform the evidence mixes in: no
	epsClip   = 0.1   // single coefficient may decide
	clipSD    = 0.30  // the most that clipped blocks are allowed for
)

// shares are the values of π that the fit tries.
var shares = [...]float64{.005, .02, .05, .1, .2, .3, .45, .6}

// intactDensity is the density at r of what Embed leaves, uniform within
// ±(1−pull)/2 of the lattice, under a wrapped Gauss of deviation sigma ≤ 0.6.
func intactDensity(r, sigma float64) float64 {
	const half = (1 - pull) / 2
	sum := 0.0
	for j := -3; j <= 3; j++ {
		z, w := (r+float64(j))/(sigma*math.Sqrt2), half/(sigma*math.Sqrt2)
		sum += math.Erf(z+w) - math.Erf(z-w)
	}
	return sum / (4 * half)
}

func sigmaAt(i int) float64 {
	return sigmaMin * math.Pow(sigmaMax/sigmaMin, float64(i)/(sigmas-1))
}

// mixtures holds log((1−π)·density + π) by π, σ and bin, each density scaled
// to a mean of 1 over the bins.
var mixtures = sync.OnceValue(func() *[len(shares)][sigmas][bins]float64 {
	var t [len(shares)][sigmas][bins]float64
	for i := range sigmas {
		var d [bins]float64
		mean := 0.0
		for b := range d {
			d[b] = intactDensity((float64(b)+0.5)/(2*bins), sigmaAt(i))
			mean += d[b] / bins
		}
		for p, pi := range shares {
			for b := range d {
				t[p][i][b] = math.Log((1-pi)*d[b]/mean + pi)
			}
		}
	}
	return &t
})

// histogram counts |r| of one coefficient.
type histogram [bins]float64

func (h *histogram) add(r float32) {
	h[min(int(max(r, -r)*(2*bins)), bins-1)]++
}

// fitted is the most likely mixture of a grid's two coefficients.
type fitted struct {
	share  float64    // π, common to both
	sigma  [2]float64 // in steps
	loglik float64    // mean over all coefficients, in nats
}

// fit finds it by trying every π and σ of the tables.
func fit(h *[2]histogram) fitted {
	t := mixtures()
	best := fitted{loglik: math.Inf(-1)}
	n := 0.0
	for k := range h {
		for _, c := range h[k] {
			n += c
		}
	}
	for p, pi := range shares {
		f := fitted{share: pi}
		for k := range h {
			top := math.Inf(-1)
			for i := range sigmas {
				v := 0.0
				for b, c := range h[k] {
					v += c * t[p][i][b]
				}
				if v > top {
					top, f.sigma[k] = v, sigmaAt(i)
				}
			}
			f.loglik += top / max(n, 1)
		}
		if f.loglik > best.loglik {
			best = f
		}
	}
	return best
}

// fitBlocks fits the blocks for which use holds.
func (s *sheet) fitBlocks(step [2]float32, use func(b int) bool) (f fitted, blocks int) {
	var h [2]histogram
	for b := range s.clipped {
		if !s.blind[b] && use(b) {
			blocks++
			h[0].add(s.residual(0, b, step[0]))
			h[1].add(s.residual(1, b, step[1]))
		}
	}
	return fit(&h), blocks
}

// fewBlocks are too few for a fit of their own.
const fewBlocks = 50

// fitOpen fits the blocks without clipping, or all where those are few.
func (s *sheet) fitOpen(step [2]float32) fitted {
	f, n := s.fitBlocks(step, func(b int) bool { return !s.clipped[b] })
	if n <= fewBlocks {
		f, _ = s.fitBlocks(step, func(int) bool { return true })
	}
	return f
}

// evidence is log((1−ε)·density + ε) of |r|, read linearly from a table.
type evidence [257]float32

func newEvidence(sigma, eps float64) *evidence {
	var e evidence
	for i := range e {
		e[i] = float32(math.Log((1-eps)*intactDensity(float64(i)/512, max(sigma, floorSD)) + eps))
	}
	return &e
}

func (e *evidence) at(r float32) float32 {
	x := max(r, -r) * 512
	i := min(int(x), len(e)-2)
	f := x - float32(i)
	return e[i] + f*(e[i+1]-e[i])
}

// weigh returns L for every block, the logarithm of how much likelier its two
// coefficients are with the mark than without. Clipped blocks, whose mark may
// be incomplete, get a wider density and weaker evidence; blind ones say nothing.
func (s *sheet) weigh(step [2]float32) []float32 {
	if s.intact != nil {
		return s.weighWiped(step)
	}
	if s.moved {
		return s.weighByLoss(step)
	}
	if s.uneven {
		return s.weighByDetail(step)
	}
	plain := s.fitOpen(step)
	wide := plain
	clipEps := epsIntact
	if c, n := s.fitBlocks(step, func(b int) bool { return s.clipped[b] }); n > 30 {
		clipEps = epsClip
		for k := range wide.sigma {
			wide.sigma[k] = max(plain.sigma[k], min(c.sigma[k], clipSD))
		}
	}
	l := make([]float32, len(s.clipped))
	for k := range s.coef {
		open, closed := newEvidence(plain.sigma[k], epsIntact), newEvidence(wide.sigma[k], clipEps)
		for b, c := range s.clipped {
			if s.blind[b] {
				continue
			}
			e := open
			if c {
				e = closed
			}
			l[b] += e.at(s.residual(k, b, step[k]))
		}
	}
	return l
}
