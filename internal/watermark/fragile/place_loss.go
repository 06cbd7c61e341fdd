package fragile

import (
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// A picture that was brought back has lost the finest detail, of which blocks,
// whose edges are hard, hold some. What is left of it tells how much is gone: the
// part of a coefficient that lies in the Laplacian of luma, and the Laplacian's
// energy in the block.
const (
	lossEnergy   = 0.5 // of the block's energy beside the coefficient's own
	lossExponent = 0.7 // of both
)

// losses predicts how strongly each coefficient was disturbed, up to a factor.
func (s *sheet) losses(g *grid) (x [2][]float32) {
	n := len(s.clipped)
	x = [2][]float32{make([]float32, n), make([]float32, n)}
	fine := laplacian(s.luma)
	for b := range n {
		x0, y0 := b%s.bw*side+s.offset, b/s.bw*side+s.offset
		var acc [side]float32
		energy := float32(0)
		for y, w := range g.v {
			for i, v := range fine.Row(y0 + y)[x0 : x0+side] {
				acc[i] += w * v
				energy += v * v
			}
		}
		for k, c := range g.project(acc[:]) {
			x[k][b] = float32(math.Pow(float64(c*c+lossEnergy*energy/(side*side)), lossExponent))
		}
	}
	return x
}

// laplacian is every pixel less the mean of its four neighbours.
func laplacian(p *dsp.Plane) *dsp.Plane {
	out := dsp.NewPlane(p.W, p.H)
	for y := range p.H {
		up, row, down := p.Row(max(y-1, 0)), p.Row(y), p.Row(min(y+1, p.H-1))
		dst := out.Row(y)
		for x, v := range row {
			dst[x] = v - (up[x]+down[x]+row[max(x-1, 0)]+row[min(x+1, p.W-1)])/4
		}
	}
	return out
}

// weighByLoss is weigh with a spread for every coefficient of its own, by what it
// is likely to have lost.
func (s *sheet) weighByLoss(step [2]float32) []float32 {
	g := &grids[0]
	if s.offset != g.offset {
		g = &grids[1]
	}
	x := s.losses(g)
	f := fitSpreads(s.levels(0, step[0], x[0]), s.levels(1, step[1], x[1]))
	var open, closed [sigmas]*evidence
	for i := range sigmas {
		open[i] = newEvidence(sigmaAt(i), epsIntact)
		closed[i] = newEvidence(max(sigmaAt(i), clipSD/2), epsClip)
	}
	l := make([]float32, len(s.clipped))
	for k := range s.coef {
		for b, clipped := range s.clipped {
			if s.blind[b] {
				continue
			}
			e := open[f[k].sigma(float64(x[k][b]))]
			if clipped {
				e = closed[f[k].sigma(float64(x[k][b]))]
			}
			l[b] += e.at(s.residual(k, b, step[k]))
		}
	}
	return l
}

// levels sorts the residuals of coefficient k by the predicted loss x, as many
// in each level, without clipped blocks unless few others are there.
func (s *sheet) levels(k int, step float32, x []float32) *leveled {
	var open []float32
	use := func(b int) bool { return !s.blind[b] && !s.clipped[b] }
	for range 2 {
		open = open[:0]
		for b, v := range x {
			if use(b) {
				open = append(open, v)
			}
		}
		if len(open) > fewBlocks {
			break
		}
		use = func(b int) bool { return !s.blind[b] }
	}
	slices.Sort(open)
	var l leveled
	var n [lossLevels]float64
	for b, v := range x {
		if use(b) {
			at, _ := slices.BinarySearch(open, v)
			at = min(at*lossLevels/len(open), lossLevels-1)
			l.h[at].add(s.residual(k, b, step))
			l.x[at] += float64(v)
			n[at]++
		}
	}
	for at, sum := range l.x {
		l.mean += sum / float64(max(len(open), 1))
		l.x[at] /= max(n[at], 1)
	}
	return &l
}
