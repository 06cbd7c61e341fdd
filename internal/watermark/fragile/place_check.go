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
	strips := make([]*dsp.Plane, h/side) // by the row of blocks that they begin with
	for i := range n {
		// Strips begin on the grid and do not overlap.
		y0 := (h - checkRows) * (2*i + 1) / (2 * n) / side * side
		strip := dsp.NewPlane(w, checkRows)
		for y := range checkRows {
			in.read(y0+y, rgb, strip.Row(y))
		}
		strips[y0/side], strips[y0/side+1] = strip, strip
		s.blocks = append(s.blocks, t.Sample(p, w, h, 0, y0, w, y0+checkRows, checkBlocks).blocks...)
	}
	z := s.Score(func(x, y int, block *[side * side]float32) bool {
		first := y / side
		for first > 0 && strips[first-1] == strips[first] {
			first--
		}
		for i := range side {
			copy(block[side*i:side*(i+1)], strips[first].Row(y - first*side + i)[x:])
		}
		return true
	})
	return scoreP(z, float64(len(t.steps)))
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
