package tamper

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

// blurs of the reference that a copy's sharpness is expressed by, in pixels.
var blurs = [...]float64{0.7, 1.2, 2, 3.2}

// sharpened returns ref + Σ w_k·(band k of ref), the combination nearest to
// probe over covered pixels: a copy that was blurred has negative weights, a
// sharpened one positive. The fit is least squares with Tukey weights.
func sharpened(ref, probe *dsp.Plane, covered []bool) *dsp.Plane {
	var bands [len(blurs)]*dsp.Plane
	last := ref
	for k, s := range blurs {
		b := dsp.GaussianBlur(ref, s)
		band := dsp.NewPlane(ref.W, ref.H)
		for i := range band.Pix {
			band.Pix[i] = last.Pix[i] - b.Pix[i]
		}
		bands[k], last = band, b
	}
	w, ok := fitBands(ref, probe, bands[:], covered)
	if !ok {
		return ref
	}
	out := ref.Clone()
	for k, b := range bands {
		f := float32(w[k])
		for i, v := range b.Pix {
			out.Pix[i] += f * v
		}
	}
	for i, v := range out.Pix {
		out.Pix[i] = min(max(v, 0), 255)
	}
	return out
}

func fitBands(ref, probe *dsp.Plane, bands []*dsp.Plane, covered []bool) (w [terms]float64, ok bool) {
	step := max(1, len(ref.Pix)/12000)
	errs := make([]float64, 0, len(ref.Pix)/step+1)
	cut := math.Inf(1)
	for range 6 {
		var m [terms][terms]float64
		var v [terms]float64
		errs = errs[:0]
		for i := 0; i < len(ref.Pix); i += step {
			if !covered[i] {
				continue
			}
			d := float64(probe.Pix[i] - ref.Pix[i])
			e := d
			for k, b := range bands {
				e -= w[k] * float64(b.Pix[i])
			}
			e = math.Abs(e)
			errs = append(errs, e)
			if e >= cut {
				continue
			}
			weight := 1.0
			if !math.IsInf(cut, 1) {
				weight = (1 - e*e/(cut*cut)) * (1 - e*e/(cut*cut))
			}
			for j, a := range bands {
				wa := weight * float64(a.Pix[i])
				v[j] += wa * d
				for k := j; k < len(bands); k++ {
					m[j][k] += wa * float64(bands[k].Pix[i])
				}
			}
		}
		for k := range terms {
			m[k][k] += 1e-3*float64(len(errs)) + 1
		}
		l, good := cholesky(&m)
		if !good || len(errs) < 100 {
			return w, false
		}
		w = l.solve(v)
		cut = max(5, 5*median(errs))
	}
	return w, true
}
