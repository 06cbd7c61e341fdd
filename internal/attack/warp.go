package attack

import (
	"errors"
	"math"

	"github.com/certana/certana/internal/raster"
)

// rotate turns the picture counter-clockwise by degrees about its middle on the
// same canvas, black outside, and returns the forward 2×3 matrix.
func rotate(m *raster.RGB8, degrees float64) (*raster.RGB8, []float64) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(m.W-1)/2, float64(m.H-1)/2
	forward := []float64{
		cos, sin, (1-cos)*cx - sin*cy,
		-sin, cos, sin*cx + (1-cos)*cy,
	}
	return affine(m, forward), forward
}

// affine is OpenCV's warpAffine with INTER_CUBIC and black outside: the inverse
// map in 10-bit fixed point, taken to 1/32 of a pixel.
func affine(m *raster.RGB8, f []float64) *raster.RGB8 {
	d := 1 / (f[0]*f[4] - f[1]*f[3])
	a, b, c, e := f[4]*d, -f[1]*d, -f[3]*d, f[0]*d
	tx, ty := -a*f[2]-b*f[5], -c*f[2]-e*f[5]
	fixed := func(v float64) int { return int(math.RoundToEven(v * 1024)) }
	out := raster.NewRGB8(m.W, m.H)
	for y := range m.H {
		x0, y0 := fixed(b*float64(y)+tx)+16, fixed(e*float64(y)+ty)+16
		for x := range m.W {
			u, v := (x0+fixed(a*float64(x)))>>5, (y0+fixed(c*float64(x)))>>5
			cubicAt(m, u, v, [3]uint8{}, out.Pix[3*(y*m.W+x):])
		}
	}
	return out
}

// projective is OpenCV's warpPerspective with INTER_CUBIC: f is the forward 3×3
// matrix, border the colour outside.
func projective(m *raster.RGB8, f []float64, border [3]uint8) *raster.RGB8 {
	g := invert3(f)
	out := raster.NewRGB8(m.W, m.H)
	for y := range m.H {
		for x := range m.W {
			fx, fy := float64(x), float64(y)
			w := g[6]*fx + g[7]*fy + g[8]
			if w != 0 {
				w = 32 / w
			}
			u := clampInt((g[0]*fx + g[1]*fy + g[2]) * w)
			v := clampInt((g[3]*fx + g[4]*fy + g[5]) * w)
			cubicAt(m, u, v, border, out.Pix[3*(y*m.W+x):])
		}
	}
	return out
}

func clampInt(v float64) int {
	return int(math.RoundToEven(min(max(v, math.MinInt32), math.MaxInt32)))
}

// cubicAt writes to dst the sample at (u/32, v/32).
func cubicAt(m *raster.RGB8, u, v int, border [3]uint8, dst []uint8) {
	x0, y0 := u>>5-1, v>>5-1
	if x0 >= m.W || x0+4 <= 0 || y0 >= m.H || y0+4 <= 0 {
		copy(dst[:3], border[:])
		return
	}
	k := &cubic[v&31*32+u&31]
	sum := [3]int32{1 << 14, 1 << 14, 1 << 14}
	for j := range 4 {
		y := y0 + j
		for i := range 4 {
			x, weight := x0+i, int32(k[4*j+i])
			p := border[:]
			if x >= 0 && x < m.W && y >= 0 && y < m.H {
				p = m.Pix[3*(y*m.W+x):]
			}
			sum[0] += weight * int32(p[0])
			sum[1] += weight * int32(p[1])
			sum[2] += weight * int32(p[2])
		}
	}
	for c, s := range sum {
		dst[c] = clip8(s >> 15)
	}
}

// cubic holds OpenCV's bicubic weights (a = -0.75) of 32 × 32 sub-pixel
// positions, 4 × 4 taps each, in 15-bit fixed point, summing to 2¹⁵: the
// rounding error goes to the largest or the smallest of the four middle taps.
var cubic = newCubic()

func newCubic() *[1024][16]int16 {
	var one [32][4]float32
	for i := range one {
		x := float32(i) / 32
		const a = -0.75
		one[i][0] = ((a*(x+1)-5*a)*(x+1)+8*a)*(x+1) - 4*a
		one[i][1] = ((a+2)*x-(a+3))*x*x + 1
		one[i][2] = ((a+2)*(1-x)-(a+3))*(1-x)*(1-x) + 1
		one[i][3] = 1 - one[i][0] - one[i][1] - one[i][2]
	}
	out := new([1024][16]int16)
	for v := range 32 {
		for u := range 32 {
			k := &out[32*v+u]
			sum := 0
			for i := range k {
				k[i] = int16(min(math.RoundToEven(float64(one[v][i/4]*one[u][i%4]*32768)), math.MaxInt16))
				sum += int(k[i])
			}
			balance(k, sum-32768)
		}
	}
	return out
}

func balance(k *[16]int16, excess int) {
	low, high := 10, 10
	for _, i := range [4]int{10, 11, 14, 15} {
		if k[i] < k[low] {
			low = i
		} else if k[i] > k[high] {
			high = i
		}
	}
	if excess < 0 {
		k[high] -= int16(excess)
	} else {
		k[low] -= int16(excess)
	}
}

// jitter moves the corners by up to frac of the sides at random and returns the
// forward matrix of the projective map that does so. A picture one pixel wide or
// high has no such map.
func jitter(m *raster.RGB8, frac float64, rng *numpyRand) ([]float64, error) {
	w, h := float64(m.W), float64(m.H)
	src := [4][2]float64{{0, 0}, {w - 1, 0}, {w - 1, h - 1}, {0, h - 1}}
	var dst [4][2]float64
	for i := range dst {
		dst[i][0] = float64(float32(src[i][0] + rng.uniform(-1, 1)*(w*frac)))
		dst[i][1] = float64(float32(src[i][1] + rng.uniform(-1, 1)*(h*frac)))
	}
	if f := homography(src, dst); f != nil {
		return f, nil
	}
	return nil, errors.New("the picture is too small for a perspective")
}

// homography solves for the 3×3 matrix, last entry 1, that takes four points to
// four others; nil when three of them lie on a line.
func homography(src, dst [4][2]float64) []float64 {
	var a [8][9]float64
	for i := range 4 {
		x, y, u, v := src[i][0], src[i][1], dst[i][0], dst[i][1]
		a[i] = [9]float64{x, y, 1, 0, 0, 0, -x * u, -y * u, u}
		a[i+4] = [9]float64{0, 0, 0, x, y, 1, -x * v, -y * v, v}
	}
	for c := range 8 { // Gauss-Jordan with partial pivoting
		best := c
		for r := c + 1; r < 8; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[best][c]) {
				best = r
			}
		}
		a[c], a[best] = a[best], a[c]
		if math.Abs(a[c][c]) < 1e-12 {
			return nil
		}
		for r := range 8 {
			if r == c {
				continue
			}
			k := a[r][c] / a[c][c]
			for j := c; j < 9; j++ {
				a[r][j] -= k * a[c][j]
			}
		}
	}
	out := make([]float64, 9)
	for i := range 8 {
		out[i] = a[i][8] / a[i][i]
	}
	out[8] = 1
	return out
}

// invert3 inverts a regular 3×3 matrix by its adjugate.
func invert3(m []float64) []float64 {
	c := func(a, b, d, e int) float64 { return m[a]*m[e] - m[b]*m[d] }
	out := []float64{
		c(4, 5, 7, 8), c(2, 1, 8, 7), c(1, 2, 4, 5),
		c(5, 3, 8, 6), c(0, 2, 6, 8), c(2, 0, 5, 3),
		c(3, 4, 6, 7), c(1, 0, 7, 6), c(0, 1, 3, 4),
	}
	d := 1 / (m[0]*out[0] + m[1]*out[3] + m[2]*out[6])
	for i := range out {
		out[i] *= d
	}
	return out
}
