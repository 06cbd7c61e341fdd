package dsp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// noise is a plane of smooth-ish random samples in [0, 255].
func noise(w, h int, seed uint64) *Plane {
	r := rand.New(rand.NewPCG(seed, 1))
	p := NewPlane(w, h)
	for y := range h {
		for x := range w {
			v := 128 + 60*math.Sin(float64(x)/7)*math.Cos(float64(y)/5) + 60*(r.Float64()-0.5)
			p.Set(x, y, float32(v))
		}
	}
	return p
}

func maxDiff(t *testing.T, a, b *Plane) float64 {
	t.Helper()
	if a.W != b.W || a.H != b.H {
		t.Fatalf("sizes differ: %dx%d and %dx%d", a.W, a.H, b.W, b.H)
	}
	m := 0.0
	for i, v := range a.Pix {
		m = max(m, math.Abs(float64(v)-float64(b.Pix[i])))
	}
	return m
}

// directGauss is the slow twin: a truncated 2-D sum in float64.
func directGauss(p *Plane, sigma float64) *Plane {
	r := int(math.Ceil(4.5 * sigma))
	k := make([]float64, 2*r+1)
	sum := 0.0
	for i := range k {
		k[i] = math.Exp(-float64((i-r)*(i-r)) / (2 * sigma * sigma))
		sum += k[i]
	}
	pass := func(at func(i int) float64) (s float64) {
		for i, v := range k {
			s += v / sum * at(i-r)
		}
		return s
	}
	mid, out := NewPlane(p.W, p.H), NewPlane(p.W, p.H)
	for y := range p.H {
		for x := range p.W {
			mid.Set(x, y, float32(pass(func(i int) float64 { return float64(p.At(mirror(x+i, p.W), y)) })))
		}
	}
	for y := range p.H {
		for x := range p.W {
			out.Set(x, y, float32(pass(func(i int) float64 { return float64(mid.At(x, mirror(y+i, p.H))) })))
		}
	}
	return out
}

func TestGaussianBlurAgainstDirect(t *testing.T) {
	for _, c := range []struct {
		w, h  int
		sigma float64
		tol   float64
	}{
		{61, 47, 0.4, 0.05}, {61, 47, 1, 0.1}, {61, 47, 1.6, 0.1},
		{61, 47, 2.5, 10}, {64, 64, 3, 2.5}, {96, 80, 6, 2.5}, {97, 80, 6, 10}, {1, 1, 3, 0.01}, {3, 200, 2, 5}, {200, 1, 5, 5},
	} {
		p := noise(c.w, c.h, 5)
		if d := maxDiff(t, GaussianBlur(p, c.sigma), directGauss(p, c.sigma)); d > c.tol {
			t.Errorf("%dx%d sigma %g: off by %g", c.w, c.h, c.sigma, d)
		}
	}
}

func TestGaussianBlurKeepsConstants(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 5}, {33, 17}, {3, 400}} {
		p := NewPlane(size[0], size[1])
		for i := range p.Pix {
			p.Pix[i] = 200
		}
		for _, s := range []float64{0.5, 2, 30} {
			if d := maxDiff(t, GaussianBlur(p, s), p); d > 0.01 {
				t.Errorf("%v sigma %g: a constant moved by %g", size, s, d)
			}
		}
	}
}

func TestBoxMeanAgainstDirect(t *testing.T) {
	for _, c := range [][4]int{{20, 15, 3, 2}, {5, 40, 12, 4}, {1, 1, 3, 3}, {30, 4, 2, 9}} {
		p := noise(c[0], c[1], 9)
		got := BoxMean(p, c[2], c[3])
		for y := range p.H {
			for x := range p.W {
				sum, n := 0.0, 0.0
				for j := max(0, y-c[3]); j <= min(p.H-1, y+c[3]); j++ {
					for i := max(0, x-c[2]); i <= min(p.W-1, x+c[2]); i++ {
						sum += float64(p.At(i, j))
						n++
					}
				}
				if d := math.Abs(sum/n - float64(got.At(x, y))); d > 1e-3 {
					t.Fatalf("%v at (%d,%d): off by %g", c, x, y, d)
				}
			}
		}
	}
}

func TestResizeAreaAgainstCoverage(t *testing.T) {
	for _, c := range [][4]int{{20, 15, 7, 5}, {20, 15, 20, 15}, {31, 9, 30, 9}, {9, 31, 1, 30}, {64, 64, 16, 16}} {
		p := noise(c[0], c[1], 11)
		got := ResizeArea(p, c[2], c[3])
		for y := range c[3] {
			for x := range c[2] {
				if d := math.Abs(coverage(p, x, y, c[2], c[3]) - float64(got.At(x, y))); d > 1e-3 {
					t.Fatalf("%v at (%d,%d): off by %g", c, x, y, d)
				}
			}
		}
	}
}

// coverage is the mean of p over the cell (x, y) of a w×h grid.
func coverage(p *Plane, x, y, w, h int) float64 {
	overlap := func(i, cell, n, m int) float64 {
		lo, hi := float64(cell*n)/float64(m), float64((cell+1)*n)/float64(m)
		return max(0, min(hi, float64(i+1))-max(lo, float64(i)))
	}
	sum, area := 0.0, 0.0
	for j := range p.H {
		for i := range p.W {
			a := overlap(i, x, p.W, w) * overlap(j, y, p.H, h)
			sum += a * float64(p.At(i, j))
			area += a
		}
	}
	return sum / area
}

func TestWarpAffine(t *testing.T) {
	// A ramp of slope 3 comes back within the rounding of positions to 1/64
	// sample and the small overshoot of the kernel.
	p := NewPlane(60, 50)
	for y := range p.H {
		for x := range p.W {
			p.Set(x, y, float32(2*x+3*y))
		}
	}
	m := Affine{0.9, -0.2, 12, 0.25, 1.05, 6}
	q := WarpAffine(p, m, 30, 30)
	for y := range q.H {
		for x := range q.W {
			sx, sy := m.Apply(float64(x), float64(y))
			if sx < 2 || sy < 2 || sx > 56 || sy > 46 {
				continue
			}
			if d := math.Abs(2*sx + 3*sy - float64(q.At(x, y))); d > 0.3 {
				t.Fatalf("(%d,%d): off by %g", x, y, d)
			}
		}
	}
	if d := maxDiff(t, WarpAffine(p, Affine{1, 0, 0, 0, 1, 0}, 60, 50), p); d > 1e-3 {
		t.Errorf("the identity moves samples by %g", d)
	}
	one := WarpAffine(NewPlane(1, 1), Affine{1e9, 0, math.NaN(), 0, 1e9, 0}, 4, 4)
	if len(one.Pix) != 16 {
		t.Error("a wild map must still give a plane")
	}
}

func TestAffineInverse(t *testing.T) {
	m := Affine{0.9, -0.2, 12, 0.25, -1.05, 6}
	id := m.Mul(m.Inverse())
	for i, want := range (Affine{1, 0, 0, 0, 1, 0}) {
		if math.Abs(id[i]-want) > 1e-12 {
			t.Fatalf("m·m⁻¹ = %v", id)
		}
	}
}

func TestResampleKeepsConstantsAndSizes(t *testing.T) {
	p := NewPlane(37, 21)
	for i := range p.Pix {
		p.Pix[i] = 77
	}
	for _, s := range [][2]int{{1, 1}, {10, 40}, {80, 5}, {37, 21}} {
		q := ResizeLanczos(p, s[0], s[1])
		if q.W != s[0] || q.H != s[1] {
			t.Fatalf("got %dx%d, want %v", q.W, q.H, s)
		}
		for _, v := range q.Pix {
			if math.Abs(float64(v)-77) > 1e-3 {
				t.Fatalf("%v: a constant became %g", s, v)
			}
		}
	}
}

func BenchmarkGaussianBlur3(b *testing.B) {
	p := noise(1024, 683, 1)
	for b.Loop() {
		GaussianBlur(p, 3)
	}
}

func BenchmarkShrink2MP(b *testing.B) {
	p := noise(1732, 1155, 1)
	for b.Loop() {
		Shrink(p, 1024)
	}
}

func BenchmarkBoxMean(b *testing.B) {
	p := noise(1024, 513, 1)
	for b.Loop() {
		BoxMean(p, 12, 12)
	}
}

func BenchmarkWarpAffine(b *testing.B) {
	p := noise(1024, 683, 1)
	for b.Loop() {
		WarpAffine(p, Affine{0.99, 0.05, 0, -0.05, 0.99, 20}, 1000, 660)
	}
}
