package fragile

import (
	"math"

	"github.com/certana/certana/internal/watermark"
)

// Sample is a choice of blocks with their lattice, to try placements with: a
// picture that was cropped, scaled or turned is read at each place that it may
// have, and the mark shows most where it fits. It is immutable.
type Sample struct {
	steps  [len(stepScales)]float32
	blocks []sampled
}

type sampled struct {
	x, y   int // of the corner, in pixels of the mark
	grid   uint8
	dither [2]float32
}

// Sample chooses about n blocks, half of each grid, evenly spread over those of
// a marked picture of w × h pixels of the mark (see MarkedSize) that lie wholly
// in a box: x0 ≤ x < x1, y0 ≤ y < y1.
func (t *Track) Sample(p watermark.Payload, w, h int, x0, y0, x1, y1, n int) *Sample {
	s := &Sample{steps: t.steps}
	for g := range grids {
		o := grids[g].offset
		i0, i1 := span(y0, min(y1, h), o)
		j0, j1 := span(x0, min(x1, w), o)
		if i0 >= i1 || j0 >= j1 {
			continue
		}
		d := [2][]float32{make([]float32, j1), make([]float32, j1)}
		// Every m-th block in reading order: each row's dither is made once.
		all := (i1 - i0) * (j1 - j0)
		take := min(all, max(1, n/len(grids)))
		row := -1
		for k := range take {
			at := int((float64(k) + 0.5) * float64(all) / float64(take))
			i, j := i0+at/(j1-j0), j0+at%(j1-j0)
			if i != row {
				t.ditherRow(p, g, i, d[0], d[1])
				row = i
			}
			s.blocks = append(s.blocks, sampled{j*side + o, i*side + o, uint8(g), [2]float32{d[0][j], d[1][j]}})
		}
	}
	return s
}

// span returns the whole blocks of a grid of offset o between two pixels.
func span(from, to, o int) (first, end int) {
	return max(0, (from-o+side-1)/side), max(0, (to-o)/side)
}

// Score reads the blocks through pixels, which fills in the luma of the 8×8
// pixels of the mark from (x, y) on, row by row, or says that they are not in
// view. It returns by how many standard deviations the coefficients are nearer
// to the lattice than without a mark, where the mean is 0 whatever the picture,
// at the best step. Being the best of seven, it is seldom much below 0.
func (s *Sample) Score(pixels func(x, y int, block *[side * side]float32) bool) float64 {
	var block [side * side]float32
	var sum [len(stepScales)]float32
	n := 0
	for _, b := range s.blocks {
		if !pixels(b.x, b.y, &block) {
			continue
		}
		n += 2
		g := &grids[b.grid]
		var acc [side]float32
		for y, w := range g.v {
			for x, v := range block[y*side : (y+1)*side] {
				acc[x] += w * v
			}
		}
		c := g.project(acc[:])
		for i, step := range s.steps {
			r0, r1 := wrap(c[0]/step-b.dither[0]), wrap(c[1]/step-b.dither[1])
			sum[i] += 1.0/6 - r0*r0 - r1*r1
		}
	}
	best := math.Inf(-1)
	for _, v := range sum {
		best = max(best, float64(v))
	}
	// The variance of the square of a uniform residual is 1/180.
	return best / math.Sqrt(float64(max(n, 1))/180)
}
