package dsp

import (
	"math"
	"testing"
)

// FuzzKernels holds every filter of a plane against its slow twin at any size
// from 1×1: blurs within 1% of the range where it says so, everything else
// within rounding.
func FuzzKernels(f *testing.F) {
	for _, s := range [][2]uint8{{1, 1}, {1, 97}, {97, 1}, {2, 3}, {13, 7}, {31, 37}, {64, 48}, {101, 5}} {
		f.Add(s[0], s[1], uint8(3), uint64(1))
		f.Add(s[0], s[1], uint8(200), uint64(2))
	}
	f.Fuzz(func(t *testing.T, w8, h8, k uint8, seed uint64) {
		w, h := max(1, int(w8)%128), max(1, int(h8)%128)
		p := noise(w, h, seed)
		for name, d := range map[string]float64{
			"box":    maxDiff(t, BoxMean(p, int(k)%40, int(k)/7), directBox(p, int(k)%40, int(k)/7)),
			"halve":  maxDiff(t, Halve(p), directHalve(p)),
			"shrink": maxDiff(t, ResizeArea(p, 1+int(k)%w, 1+int(seed%uint64(h))), directShrink(p, 1+int(k)%w, 1+int(seed%uint64(h)))),
			"double": maxDiff(t, doubled(Halve(p), w, h), directDouble(Halve(p), w, h)),
			"warp":   maxDiff(t, WarpAffine(p, turned(k, w, h), w, h), directWarp(p, turned(k, w, h), w, h)),
		} {
			if !(d < 2e-3) {
				t.Errorf("%s of %d×%d with %d: off by %g", name, w, h, k, d)
			}
		}
		sigma := 0.3 + float64(k)/200
		if d := maxDiff(t, GaussianBlur(p, sigma), directGauss(p, min(sigma, float64(max(w, h))))); !(d < 0.15) {
			t.Errorf("blur of %d×%d with %g: off by %g", w, h, sigma, d)
		}
	})
}

func directBox(p *Plane, rx, ry int) *Plane {
	return each(p.W, p.H, func(x, y int) float64 {
		sum, n := 0.0, 0.0
		for j := max(0, y-ry); j <= min(p.H-1, y+ry); j++ {
			for i := max(0, x-rx); i <= min(p.W-1, x+rx); i++ {
				sum += float64(p.At(i, j))
				n++
			}
		}
		return sum / n
	})
}

func each(w, h int, f func(x, y int) float64) *Plane {
	out := NewPlane(w, h)
	for y := range h {
		for x := range w {
			out.Set(x, y, float32(f(x, y)))
		}
	}
	return out
}

func directHalve(p *Plane) *Plane {
	return each((p.W+1)/2, (p.H+1)/2, func(x, y int) float64 {
		sum := 0.0
		for j := range 2 {
			for i := range 2 {
				sum += float64(p.At(min(2*x+i, p.W-1), min(2*y+j, p.H-1)))
			}
		}
		return sum / 4
	})
}

func directShrink(p *Plane, w, h int) *Plane {
	return each(w, h, func(x, y int) float64 { return coverage(p, x, y, w, h) })
}

func doubled(half *Plane, w, h int) *Plane {
	out, tmp := NewPlane(w, h), make([]float32, half.W)
	for y := range h {
		UpsampleRow(half, y, out.Row(y), tmp)
	}
	return out
}

// directDouble interpolates at (x/2 − ¼, y/2 − ¼), held at the borders.
func directDouble(half *Plane, w, h int) *Plane {
	at := func(x, y int) float64 {
		return float64(half.At(min(max(x, 0), half.W-1), min(max(y, 0), half.H-1)))
	}
	return each(w, h, func(x, y int) float64 {
		fx, fy := float64(x)/2-0.25, float64(y)/2-0.25
		i, j := int(math.Floor(fx)), int(math.Floor(fy))
		u, v := fx-float64(i), fy-float64(j)
		return (1-v)*((1-u)*at(i, j)+u*at(i+1, j)) + v*((1-u)*at(i, j+1)+u*at(i+1, j+1))
	})
}

// turned is a rotation about the centre that does not shrink, with a shift in
// whole 64ths of a sample.
func turned(k uint8, w, h int) Affine {
	s, c := math.Sincos(float64(k) / 40)
	x, y := float64(w-1)/2, float64(h-1)/2
	return Affine{c, -s, x - c*x + s*y + float64(k)/64, s, c, y - s*x - c*y}
}

// directWarp is Keys' convolution over the sixteen nearest samples, positions
// rounded to 1/64 as the kernel does, the border held.
func directWarp(p *Plane, m Affine, w, h int) *Plane {
	return each(w, h, func(x, y int) float64 {
		x0, y0 := m.Apply(0, float64(y))
		sx, sy := float32(x0+m[0]*float64(x)), float32(y0+m[3]*float64(x))
		sx, sy = min(max(sx, -1), float32(p.W)), min(max(sy, -1), float32(p.H))
		fx, fy := math.Floor(float64(sx)), math.Floor(float64(sy))
		qx, qy := math.Floor((float64(sx)-fx)*64+0.5)/64, math.Floor((float64(sy)-fy)*64+0.5)/64
		sum := 0.0
		for j := -1; j <= 2; j++ {
			for i := -1; i <= 2; i++ {
				v := p.At(min(max(int(fx)+i, 0), p.W-1), min(max(int(fy)+j, 0), p.H-1))
				sum += keys(qx-float64(i)) * keys(qy-float64(j)) * float64(v)
			}
		}
		return sum
	})
}

// keys is the cubic convolution kernel with a = −0.75.
func keys(x float64) float64 {
	const a = -0.75
	switch x = math.Abs(x); {
	case x < 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return ((a*x-5*a)*x+8*a)*x - 4*a
	}
	return 0
}
