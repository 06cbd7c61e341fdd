package align

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/certana/certana/internal/dsp"
)

// rendered is w × h pixels of p seen through h (p to the result), outside of p
// 40.
func rendered(p *dsp.Plane, h Homography, w, t int) *dsp.Plane {
	inv, _ := h.Invert()
	a, b, c, d := inv.Jacobian(float64(w)/2, float64(t)/2)
	out := dsp.WarpMap(p, func(y int, xs, ys []float32) {
		for x := range xs {
			u, v := inv.Apply(float64(x), float64(y))
			xs[x], ys[x] = float32(u), float32(v)
		}
	}, math.Sqrt(math.Abs(a*d-b*c)), w, t)
	for y := range t {
		for x := range w {
			if u, v := inv.Apply(float64(x), float64(y)); u < 0 || v < 0 || u > float64(p.W-1) || v > float64(p.H-1) {
				out.Set(x, y, 40)
			}
		}
	}
	return out
}

// turned maps about the centres of a w × h picture and a w1 × h1 one: mirrored
// first, then scaled and turned clockwise by angle degrees.
func turned(w, h, w1, h1 int, scale, angle float64, mirror bool) Homography {
	s, c := math.Sincos(angle * math.Pi / 180)
	m := 1.0
	if mirror {
		m = -1
	}
	cx, cy, dx, dy := float64(w-1)/2, float64(h-1)/2, float64(w1-1)/2, float64(h1-1)/2
	to := Homography{1, 0, -cx, 0, 1, -cy, 0, 0, 1}
	from := Homography{1, 0, dx, 0, 1, dy, 0, 0, 1}
	return from.Mul(Homography{scale * c * m, -scale * s, 0, scale * s * m, scale * c, 0, 0, 0, 1}).Mul(to)
}

// errorOf is the mean distance, in probe pixels, between g and h over ref.
func errorOf(g, h Homography, w, t int) (sum float64) {
	n := 0
	for y := 0; y < t; y += 20 {
		for x := 0; x < w; x += 20 {
			a, b := g.Apply(float64(x), float64(y))
			c, d := h.Apply(float64(x), float64(y))
			sum += math.Hypot(a-c, b-d)
			n++
		}
	}
	return sum / float64(n)
}

var registrations = []struct {
	name         string
	w, h         int
	scale, angle float64
	mirror       bool
	more         Homography // applied after, if not zero
}{
	{name: "same", w: 480, h: 360, scale: 1},
	{name: "small turn", w: 480, h: 360, scale: 1, angle: 3},
	{name: "quarter turn", w: 360, h: 480, scale: 1, angle: 90},
	{name: "half turn", w: 480, h: 360, scale: 1, angle: 180},
	{name: "any turn", w: 480, h: 360, scale: 0.8, angle: -137},
	{name: "half size", w: 240, h: 180, scale: 0.5},
	{name: "third", w: 160, h: 120, scale: 1.0 / 3},
	{name: "double", w: 960, h: 720, scale: 2},
	{name: "crop", w: 200, h: 180, scale: 1},
	{name: "mirrored", w: 480, h: 360, scale: 1, mirror: true},
	{name: "mirrored, turned, reduced", w: 400, h: 400, scale: 0.7, angle: 70, mirror: true},
	{name: "perspective", w: 480, h: 360, scale: 1, more: Homography{1, 0.02, 0, 0.01, 1, 0, 6e-5, -8e-5, 1}},
	{name: "stretched", w: 600, h: 360, scale: 1, more: Homography{1.2, 0, 0, 0, 1, 0, 0, 0, 1}},
}

func TestRegisterAndRefine(t *testing.T) {
	ref := blobs(480, 360, 7)
	f := Extract(ref, 800)
	for _, c := range registrations {
		t.Run(c.name, func(t *testing.T) {
			want := turned(480, 360, c.w, c.h, c.scale, c.angle, c.mirror)
			if c.more != (Homography{}) {
				want = c.more.Mul(want)
			}
			probe := rendered(ref, want, c.w, c.h)
			r, ok := Register(f, Extract(probe, 800))
			if !ok {
				t.Fatalf("%d of %d matches agree", r.Inliers, r.Matches)
			}
			if e := errorOf(r.H, want, 480, 360); e > 1.5 {
				t.Errorf("registered with an error of %.2f pixels", e)
			}
			if r.Mirrored != c.mirror {
				t.Errorf("mirrored %v", r.Mirrored)
			}
			if c.more == (Homography{}) {
				near(t, "scale", r.Scale, c.scale, 0.02*c.scale)
				near(t, "angle", math.Mod(r.Angle-c.angle+540, 360), 180, 0.5)
			}
			h, ok := Refine(ref, probe, r.H)
			if e := errorOf(h, want, 480, 360); !ok || e > 0.2 {
				t.Errorf("refined (%v) to an error of %.3f pixels", ok, e)
			}
		})
	}
}

// TestRefineFromAfar starts three pixels off, with a fifth of the probe
// replaced, half the contrast and noise.
func TestRefineFromAfar(t *testing.T) {
	ref := blobs(480, 360, 8)
	want := turned(480, 360, 480, 360, 1, 2, false)
	probe, other := rendered(ref, want, 480, 360), blobs(480, 360, 9)
	r := rand.New(rand.NewPCG(1, 1))
	for y := range 360 {
		for x := range 480 {
			v := probe.At(x, y)
			if x > 100 && x < 300 && y > 80 && y < 250 {
				v = other.At(x, y)
			}
			probe.Set(x, y, 60+v/2+float32(r.NormFloat64()*4))
		}
	}
	start := Homography{1, 0, 2.5, 0, 1, -1.5, 0, 0, 1}.Mul(want)
	h, ok := Refine(ref, probe, start)
	if e := errorOf(h, want, 480, 360); !ok || e > 0.1 {
		t.Errorf("refined (%v) to an error of %.3f pixels", ok, e)
	}
}

// TestRefineRefuses: without agreement the start comes back.
func TestRefineRefuses(t *testing.T) {
	start := turned(480, 360, 480, 360, 1, 2, false)
	for name, probe := range map[string]*dsp.Plane{
		"flat": dsp.NewPlane(480, 360), "tiny": dsp.NewPlane(9, 9), "one pixel": dsp.NewPlane(1, 1),
	} {
		if h, ok := Refine(blobs(480, 360, 10), probe, start); ok || h != start {
			t.Errorf("%s: %v, %v", name, h, ok)
		}
	}
	if _, ok := Refine(blobs(480, 360, 10), blobs(480, 360, 10), Homography{}); ok {
		t.Error("a map without inverse was refined")
	}
}

func TestUnrelated(t *testing.T) {
	var all []Features
	for seed := range 6 {
		all = append(all, Extract(blobs(480, 360, uint64(20+seed)), 800))
	}
	for i, a := range all {
		for j, b := range all {
			if r, ok := Register(a, b); ok != (i == j) {
				t.Errorf("pictures %d and %d: %v with %d inliers", i, j, ok, r.Inliers)
			}
		}
	}
	if _, ok := Register(Features{}, all[0]); ok {
		t.Error("nothing was registered")
	}
	if _, ok := Register(all[0], Features{}); ok {
		t.Error("nothing was registered to")
	}
}

func TestDeterministic(t *testing.T) {
	f := Extract(blobs(480, 360, 7), 800)
	g := Extract(blobs(400, 300, 7), 800)
	a, okA := Register(f, g)
	b, okB := Register(f, g)
	if okA != okB || !reflect.DeepEqual(a, b) {
		t.Errorf("%+v and %+v", a, b)
	}
}

// TestDamagedFeatures: stored features are bytes that others may have changed;
// whatever they hold, Register comes back.
func TestDamagedFeatures(t *testing.T) {
	f := Extract(blobs(300, 200, 7), 300)
	same := Features{W: 300, H: 200, Points: make([]Point, 300)}
	for i := range same.Points {
		same.Points[i] = f.Points[0]
	}
	zero := Features{Points: make([]Point, 300)}
	for _, g := range []Features{same, zero} {
		if r, ok := Register(f, g); ok {
			t.Errorf("registered with %d inliers", r.Inliers)
		}
		if r, ok := Register(g, g); ok {
			t.Errorf("registered with itself by %d inliers in one place", r.Inliers)
		}
	}
}
