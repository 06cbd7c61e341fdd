package fragile

import (
	"math"
	"slices"
)

// The field couples every block to its eight neighbours in its own grid
// (diagonal ones by half) and to the four blocks of the other grid that it
// overlaps. Mean-field iteration: m in [−1, 1] is the expectation of a spin
// that is +1 for altered.
const (
	sweeps  = 25
	couple  = 0.6 // both couplings, already doubled
	damping = 0.4
	most    = 6 // of the evidence of one block
	biasTop = 0.2
)

// spins is one grid's part of the field, with a border of one block that
// repeats the edge.
type spins struct {
	bw, bh  int
	h       []float32 // bw × bh: evidence for altered, less the bias
	m, next []float32 // (bw+2) × (bh+2)
}

// bias is the prior for intact. It is withdrawn as the evidence of a typical
// block falls to nothing: then a bias alone would decide.
func bias(s [len(grids)]*sheet, l [len(grids)][]float32) float32 {
	g := 0.0
	for i, v := range l {
		var seen []float32
		for b, x := range v {
			if !s[i].blind[b] {
				seen = append(seen, x)
			}
		}
		g += median(seen) / float64(len(l))
	}
	return float32(biasTop * min(max((g-1)/1.5, 0), 1))
}

// median sorts s; of nothing it is 0.
func median(s []float32) float64 {
	slices.Sort(s)
	n := len(s)
	if n == 0 {
		return 0
	}
	return (float64(s[(n-1)/2]) + float64(s[n/2])) / 2
}

func newSpins(s *sheet, l []float32, bias float32) *spins {
	f := &spins{bw: s.bw, bh: s.bh, h: make([]float32, len(l))}
	f.m = make([]float32, (f.bw+2)*(f.bh+2))
	f.next = make([]float32, len(f.m))
	for i := range f.bh {
		for j := range f.bw {
			b := i*f.bw + j
			f.h[b] = capped(l[b]) - bias
			f.next[f.at(i, j)] = tanh(f.h[b] / 2)
		}
	}
	f.turn()
	return f
}

// capped turns evidence for the mark into evidence for an alteration that one
// block alone cannot carry.
func capped(l float32) float32 { return min(max(-l, -most), most) }

func tanh(x float32) float32 { return float32(math.Tanh(float64(x))) }

// at is the index of block (i, j) in m.
func (f *spins) at(i, j int) int { return (i+1)*(f.bw+2) + j + 1 }

// turn makes next the current state and repeats its edge.
func (f *spins) turn() {
	f.m, f.next = f.next, f.m
	w := f.bw + 2
	for i := 1; i <= f.bh; i++ {
		f.m[i*w], f.m[i*w+w-1] = f.m[i*w+1], f.m[i*w+w-2]
	}
	copy(f.m[:w], f.m[w:2*w])
	copy(f.m[(f.bh+1)*w:], f.m[f.bh*w:(f.bh+1)*w])
}

// relax runs the field to rest. Each block of A overlaps B's blocks (i−1, i) ×
// (j−1, j), each of B overlaps A's (i, i+1) × (j, j+1).
func relax(a, b *spins) {
	for range sweeps {
		a.sweep(b, -1)
		b.sweep(a, 0)
	}
}

// sweep updates f from its own last state and from g's, whose overlapping
// blocks start at an offset of first.
func (f *spins) sweep(g *spins, first int) {
	w, gw := f.bw+2, g.bw+2
	for i := range f.bh {
		up, mid, down := f.m[i*w:], f.m[(i+1)*w:], f.m[(i+2)*w:]
		// Grids may differ by a row or column; the border covers that.
		oi := i + first + 1
		top, low := g.m[oi*gw:], g.m[min(oi+1, g.bh+1)*gw:]
		for j := range f.bw {
			oj := j + first + 1
			ok := min(oj+1, g.bw+1)
			x := f.h[i*f.bw+j] +
				couple*(up[j+1]+mid[j]+mid[j+2]+down[j+1]+0.5*(up[j]+up[j+2]+down[j]+down[j+2])) +
				couple*(top[oj]+top[ok]+low[oj]+low[ok])
			c := (i+1)*w + j + 1
			f.next[c] = damping*f.m[c] + (1-damping)*tanh(x/2)
		}
	}
	f.turn()
}

// altered is the probability that block (i, j) was altered.
func (f *spins) altered(i, j int) float32 { return (1 + f.m[f.at(i, j)]) / 2 }
