package fragile

import "math"

// A codec that predicts from block to block (VP8 in WebP) leaves nothing of a
// difference that is small against its step where there is no detail: there the
// mark is gone without an alteration, and one spread for the whole picture would
// call that altered. So each class of detail is given its own, from the blocks
// that a first map leaves intact: with those of an erased region among them, all
// calm blocks would seem wiped.
//
// A picture is read in this way when its mark strayed from wipedWear on and most
// where there is least detail.
const (
	wipedWear   = 0.12 // Map.Intact
	wipedUneven = 0.95 // the greatest Map.Uneven
	wipedShare  = 1    // among shares: what is taken for altered among the intact
)

// wiped says whether a codec took the mark from what is calm.
func (c *cells) wiped(s [len(grids)]*sheet, r reading) bool {
	return !c.moved && !r.coded && r.intact > wipedWear && c.unevenness(s, r.pitch) < wipedUneven
}

// setApart notes which blocks of both grids the map leaves intact.
func (c *cells) setApart(s [len(grids)]*sheet) {
	for g := range s {
		s[g].intact = make([]bool, len(s[g].clipped))
		for b, clipped := range s[g].clipped {
			s[g].intact[b] = !clipped && !s[g].blind[b] && c.inside(s[g], g, b) == 0
		}
	}
}

// weighWiped is weigh with a fit for each coefficient, class of detail, and
// whether it is near 0.
func (s *sheet) weighWiped(step [2]float32) []float32 {
	class, common := s.classes(), s.fitOpen(step)
	var parts [detailClasses][2][]int
	l := make([]float32, len(s.clipped))
	for k := range s.coef {
		clear(parts[:])
		for b, c := range class {
			if !s.blind[b] {
				far := 1
				if v := s.coef[k][b]; max(v, -v) < near*step[k] {
					far = 0
				}
				parts[c][far] = append(parts[c][far], b)
			}
		}
		for _, p := range parts {
			s.weighPart(l, k, step[k], common.sigma[k], p[0], 1, pull)
			s.weighPart(l, k, step[k], common.sigma[k], p[1], 1)
		}
	}
	return l
}

// weighPart adds the evidence of coefficient k of some blocks to l. Of the pulls,
// the shares of the step at which the lattice may show there (see near), the
// likeliest is taken; the first one with sigma where too few blocks are intact.
func (s *sheet) weighPart(l []float32, k int, step float32, sigma float64, blocks []int, pulls ...float32) {
	at, best := step, math.Inf(-1)
	for _, p := range pulls {
		var h histogram
		n := 0
		for _, b := range blocks {
			if s.intact[b] {
				h.add(s.residual(k, b, p*step))
				n++
			}
		}
		if n < leastClass {
			break
		}
		if v, loglik := h.spread(wipedShare); loglik > best {
			at, sigma, best = p*step, v, loglik
		}
	}
	open, closed := newEvidence(sigma, epsIntact), newEvidence(max(sigma, clipSD/2), epsClip)
	for _, b := range blocks {
		e := open
		if s.clipped[b] {
			e = closed
		}
		l[b] += e.at(s.residual(k, b, at))
	}
}

// spread is the most likely σ where a known share, by its place in shares, is
// altered, and its log-likelihood.
func (h *histogram) spread(share int) (sigma, loglik float64) {
	loglik = math.Inf(-1)
	for i, t := range mixtures()[share] {
		v := 0.0
		for b, c := range h {
			v += c * t[b]
		}
		if v > loglik {
			sigma, loglik = sigmaAt(i), v
		}
	}
	return sigma, loglik
}
