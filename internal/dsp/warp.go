package dsp

import "math"

// cubicSteps is the resolution of the table of bicubic weights: positions are
// rounded to 1/64 sample.
const cubicSteps = 64

// cubicTable holds the four weights of Keys' cubic convolution (1981) with
// a = −0.75 for each fractional position.
var cubicTable = func() (t [cubicSteps + 1][4]float32) {
	const a = -0.75
	near := func(x float64) float64 { return ((a+2)*x-(a+3))*x*x + 1 }
	far := func(x float64) float64 { return ((a*x-5*a)*x+8*a)*x - 4*a }
	for i := range t {
		f := float64(i) / cubicSteps
		t[i] = [4]float32{float32(far(1 + f)), float32(near(f)), float32(near(1 - f)), float32(far(2 - f))}
	}
	return t
}()

// WarpAffine returns w × h samples, sample (x, y) read from src at m(x, y) by
// bicubic interpolation. Beyond the outermost samples src goes on unchanged;
// where the map shrinks by more than 1.15 src is blurred first, against
// aliasing.
func WarpAffine(src *Plane, m Affine, w, h int) *Plane {
	return warp(src, m.Scale(), w, h, func(y int, xs, ys []float32) {
		x0, y0 := m.Apply(0, float64(y))
		for x := range xs {
			xs[x] = float32(x0 + m[0]*float64(x))
			ys[x] = float32(y0 + m[3]*float64(x))
		}
	})
}

// Map writes the source positions of output row y to xs and ys.
type Map func(y int, xs, ys []float32)

// WarpMap is WarpAffine for any map. scale is the map's mean magnification
// (source samples for one output sample), which decides the blur.
func WarpMap(src *Plane, m Map, scale float64, w, h int) *Plane {
	return warp(src, scale, w, h, m)
}

func warp(src *Plane, scale float64, w, h int, m Map) *Plane {
	if scale > 1.15 {
		src = GaussianBlur(src, 0.4*math.Sqrt(scale*scale-1))
	}
	out := NewPlane(w, h)
	Strips(h, func(lo, hi int) {
		xs, ys := make([]float32, w), make([]float32, w)
		for y := lo; y < hi; y++ {
			m(y, xs, ys)
			warpRow(out.Row(y), src, xs, ys)
		}
	})
	return out
}

// warpRow reads src at (xs, ys) by bicubic interpolation.
func warpRow(dst []float32, src *Plane, xs, ys []float32) {
	xs, ys = xs[:len(dst)], ys[:len(dst)]
	maxX, maxY := inside(src)
	for i := range dst {
		x, y := xs[i], ys[i]
		if !(x >= 1 && y >= 1 && x < maxX && y < maxY) {
			dst[i] = bicubicOutside(src, x, y)
			continue
		}
		at, wx, wy := cell(src, x, y)
		a, b := src.Pix[at:][:4], src.Pix[at+src.W:][:4]
		c, d := src.Pix[at+2*src.W:][:4], src.Pix[at+3*src.W:][:4]
		k0, k1, k2, k3 := wy[0], wy[1], wy[2], wy[3]
		s0 := wx[0] * ((k0*a[0] + k1*b[0]) + (k2*c[0] + k3*d[0]))
		s1 := wx[1] * ((k0*a[1] + k1*b[1]) + (k2*c[1] + k3*d[1]))
		s2 := wx[2] * ((k0*a[2] + k1*b[2]) + (k2*c[2] + k3*d[2]))
		s3 := wx[3] * ((k0*a[3] + k1*b[3]) + (k2*c[3] + k3*d[3]))
		dst[i] = (s0 + s1) + (s2 + s3)
	}
}

// inside returns the bounds below which positions of at least 1 have all of
// their sixteen neighbours in src.
func inside(src *Plane) (maxX, maxY float32) { return float32(src.W - 2), float32(src.H - 2) }

// cell returns the first neighbour of an inner position and the weights.
func cell(src *Plane, x, y float32) (at int, wx, wy *[4]float32) {
	fx, fy := int(x), int(y)
	wx = &cubicTable[int((x-float32(fx))*cubicSteps+0.5)&(2*cubicSteps-1)]
	wy = &cubicTable[int((y-float32(fy))*cubicSteps+0.5)&(2*cubicSteps-1)]
	return (fy-1)*src.W + fx - 1, wx, wy
}

// bicubicOutside reads src at a position near its border or beyond, where the
// border samples are repeated. Beyond it, one direction is left to interpolate.
func bicubicOutside(src *Plane, x, y float32) float32 {
	// Positions far outside (or not finite) are clamped before they become
	// integers.
	x = min(max(x, -1), float32(src.W))
	y = min(max(y, -1), float32(src.H))
	fx, fy := floorInt(x), floorInt(y)
	wx := &cubicTable[int((x-float32(fx))*cubicSteps+0.5)&(2*cubicSteps-1)]
	wy := &cubicTable[int((y-float32(fy))*cubicSteps+0.5)&(2*cubicSteps-1)]
	var sum float32
	switch {
	case x == -1 || x == float32(src.W):
		at := min(max(fx, 0), src.W-1)
		for j, k := range wy {
			sum += k * src.At(at, min(max(fy-1+j, 0), src.H-1))
		}
	case y == -1 || y == float32(src.H):
		sum = fourOf(src.Row(min(max(fy, 0), src.H-1)), fx, wx)
	default:
		for j, k := range wy {
			sum += k * fourOf(src.Row(min(max(fy-1+j, 0), src.H-1)), fx, wx)
		}
	}
	return sum
}

// fourOf weighs the four samples of a row around fx, repeating its ends.
func fourOf(row []float32, fx int, wx *[4]float32) (sum float32) {
	for i, c := range wx {
		sum += c * row[min(max(fx-1+i, 0), len(row)-1)]
	}
	return sum
}

func floorInt(v float32) int {
	i := int(v)
	if float32(i) > v {
		i--
	}
	return i
}
