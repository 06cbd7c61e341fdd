package tamper

import (
	"math"

	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/dsp"
)

// Features is how many features Inspect extracts from a picture.
const Features = 1200

// inspect works on luma planes of at most align.WorkingSide and brings the
// geometry back to the pictures' own sizes. Most copies were never cropped or
// turned: when the probe as it lies looks like the reference, its pixels are
// asked first, and features are extracted only if they do not agree.
func inspect(ref Picture, features *align.Features, probe Picture) Result {
	refLuma, probeLuma := ref.Luma(align.WorkingSide), probe.Luma(align.WorkingSide)
	down := align.Resized(ref.W, ref.H, refLuma.W, refLuma.H)
	up := align.Resized(probeLuma.W, probeLuma.H, probe.W, probe.H)
	if alike(refLuma, probeLuma) {
		h, ok := align.Refine(refLuma, probeLuma, align.Resized(refLuma.W, refLuma.H, probeLuma.W, probeLuma.H))
		if ok {
			r := align.Registration{H: up.Mul(h).Mul(down).Normalised(), Scale: float64(probe.W) / float64(ref.W)}
			if m := Compare(ref, probe, r.H); m.SameScene {
				return Result{Registration: r, Registered: true, Map: m}
			}
		}
	}
	if features == nil {
		f := align.Extract(refLuma, Features)
		features = &f
	}
	r, ok := align.Register(*features, align.Extract(probeLuma, Features))
	if !ok {
		return Result{}
	}
	stored := align.Resized(refLuma.W, refLuma.H, features.W, features.H)
	h, _ := align.Refine(refLuma, probeLuma, r.H.Mul(stored))
	r.H = up.Mul(h).Mul(down).Normalised()
	return Result{Registration: r, Registered: true, Map: Compare(ref, probe, r.H)}
}

// alike tells whether two planes of the same proportions correlate as they lie,
// seen small: it decides what is tried first and nothing else.
func alike(ref, probe *dsp.Plane) bool {
	const side, proportion, correlation = 96, 0.02, 0.9
	if r := float64(ref.W) * float64(probe.H) / (float64(ref.H) * float64(probe.W)); math.Abs(r-1) > proportion {
		return false
	}
	w, h := dsp.ShrunkSize(ref.W, ref.H, side)
	if min(w, h) < 8 || probe.W < w || probe.H < h {
		return false
	}
	a, b := dsp.ResizeArea(ref, w, h), dsp.ResizeArea(probe, w, h)
	var sa, sb, saa, sbb, sab float64
	for i := range a.Pix {
		x, y := float64(a.Pix[i]), float64(b.Pix[i])
		sa, sb, saa, sbb, sab = sa+x, sb+y, saa+x*x, sbb+y*y, sab+x*y
	}
	n := float64(len(a.Pix))
	va, vb := saa-sa*sa/n, sbb-sb*sb/n
	return va > 0 && vb > 0 && (sab-sa*sb/n) > correlation*math.Sqrt(va*vb)
}
