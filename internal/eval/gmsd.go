package eval

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

// GMSD is the gradient magnitude similarity deviation of two planes of one size
// with samples of 0 to 255 (Xue, Zhang, Mou & Bovik, "Gradient magnitude
// similarity deviation: a highly efficient perceptual image quality index", IEEE
// Trans. Image Process. 2014): how unevenly edges and textures changed, at half
// the resolution. 0 for equal planes. Planes under 8 samples on a side give 0.
func GMSD(a, b *dsp.Plane) float64 {
	if min(a.W, a.H) < 8 {
		return 0
	}
	const c = 170 // for samples up to 255
	a, b = dsp.Halve(a), dsp.Halve(b)
	var n, sum, squares float64
	for y := 1; y < a.H-1; y++ {
		for x := 1; x < a.W-1; x++ {
			p, q := prewitt(a, x, y), prewitt(b, x, y)
			v := (2*math.Sqrt(p*q) + c) / (p + q + c)
			n++
			sum += v
			squares += (1 - v) * (1 - v) // from 1, so that little is lost
		}
	}
	mean := 1 - sum/n
	return math.Sqrt(max(0, squares/n-mean*mean))
}

// prewitt is the squared gradient by two 3 × 3 filters that sum to nothing.
func prewitt(p *dsp.Plane, x, y int) float64 {
	up, mid, down := p.Row(y - 1)[x-1:x+2], p.Row(y)[x-1:x+2], p.Row(y + 1)[x-1:x+2]
	gx := (up[2] + mid[2] + down[2] - up[0] - mid[0] - down[0]) / 3
	gy := (down[0] + down[1] + down[2] - up[0] - up[1] - up[2]) / 3
	return float64(gx)*float64(gx) + float64(gy)*float64(gy)
}
