package spread

import (
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// wildest is how far from 0 a sample may lie, for squares and sums to stay
// numbers.
const wildest = 1 << 16

func wild(v float32) bool { return !(v >= -wildest && v <= wildest) }

// finite is p with samples that are no luma at all, infinite, enormous or no
// number, as black; p itself when there is none.
func finite(p *dsp.Plane) *dsp.Plane {
	if !slices.ContainsFunc(p.Pix, wild) {
		return p
	}
	q := dsp.NewPlane(p.W, p.H)
	for i, v := range p.Pix {
		if !wild(v) {
			q.Pix[i] = v
		}
	}
	return q
}
