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
			dst := out.Row(y)
			for x := range dst {
				dst[x] = bicubic(src, xs[x], ys[x])
			}
		}
	})
	return out
}

// bicubic reads src at (x, y).
func bicubic(src *Plane, x, y float32) float32 {
	// Positions far outside (or not finite) are clamped before they become
	// integers.
	x = min(max(x, -1), float32(src.W))
	y = min(max(y, -1), float32(src.H))
	if x == -1 || y == -1 || x == float32(src.W) || y == float32(src.H) {
		return src.At(min(max(int(x), 0), src.W-1), min(max(int(y), 0), src.H-1))
	}
	fx, fy := floorInt(x), floorInt(y)
	wx := &cubicTable[int((x-float32(fx))*cubicSteps+0.5)&(2*cubicSteps-1)]
	wy := &cubicTable[int((y-float32(fy))*cubicSteps+0.5)&(2*cubicSteps-1)]
	if fx < 1 || fy < 1 || fx+2 >= src.W || fy+2 >= src.H {
		return bicubicBorder(src, fx, fy, wx, wy)
	}
	i := (fy-1)*src.W + fx - 1
	a := src.Pix[i:][:4]
	b := src.Pix[i+src.W:][:4]
	c := src.Pix[i+2*src.W:][:4]
	d := src.Pix[i+3*src.W:][:4]
	w0, w1, w2, w3 := wx[0], wx[1], wx[2], wx[3]
	return wy[0]*(w0*a[0]+w1*a[1]+w2*a[2]+w3*a[3]) +
		wy[1]*(w0*b[0]+w1*b[1]+w2*b[2]+w3*b[3]) +
		wy[2]*(w0*c[0]+w1*c[1]+w2*c[2]+w3*c[3]) +
		wy[3]*(w0*d[0]+w1*d[1]+w2*d[2]+w3*d[3])
}

// bicubicBorder repeats the border samples.
func bicubicBorder(src *Plane, fx, fy int, wx, wy *[4]float32) float32 {
	var sum float32
	for j, k := range wy {
		row := src.Row(min(max(fy-1+j, 0), src.H-1))
		var s float32
		for i, c := range wx {
			s += c * row[min(max(fx-1+i, 0), src.W-1)]
		}
		sum += k * s
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
