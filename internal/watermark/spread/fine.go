package spread

import (
	"math"
	"math/cmplx"

	"github.com/certana/certana/internal/dsp"
)

// fromFine turns a map of fine pixels to the picture into one of canonical
// pixels. Its period of a third leaves nine translations, of which the pilots of
// the canonical tile choose; where they are too weak to tell it is any of them.
func (f *finder) fromFine(y *dsp.Plane, place dsp.Affine) dsp.Affine {
	const step = float64(period) / fineRatio
	const centre = float64(fineRatio-1) / 2
	place = place.Mul(dsp.Affine{fineRatio, 0, centre, 0, fineRatio, centre})
	fr, ok := frameOf(matrix{place[0], place[1], place[3], place[4]}, y.W, y.H)
	if !ok {
		return place
	}
	res, valid := fr.read(y, fr.straight())
	values := f.pilotValues(foldOf(res.whiten(suppressions[0]), valid), symmetries[0], upright, nil)
	// Sample x of the frame shows the canonical position x + d, up to the step.
	d := place.Inverse().Mul(fr.toPicture)
	best, found := math.Inf(-1), place
	for i := range fineRatio * fineRatio {
		dx, dy := float64(i%fineRatio)*step, float64(i/fineRatio)*step
		if z := f.pilotsAt(values, -d[2]-dx, -d[5]-dy); z > best {
			best, found = z, place.Mul(dsp.Affine{1, 0, -dx, 0, 1, -dy})
		}
	}
	return found
}

// pilotsAt is the real part of the sum of the pilots' values under a shift.
func (f *finder) pilotsAt(values []complex128, x, y float64) (sum float64) {
	for k, h := range f.layout.pilots {
		sum += real(values[k] * cmplx.Rect(1, 2*math.Pi/period*(float64(h.u)*x+float64(h.v)*y)))
	}
	return sum
}
