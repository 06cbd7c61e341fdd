package attack

import (
	"math"

	"github.com/certana/certana/internal/raster"
)

// blur is OpenCV's GaussianBlur of 8-bit pictures with a window of
// 2⌈3σ⌉+1: weights in 8-bit fixed point, their rounding errors carried on to the
// next, the border mirrored without repeating it.
func blur(m *raster.RGB8, sigma float64) *raster.RGB8 {
	k := gaussianWeights(sigma)
	r := len(k) / 2
	tmp := make([]uint32, len(m.Pix))
	line := make([]uint32, 3*(m.W+2*r))
	for y := range m.H {
		src, dst := row(m, y), tmp[3*y*m.W:3*(y+1)*m.W]
		for x := -r; x < m.W+r; x++ {
			from := 3 * mirror(x, m.W)
			for c := range 3 {
				line[3*(x+r)+c] = uint32(src[from+c])
			}
		}
		for j, weight := range k {
			for i, v := range line[3*j : 3*(j+m.W)] {
				dst[i] += weight * v
			}
		}
	}
	out := raster.NewRGB8(m.W, m.H)
	acc := make([]uint32, 3*m.W)
	for y := range m.H {
		clear(acc)
		for j, weight := range k {
			src := tmp[3*m.W*mirror(y+j-r, m.H):]
			for i := range acc {
				acc[i] += weight * src[i]
			}
		}
		dst := row(out, y)
		for i, v := range acc {
			dst[i] = uint8(min((v+1<<15)>>16, 255))
		}
	}
	return out
}

// gaussianWeights sum to 256.
func gaussianWeights(sigma float64) []uint32 {
	n := 2*int(math.Ceil(3*sigma)) + 1
	real := make([]float64, n)
	var sum float64
	for i := range real {
		d := float64(i - n/2)
		real[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += real[i]
	}
	k := make([]uint32, n)
	left, carry := uint32(256), 0.0
	for i := range n / 2 {
		v := real[i]/sum*256 + carry
		rounded := math.RoundToEven(v)
		carry = v - rounded
		k[i], k[n-1-i] = uint32(rounded), uint32(rounded)
		left -= 2 * uint32(rounded)
	}
	k[n/2] = left
	return k
}

// mirror folds i into [0, n) as …2 1 0 1 2… n-2 n-1 n-2….
func mirror(i, n int) int {
	if n == 1 {
		return 0
	}
	for i < 0 || i >= n {
		if i < 0 {
			i = -i
		} else {
			i = 2*n - 2 - i
		}
	}
	return i
}

// median replaces every sample by the median of a size × size window, the
// border repeated.
func median(m *raster.RGB8, size int) *raster.RGB8 {
	out := raster.NewRGB8(m.W, m.H)
	r := size / 2
	window := make([]uint8, 0, size*size)
	for y := range m.H {
		for x := range m.W {
			for c := range 3 {
				window = window[:0]
				for j := -r; j <= r; j++ {
					row := row(m, min(max(y+j, 0), m.H-1))
					for i := -r; i <= r; i++ {
						window = insert(window, row[3*min(max(x+i, 0), m.W-1)+c])
					}
				}
				out.Pix[3*(y*m.W+x)+c] = window[len(window)/2]
			}
		}
	}
	return out
}

// insert adds v to an ascending slice that has room for it.
func insert(sorted []uint8, v uint8) []uint8 {
	i := len(sorted)
	sorted = sorted[:i+1]
	for ; i > 0 && sorted[i-1] > v; i-- {
		sorted[i] = sorted[i-1]
	}
	sorted[i] = v
	return sorted
}

// smooth is Pillow's SMOOTH filter: 3 × 3 with 5 in the middle, over 13; the
// outermost pixels stay as they are.
func smooth(m *raster.RGB8) *raster.RGB8 {
	out := clone(m)
	const edge, middle = float32(1.0 / 13), float32(5.0 / 13)
	for y := 1; y < m.H-1; y++ {
		up, mid, down, dst := row(m, y-1), row(m, y), row(m, y+1), row(out, y)
		for i := 3; i < 3*m.W-3; i++ {
			v := float32(0.5)
			v += float32(down[i-3])*edge + float32(down[i])*edge + float32(down[i+3])*edge
			v += float32(mid[i-3])*edge + float32(mid[i])*middle + float32(mid[i+3])*edge
			v += float32(up[i-3])*edge + float32(up[i])*edge + float32(up[i+3])*edge
			dst[i] = uint8(min(v, 255))
		}
	}
	return out
}
