package align

import (
	"math"
	"testing"
)

// some is a map with every kind of distortion in it.
var some = Homography{0.9, -0.2, 13, 0.25, 1.1, -7, 1e-4, -2e-4, 1}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, want %v within %v", what, got, want, tolerance)
	}
}

func TestInvertAndMul(t *testing.T) {
	inv, ok := some.Invert()
	if !ok {
		t.Fatal("no inverse")
	}
	for _, p := range [][2]float64{{0, 0}, {100, 30}, {-5, 400}} {
		x, y := inv.Apply(some.Apply(p[0], p[1]))
		near(t, "x back", x, p[0], 1e-9)
		near(t, "y back", y, p[1], 1e-9)
		a, b := some.Mul(some).Apply(p[0], p[1])
		c, d := some.Apply(some.Apply(p[0], p[1]))
		near(t, "x twice", a, c, 1e-9)
		near(t, "y twice", b, d, 1e-9)
	}
	for _, bad := range []Homography{{}, {1, 2, 3, 2, 4, 6, 0, 0, 1}, {math.NaN()}, {0: math.Inf(1), 4: 1, 8: 1}} {
		if _, ok := bad.Invert(); ok {
			t.Errorf("%v was inverted", bad)
		}
	}
}

func TestResized(t *testing.T) {
	h := Resized(100, 50, 400, 25)
	for _, p := range [][4]float64{{-0.5, -0.5, -0.5, -0.5}, {99.5, 49.5, 399.5, 24.5}, {49.5, 24.5, 199.5, 12}} {
		x, y := h.Apply(p[0], p[1])
		near(t, "x", x, p[2], 1e-12)
		near(t, "y", y, p[3], 1e-12)
	}
}

func TestJacobian(t *testing.T) {
	const e = 1e-5
	a, b, c, d := some.Jacobian(40, 70)
	x0, y0 := some.Apply(40-e, 70)
	x1, y1 := some.Apply(40+e, 70)
	near(t, "∂x'/∂x", a, (x1-x0)/(2*e), 1e-6)
	near(t, "∂y'/∂x", c, (y1-y0)/(2*e), 1e-6)
	x0, y0 = some.Apply(40, 70-e)
	x1, y1 = some.Apply(40, 70+e)
	near(t, "∂x'/∂y", b, (x1-x0)/(2*e), 1e-6)
	near(t, "∂y'/∂y", d, (y1-y0)/(2*e), 1e-6)
}

func TestSimilarity(t *testing.T) {
	for _, mirrored := range []bool{false, true} {
		a, b := spot{x: 10, y: 20, u: 5, v: -3}, spot{x: 40, y: 90, u: 77, v: 30}
		h, ok := similarity(a, b, mirrored)
		if !ok {
			t.Fatal("no similarity")
		}
		for _, p := range []spot{a, b} {
			u, v := h.Apply(p.x, p.y)
			near(t, "u", u, p.u, 1e-9)
			near(t, "v", v, p.v, 1e-9)
		}
		if det := h[0]*h[4] - h[1]*h[3]; det < 0 != mirrored {
			t.Errorf("mirrored %v has the determinant %v", mirrored, det)
		}
		near(t, "orthogonality", h[0]*h[1]+h[3]*h[4], 0, 1e-9)
		near(t, "equal scales", math.Hypot(h[0], h[3]), math.Hypot(h[1], h[4]), 1e-9)
	}
	if _, ok := similarity(spot{x: 1, y: 1}, spot{x: 1, y: 1, u: 5}, false); ok {
		t.Error("one point gave a similarity")
	}
}

func TestFit(t *testing.T) {
	affine := Homography{0.9, -0.2, 13, 0.25, 1.1, -7, 0, 0, 1}
	for _, c := range []struct {
		h           Homography
		perspective bool
		tolerance   float64
	}{{affine, false, 1e-6}, {affine, true, 1e-3}, {Homography{1, 0.01, 5, -0.02, 0.97, 3, 2e-5, -1e-5, 1}, true, 0.1}} {
		var spots []spot
		for y := 0.0; y < 500; y += 90 {
			for x := 0.0; x < 700; x += 110 {
				u, v := c.h.Apply(x, y)
				spots = append(spots, spot{x, y, u, v, 1 + x/700, 3})
			}
		}
		got, ok := fit(spots, c.perspective)
		if !ok {
			t.Fatal("no fit")
		}
		for _, p := range spots {
			u, v := got.Apply(p.x, p.y)
			near(t, "u", u, p.u, c.tolerance)
			near(t, "v", v, p.v, c.tolerance)
		}
	}
	line := []spot{{x: 0, weight: 1}, {x: 1, weight: 1}, {x: 2, weight: 1}, {x: 3, weight: 1}, {x: 4, weight: 1}}
	if _, ok := fit(line, false); ok {
		t.Error("points on a line determined a map")
	}
}
