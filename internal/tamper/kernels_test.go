package tamper

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/certana/certana/internal/dsp"
)

// TestNull: the law is found again although a third of the places is altered.
func TestNull(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	e, a := dsp.NewPlane(200, 150), dsp.NewPlane(200, 150)
	covered := make([]bool, len(e.Pix))
	for i := range e.Pix {
		covered[i] = true
		a.Pix[i] = float32(300 * r.Float64())
		e.Pix[i] = float32(20 * (1 + 0.03*float64(a.Pix[i])) * math.Exp(0.3*r.NormFloat64()))
		if i%3 == 0 {
			e.Pix[i] *= 100
		}
	}
	n := fitNull(e, a, covered, 1)
	if n.r != 0.03 || n.a < 20 || n.a > 28 || n.spread < 0.25 || n.spread > 0.6 {
		t.Errorf("%+v", n)
	}
	s := n.scores(e, a, 1)
	if s.Pix[0] < 3.5 || math.Abs(float64(s.Pix[1])) > 1.6 {
		t.Errorf("scores %v altered, %v not", s.Pix[0], s.Pix[1])
	}
}

// TestTone: brightness, contrast, saturation and gamma are undone although a
// fifth of the picture is altered.
func TestTone(t *testing.T) {
	p, other := leaves(320, 240, 5), leaves(320, 240, 6)
	mask := shape(rand.New(rand.NewPCG(4, 4)), 320, 240, 0.2)
	for name, f := range map[string]func(v, grey float64) float64{
		"darker":        func(v, _ float64) float64 { return 0.5 * v },
		"less contrast": func(v, _ float64) float64 { return 60 + v/2 },
		"saturated":     func(v, g float64) float64 { return g + 1.4*(v-g) },
		"gamma":         func(v, _ float64) float64 { return 255 * math.Pow(v/255, 1.4) },
	} {
		toned := func(p Picture) Picture {
			l := p.Luma(0)
			return quantised(p.W, p.H, func(i int) float64 { return f(float64(p.Pix[i]), float64(l.Pix[i/3])) })
		}
		ref, probe := p.planes(320, 240), blended(toned(p), other, mask).planes(320, 240)
		half, probeHalf := dsp.Halve(ref.y), dsp.Halve(probe.y)
		covered := make([]bool, 160*120)
		for i := range covered {
			covered[i] = true
		}
		tn, ok := fitTone(softly(half, ref), softly(probeHalf, probe), localNCC(half, probeHalf, 5), clippedNear(half, probeHalf, ref, probe), covered)
		if !ok {
			t.Fatal("no fit")
		}
		got := tn.toned(ref)
		var worst []float64
		for i := range got.y.Pix {
			if mask[i] == 0 {
				worst = append(worst, math.Abs(float64(got.y.Pix[i]-probe.y.Pix[i])))
			}
		}
		if m := mean(worst); m > 0.8 {
			t.Errorf("%s: luma off by %.2f in the mean", name, m)
		}
	}
}

// TestCubicTwin: the polynomials by chroma equal the monomials.
func TestCubicTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var tn tone
	for c := range tn {
		for k := range tn[c] {
			tn[c][k] = 50 * r.NormFloat64()
		}
	}
	for range 50 {
		y, cb, cr := float32(255*r.Float64()), float32(100*r.NormFloat64()), float32(100*r.NormFloat64())
		want := tn.apply(monomials(y, cb, cr))
		q := tn.at(cb, cr)
		a, b, c := q.eval(y)
		for i, v := range [3]float32{a, b, c} {
			if math.Abs(float64(v)-want[i]) > 1e-3*(1+math.Abs(want[i])) {
				t.Fatalf("%v, want %v", v, want[i])
			}
		}
	}
}

// TestSharpened: a blurred and a sharpened copy are imitated.
func TestSharpened(t *testing.T) {
	ref := leaves(320, 240, 7).Luma(0)
	covered := make([]bool, len(ref.Pix))
	for i := range covered {
		covered[i] = true
	}
	blurred := dsp.GaussianBlur(ref, 1.6)
	sharp := ref.Clone()
	for i := range sharp.Pix {
		sharp.Pix[i] = min(max(2*ref.Pix[i]-blurred.Pix[i], 0), 255)
	}
	for name, probe := range map[string]*dsp.Plane{"blurred": blurred, "sharpened": sharp} {
		before := mean(squares(difference(ref, probe)))
		after := mean(squares(difference(sharpened(ref, probe, covered), probe)))
		if after > before/20 {
			t.Errorf("%s: mean square %.2f before, %.2f after", name, before, after)
		}
	}
}

func squares(p *dsp.Plane) []float64 {
	out := make([]float64, len(p.Pix))
	for i, v := range p.Pix {
		out[i] = float64(v) * float64(v)
	}
	return out
}

// TestLocalNCC: 1 for any gain and offset, −1 for a negative, 0 where flat.
func TestLocalNCC(t *testing.T) {
	a := leaves(100, 80, 8).Luma(0)
	b, c, flat := dsp.NewPlane(100, 80), dsp.NewPlane(100, 80), dsp.NewPlane(100, 80)
	for i, v := range a.Pix {
		b.Pix[i], c.Pix[i], flat.Pix[i] = 30+2*v, 255-v, 77
	}
	if n := median(pixels(localNCC(a, b, 5))); n < 0.97 {
		t.Errorf("gain: %v", n)
	}
	if n := median(pixels(localNCC(a, c, 5))); n > -0.97 {
		t.Errorf("negative: %v", n)
	}
	if n := median(pixels(localNCC(a, flat, 5))); math.Abs(n) > 0.01 {
		t.Errorf("flat: %v", n)
	}
}

func pixels(p *dsp.Plane) []float64 {
	out := make([]float64, len(p.Pix))
	for i, v := range p.Pix {
		out[i] = float64(v)
	}
	return out
}

// TestMorphologyTwin holds the running windows against the definition.
func TestMorphologyTwin(t *testing.T) {
	const w, h = 37, 23
	r := rand.New(rand.NewPCG(6, 6))
	mask := make([]bool, w*h)
	for i := range mask {
		mask[i] = r.IntN(4) == 0
	}
	for radius := range 5 {
		grown, shrunk := dilated(mask, w, h, radius), eroded(mask, w, h, radius)
		for y := range h {
			for x := range w {
				some, all := false, true
				for v := max(y-radius, 0); v <= min(y+radius, h-1); v++ {
					for u := max(x-radius, 0); u <= min(x+radius, w-1); u++ {
						some = some || mask[v*w+u]
						all = all && mask[v*w+u]
					}
				}
				if grown[y*w+x] != some || shrunk[y*w+x] != all {
					t.Fatalf("radius %d at (%d, %d): %v %v, want %v %v", radius, x, y, grown[y*w+x], shrunk[y*w+x], some, all)
				}
			}
		}
	}
}

func TestLocalMaxTwin(t *testing.T) {
	p := leaves(31, 29, 9).Luma(0)
	got := localMax(p, 3)
	for y := range p.H {
		for x := range p.W {
			want := float32(0)
			for v := max(y-3, 0); v <= min(y+3, p.H-1); v++ {
				for u := max(x-3, 0); u <= min(x+3, p.W-1); u++ {
					want = max(want, p.At(u, v))
				}
			}
			if got.At(x, y) != want {
				t.Fatalf("(%d, %d): %v, want %v", x, y, got.At(x, y), want)
			}
		}
	}
}

func TestComponentsAndHoles(t *testing.T) {
	rows := []string{
		"##......",
		"#....###",
		".....#.#",
		"..#..###",
		".#......",
	}
	w, h := len(rows[0]), len(rows)
	mask := make([]bool, w*h)
	for i := range mask {
		mask[i] = rows[i/w][i%w] == '#'
	}
	labels, parts := components(mask, w, h)
	want := []part{{0, 0, 1, 1, 3}, {5, 1, 7, 3, 8}, {1, 3, 2, 4, 2}}
	if len(parts) != len(want) {
		t.Fatalf("%+v", parts)
	}
	for i, p := range want {
		if parts[i] != p {
			t.Errorf("part %d: %+v, want %+v", i, parts[i], p)
		}
	}
	if labels[2*w+6] != -1 || labels[3*w+5] != 1 {
		t.Errorf("labels %v", labels)
	}
	fillHoles(mask, w, h)
	if !mask[2*w+6] || mask[2*w+2] || count(mask) != 14 {
		t.Errorf("holes: %v", mask)
	}
}

func TestGray(t *testing.T) {
	m := &Map{W: 2, H: 1, Score: []uint8{200, 100}, Covered: []bool{true, false}}
	if got := m.Gray(2, 1); got[0] != 200 || got[1] != 0 {
		t.Errorf("%v", got)
	}
	if got := m.Gray(4, 2); got[0] != 200 || got[1] != 150 || got[2] != 50 || got[3] != 0 || got[4] != 200 {
		t.Errorf("%v", got)
	}
	if got := (&Map{}).Gray(3, 2); len(got) != 6 || got[5] != 0 {
		t.Errorf("%v", got)
	}
}
