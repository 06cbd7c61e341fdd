package fingerprint

// PDQ after Meta's reference in C++ (facebook/ThreatExchange, pdq/cpp, and the
// paper "PDQ & TMK + PDQF", 2019), in its own order of float32 operations, so
// that the same samples give the same bits:
//
//	a picture with a side over 512 is first sampled down to 512 × 512 by
//	nearest neighbour (both sides, whatever the aspect);
//	two passes of box filters over rows and columns, about a 128th of the
//	side wide, blur it; 64 × 64 samples are taken;
//	of their DCT the 16 × 16 coefficients of frequencies 1 to 16 are compared
//	with their (lower) median.

import (
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

const (
	preSide = 512 // longest side that is filtered as it is
	grid    = 64  // samples a side after decimation
	minSide = 5   // smaller pictures have no hash
)

// Coefficients are the 16 × 16 DCT coefficients that PDQ thresholds, row-major,
// row i of vertical frequency i+1, column j of horizontal frequency j+1.
type Coefficients [256]float32

// PDQ hashes a luma plane (0 to 255, any size). Quality is 0 to 100; at
// WeakQuality or less the picture is too flat for its hash to be trusted. A
// plane with a side under 5 has the zero hash and quality 0.
func PDQ(luma *dsp.Plane) (Hash, int) {
	c, quality, ok := Transform(luma)
	if !ok {
		return Hash{}, 0
	}
	return c.Hash(), quality
}

// PDQFromRGB hashes a picture of interleaved 8-bit R, G, B samples, w × h, rows
// stride bytes apart. It equals the reference tool on the same samples.
func PDQFromRGB(pix []byte, w, h, stride int) (Hash, int) {
	return PDQ(lumaFromRGB(pix, w, h, stride))
}

// Transform is PDQ up to the coefficients, of which the hashes of all eight
// mirrored quarter turns follow. ok is false for a plane with a side under 5.
func Transform(luma *dsp.Plane) (c Coefficients, quality int, ok bool) {
	if luma.W < minSide || luma.H < minSide {
		return c, 0, false
	}
	var small [grid * grid]float32
	decimate(luma, &small)
	return transform64(&small), imageQuality(&small), true
}

// Hash thresholds the coefficients at their lower median: 128 bits are set
// unless coefficients tie there.
func (c *Coefficients) Hash() Hash {
	s := *c
	slices.Sort(s[:])
	median := s[len(s)/2-1]
	var h Hash
	for k, v := range c {
		if v > median {
			h[k>>6] |= 1 << (k & 63)
		}
	}
	return h
}

// lumaFromRGB is PDQ's own luma. Pictures that are to be reduced to 512 × 512
// are reduced here: only those samples are read.
func lumaFromRGB(pix []byte, w, h, stride int) *dsp.Plane {
	ow, oh := w, h
	if w > preSide || h > preSide {
		ow, oh = preSide, preSide
	}
	out := dsp.NewPlane(ow, oh)
	for y := range oh {
		src := pix[nearest(y, h, oh)*stride:]
		dst := out.Row(y)
		for x := range dst {
			p := src[3*nearest(x, w, ow):]
			r, g, b := float32(p[0]), float32(p[1]), float32(p[2])
			// The conversions keep the products from being fused into the sums.
			dst[x] = float32(float32(float32(0.299)*r)+float32(float32(0.587)*g)) + float32(float32(0.114)*b)
		}
	}
	return out
}

// nearest is the sample that stands for sample i of out when n samples become
// out: floor(i·n/out).
func nearest(i, n, out int) int {
	if n == out {
		return i
	}
	return int(float64(i) * float64(n) / float64(out))
}

// decimate blurs luma and samples it at the centres of 64 × 64 blocks.
func decimate(luma *dsp.Plane, small *[grid * grid]float32) {
	if luma.W == grid && luma.H == grid {
		copy(small[:], luma.Pix)
		return
	}
	a := presample(luma)
	b := dsp.NewPlane(a.W, a.H)
	for range 2 {
		boxRows(b, a, boxWindow(a.W))
		boxCols(a, b, boxWindow(a.H))
	}
	for i := range grid {
		row := a.Row(int((float64(i) + 0.5) * float64(a.H) / grid))
		for j := range grid {
			small[i*grid+j] = row[int((float64(j)+0.5)*float64(a.W)/grid)]
		}
	}
}

// presample copies the plane, reduced to 512 × 512 if a side is longer.
func presample(luma *dsp.Plane) *dsp.Plane {
	if luma.W <= preSide && luma.H <= preSide {
		return luma.Clone()
	}
	out := dsp.NewPlane(preSide, preSide)
	var from [preSide]int
	for x := range from {
		from[x] = nearest(x, luma.W, preSide)
	}
	for y := range preSide {
		src, dst := luma.Row(nearest(y, luma.H, preSide)), out.Row(y)
		for x := range dst {
			dst[x] = src[from[x]]
		}
	}
	return out
}

// imageQuality sums the gradients of the 64 × 64 samples in whole percents of
// the range, truncated each, and scales the sum to 0..100.
func imageQuality(small *[grid * grid]float32) int {
	sum := 0
	step := func(u, v float32) {
		d := int(float32(u-v) * 100 / 255)
		sum += max(d, -d)
	}
	for i := range grid {
		for j := range grid {
			if i < grid-1 {
				step(small[i*grid+j], small[(i+1)*grid+j])
			}
			if j < grid-1 {
				step(small[i*grid+j], small[i*grid+j+1])
			}
		}
	}
	return min(sum/90, 100)
}

// dctRows holds rows 1 to 16 of the orthonormal 64-point DCT-II matrix.
var dctRows = func() (d [16][grid]float32) {
	scale := float64(float32(math.Sqrt(2.0 / grid)))
	for i := range d {
		for j := range d[i] {
			d[i][j] = float32(scale * math.Cos(math.Pi/2/grid*float64(i+1)*float64(2*j+1)))
		}
	}
	return d
}()

// transform64 is D·A·Dᵀ, each sum taken in index order.
func transform64(a *[grid * grid]float32) (c Coefficients) {
	var t [16][grid]float32
	for i := range t {
		for k := range grid {
			d, row := dctRows[i][k], a[k*grid:(k+1)*grid]
			for j, v := range row {
				t[i][j] += float32(d * v)
			}
		}
	}
	for i := range t {
		for j := range 16 {
			var s float32
			for k, v := range t[i] {
				s += float32(v * dctRows[j][k])
			}
			c[i*16+j] = s
		}
	}
	return c
}
