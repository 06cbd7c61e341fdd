package tamper

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

// localNCC is the normalised cross-correlation of a and b over (2r+1)² pixels
// around each, −1 to 1; where either has a standard deviation of less than about
// two levels it tends to 0.
func localNCC(a, b *dsp.Plane, r int) *dsp.Plane {
	n := len(a.Pix)
	aa, bb, ab := dsp.NewPlane(a.W, a.H), dsp.NewPlane(a.W, a.H), dsp.NewPlane(a.W, a.H)
	for i := range n {
		x, y := a.Pix[i], b.Pix[i]
		aa.Pix[i], bb.Pix[i], ab.Pix[i] = x*x, y*y, x*y
	}
	ma, mb := dsp.BoxMean(a, r, r), dsp.BoxMean(b, r, r)
	aa, bb, ab = dsp.BoxMean(aa, r, r), dsp.BoxMean(bb, r, r), dsp.BoxMean(ab, r, r)
	out := dsp.NewPlane(a.W, a.H)
	for i := range n {
		x, y := ma.Pix[i], mb.Pix[i]
		va, vb := max(aa.Pix[i]-x*x, 0)+4, max(bb.Pix[i]-y*y, 0)+4
		out.Pix[i] = (ab.Pix[i] - x*y) / float32(math.Sqrt(float64(va*vb)))
	}
	return out
}

// difference is a − b.
func difference(a, b *dsp.Plane) *dsp.Plane {
	out := dsp.NewPlane(a.W, a.H)
	for i, v := range a.Pix {
		out.Pix[i] = v - b.Pix[i]
	}
	return out
}

// energy is the mean square of the given planes together over (2r+1)² pixels.
func energy(r int, planes ...*dsp.Plane) *dsp.Plane {
	sum := dsp.NewPlane(planes[0].W, planes[0].H)
	for _, p := range planes {
		for i, v := range p.Pix {
			sum.Pix[i] += v * v
		}
	}
	return dsp.BoxMean(sum, r, r)
}
