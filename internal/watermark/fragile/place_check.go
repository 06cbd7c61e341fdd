package fragile

import (
	"math"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// PresentP is the greatest p-value at which the mark counts as present.
const PresentP = presentP

const (
	checkStrips = 12       // parts of a picture that Check looks at
	checkRows   = 2 * side // rows of the mark in each
	checkBlocks = 256      // blocks that are read of each
)

// Check looks for the mark of payload p in some rows of a picture that lies as it
// was marked, and bounds the chance of as much agreement without the mark. It is
// the cheap question of whether the mark is there at all.
func (t *Track) Check(r Rows, p watermark.Payload) (pValue float64) {
	w, h := MarkedSize(r.Size())
	if min(w, h) < minSide {
		return 1
	}
	n := min(checkStrips, h/checkRows)
	s, in, rgb := &Sample{steps: t.steps}, newReducer(r), make([]uint8, 3*w)
	strips := make([]*strip, h/side) // by the rows of blocks that they cover
	for i := range n {
		// Strips begin on the grid and do not overlap.
		y0 := (h - checkRows) * (2*i + 1) / (2 * n) / side * side
		part := readStrip(in, y0, w, rgb)
		strips[y0/side], strips[y0/side+1] = part, part
		s.blocks = append(s.blocks, t.Sample(p, w, h, 0, y0, w, y0+checkRows, checkBlocks).blocks...)
	}
	z := s.Score(func(x, y int, block *[side * side]float32) bool {
		return strips[y/side].block(x, y, block)
	})
	return scoreP(z, float64(len(t.steps)))
}

// strip is checkRows rows of the mark, from top on.
type strip struct {
	top    int
	luma   *dsp.Plane
	veiled []bool // of each cell, whether something shows through
}

func readStrip(in *reducer, top, w int, rgb []uint8) *strip {
	s := &strip{top: top, luma: dsp.NewPlane(w, checkRows), veiled: make([]bool, checkRows/cell*(w/cell+1))}
	for y := range checkRows {
		in.read(top+y, rgb, s.luma.Row(y))
		in.veiled(top+y, w, func(x int) { s.veiled[s.cell(x, y)] = true })
	}
	return s
}

// cell is the index of the cell of a pixel of the strip.
func (s *strip) cell(x, y int) int { return y/cell*(s.luma.W/cell+1) + x/cell }

// block copies the block at (x, y) of the mark, unless something shows through it.
func (s *strip) block(x, y int, dst *[side * side]float32) bool {
	y -= s.top
	at, below := s.cell(x, y), s.cell(x, y+cell)
	if s.veiled[at] || s.veiled[at+1] || s.veiled[below] || s.veiled[below+1] {
		return false
	}
	for i := range side {
		copy(dst[side*i:side*(i+1)], s.luma.Row(y + i)[x:])
	}
	return true
}

// scoreP bounds the chance that coefficients without a mark score z deviations
// in the luckiest of so many tries. Their terms 1/12 − r² are independent, within a
// quarter of each other and 0 on average, so Hoeffding's inequality gives
// exp(−32·sum²/n) for n of them, with sum² = z²·n/180.
func scoreP(z, tries float64) float64 {
	if z <= 0 {
		return 1
	}
	return min(1, tries*math.Exp(-32*z*z/180))
}
