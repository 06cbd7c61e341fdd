package spread

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

// welch is the mean power spectrum of n×n windows, Hann-weighted and half
// overlapping: its peaks are wide, and forgive a geometry that changes across
// the picture. gain is by how much the averaging steadies a score.
func (c *comb) welch(r *dsp.Plane) (power *dsp.Plane, gain float64) {
	n := c.n
	starts := func(size int) []int {
		if size <= n {
			return []int{0}
		}
		steps := (2*(size-n) + n - 1) / n
		var s []int
		for i := range steps + 1 {
			s = append(s, i*(size-n)/steps)
		}
		return s
	}
	count := 0
	for _, y0 := range starts(r.H) {
		for _, x0 := range starts(r.W) {
			p := c.fft.PowerSpectrum(hannWindow(r, x0, y0, min(n, r.W), min(n, r.H)))
			count++
			if power == nil {
				power = p
				continue
			}
			for i, v := range p.Pix {
				power.Pix[i] += v
			}
		}
	}
	gain = 1
	if count > 1 {
		gain = math.Sqrt(0.6 * float64(count))
	}
	return c.flatten(power), gain
}

func hannWindow(r *dsp.Plane, x0, y0, w, h int) *dsp.Plane {
	out := dsp.NewPlane(w, h)
	hann := func(n int) []float32 {
		k := make([]float32, n)
		for i := range k {
			k[i] = float32(0.5 - 0.5*math.Cos(2*math.Pi*float64(i+1)/float64(n+1)))
		}
		return k
	}
	kx, ky := hann(w), hann(h)
	for y := range h {
		dst, src := out.Row(y), r.Row(y0 + y)[x0:x0+w]
		for x, v := range src {
			dst[x] = v * kx[x] * ky[y]
		}
	}
	return out
}
