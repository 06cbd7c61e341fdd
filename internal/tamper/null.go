package tamper

import (
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// What copying leaves behind (compression, resampling, noise) is as strong as
// the picture's own activity there: residual energy e² is held against
// v = a·(1 + r·A), A the local energy of fine detail in the reference. a and r
// are those of this pair of pictures, from robust statistics, so that neither a
// coarse JPEG nor an altered part of less than half of the picture moves them.

// null is the fitted law of one kind of evidence.
type null struct {
	a, r   float64
	spread float64 // of ln(e²/v) below its median: a standard deviation
}

// slopes that are tried for r, per squared level of activity.
var slopes = [...]float64{0, 0.003, 0.01, 0.03, 0.1, 0.3, 1}

// fitNull fits the law to the energies of covered places. floor is the least a.
func fitNull(energy, activity *dsp.Plane, covered []bool, floor float64) null {
	step := max(1, len(energy.Pix)/7000)
	var e, a []float64
	for i := 0; i < len(energy.Pix); i += step {
		if covered[i] {
			e = append(e, float64(energy.Pix[i]))
			a = append(a, float64(activity.Pix[i]))
		}
	}
	if len(e) == 0 {
		return null{a: floor, spread: 1}
	}
	top := null{spread: math.Inf(1)}
	ratio := make([]float64, len(e))
	for _, r := range slopes {
		for i := range e {
			ratio[i] = math.Log((e[i] + floor) / (1 + r*a[i]))
		}
		slices.Sort(ratio)
		n := len(ratio)
		middle := ratio[n/2]
		// The tenth to the sixtieth percentile: alterations lie above.
		if s := ratio[n*6/10] - ratio[n/10]; s < top.spread {
			top = null{a: math.Exp(middle), r: r, spread: s}
		}
	}
	// Between those percentiles a Gaussian has 1.535 standard deviations.
	top.spread /= 1.535
	return top
}

// scores writes ln((e² + floor)/v) of every place.
func (n null) scores(energy, activity *dsp.Plane, floor float64) *dsp.Plane {
	out := dsp.NewPlane(energy.W, energy.H)
	f, a, r := float32(floor), float32(n.a), float32(n.r)
	dsp.Strips(energy.H, func(lo, hi int) {
		for i := lo * energy.W; i < hi*energy.W; i++ {
			out.Pix[i] = float32(math.Log(float64((energy.Pix[i] + f) / (a * (1 + r*activity.Pix[i])))))
		}
	})
	return out
}

// median of v, which it sorts.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}
