package tamper

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/dsp"
)

// copies are what may happen to a picture without its being altered.
var copies = []struct {
	name string
	make func(t *testing.T, p Picture) Picture
}{
	{"same", func(_ *testing.T, p Picture) Picture { return p }},
	{"JPEG 80", func(t *testing.T, p Picture) Picture { return recompressed(t, p, 80) }},
	{"JPEG 30", func(t *testing.T, p Picture) Picture { return recompressed(t, p, 30) }},
	{"half size", func(_ *testing.T, p Picture) Picture {
		return each(p, func(in *dsp.Plane) *dsp.Plane { return dsp.ResizeLanczos(in, p.W/2, p.H/2) })
	}},
	{"double size", func(_ *testing.T, p Picture) Picture {
		return each(p, func(in *dsp.Plane) *dsp.Plane { return dsp.ResizeLanczos(in, p.W*2, p.H*2) })
	}},
	{"crop", func(_ *testing.T, p Picture) Picture { return window(p, 61, 33, 301, 253) }},
	{"border", func(_ *testing.T, p Picture) Picture { return window(p, -31, -20, p.W+50, p.H+44) }},
	{"turned", func(_ *testing.T, p Picture) Picture { return turnedBy(p, 4) }},
	{"mirrored", func(_ *testing.T, p Picture) Picture {
		return quantised(p.W, p.H, func(i int) float64 {
			x, y := i/3%p.W, i/3/p.W
			return float64(p.Pix[3*(y*p.W+p.W-1-x)+i%3])
		})
	}},
	{"brighter", func(_ *testing.T, p Picture) Picture {
		return quantised(p.W, p.H, func(i int) float64 { return 1.4 * float64(p.Pix[i]) })
	}},
	{"gamma", func(_ *testing.T, p Picture) Picture {
		return quantised(p.W, p.H, func(i int) float64 { return 255 * math.Pow(float64(p.Pix[i])/255, 0.7) })
	}},
	{"grey", func(_ *testing.T, p Picture) Picture {
		l := p.Luma(0)
		return quantised(p.W, p.H, func(i int) float64 { return float64(l.Pix[i/3]) })
	}},
	{"blurred", func(_ *testing.T, p Picture) Picture {
		return each(p, func(in *dsp.Plane) *dsp.Plane { return dsp.GaussianBlur(in, 1) })
	}},
	{"noise", func(_ *testing.T, p Picture) Picture {
		r := rand.New(rand.NewPCG(8, 8))
		return quantised(p.W, p.H, func(i int) float64 { return float64(p.Pix[i]) + 8*r.NormFloat64() })
	}},
}

func TestCopiesAreQuiet(t *testing.T) {
	p := leaves(480, 360, 1)
	for _, c := range copies {
		t.Run(c.name, func(t *testing.T) {
			r := Inspect(p, nil, c.make(t, p))
			if !r.Registered {
				t.Fatal("not registered")
			}
			m := r.Map
			if m.Altered || m.Ratio != 0 {
				t.Errorf("%d regions, the first %+v, ratio %v", len(m.Regions), m.Regions[0], m.Ratio)
			}
			if !m.SameScene || m.Agreement < 0.8 {
				t.Errorf("same scene %v, agreement %v", m.SameScene, m.Agreement)
			}
		})
	}
}

// TestAlteredCopies: the same copies of a picture with an object pasted in.
func TestAlteredCopies(t *testing.T) {
	p, other := leaves(480, 360, 1), leaves(480, 360, 2)
	mask := shape(rand.New(rand.NewPCG(1, 5)), 480, 360, 0.06)
	altered := blended(p, other, mask)
	asPicture := quantised(480, 360, func(i int) float64 { return 255 * mask[i/3] })
	for _, c := range copies {
		t.Run(c.name, func(t *testing.T) {
			probe := c.make(t, altered)
			r := Inspect(p, nil, probe)
			if !r.Registered || !r.Map.SameScene || !r.Map.Altered {
				t.Fatalf("registered %v, %+v", r.Registered, r.Map)
			}
			truth := asPicture
			switch c.name { // the geometry of the copy moves the mask too
			case "half size", "double size", "crop", "border", "turned", "mirrored":
				truth = c.make(t, asPicture)
			}
			soft := make([]float64, probe.W*probe.H)
			grey := r.Map.Gray(probe.W, probe.H)
			for i := range soft {
				soft[i] = float64(truth.Pix[3*i]) / 255
				if c.name == "border" && truth.Pix[3*i] == 238 {
					soft[i] = 0
				}
			}
			if got := f1(grey, soft); got < 0.85 {
				t.Errorf("F1 %.3f", got)
			}
		})
	}
}

func TestUncovered(t *testing.T) {
	p := leaves(480, 360, 1)
	m := Inspect(p, nil, window(p, -40, -30, 560, 420)).Map
	if m == nil {
		t.Fatal("not registered")
	}
	for _, c := range []struct {
		x, y int
		want bool
	}{{0, 0, false}, {20, 200, false}, {559, 419, false}, {60, 50, true}, {280, 210, true}} {
		if got := m.Covered[c.y*m.W+c.x]; got != c.want {
			t.Errorf("(%d, %d) covered %v", c.x, c.y, got)
		}
	}
	want := 480.0 * 360 / (560 * 420)
	if m.Coverage > want || m.Coverage < want-0.05 || m.ReferencePart != 1 {
		t.Errorf("coverage %v, reference %v", m.Coverage, m.ReferencePart)
	}
	if part := Inspect(p, nil, window(p, 60, 60, 240, 180)).Map.ReferencePart; math.Abs(part-0.25) > 0.03 {
		t.Errorf("a crop shows %v of the reference", part)
	}
}

// TestOtherScene: under a geometry that some mark may claim, another picture is
// not of the same scene.
func TestOtherScene(t *testing.T) {
	p, q := leaves(480, 360, 1), leaves(480, 360, 2)
	m := Compare(p, q, align.Identity())
	if m.SameScene || m.Agreement > 0.3 {
		t.Errorf("same scene %v, agreement %v", m.SameScene, m.Agreement)
	}
	if r := Inspect(p, nil, q); r.Registered {
		t.Errorf("registered by %d inliers", r.Registration.Inliers)
	}
}

// TestDegenerate: odd sizes and maps are answered, with nothing said.
func TestDegenerate(t *testing.T) {
	p := leaves(120, 90, 1)
	for name, h := range map[string]align.Homography{
		"zero": {}, "not a number": {math.NaN()}, "far away": {1, 0, 1e9, 0, 1, 1e9, 0, 0, 1},
		"vanishing": {1, 0, 0, 0, 1, 0, 1, 1, -60}, "point": {1e-9, 0, 0, 0, 1e-9, 0, 0, 0, 1},
		"huge": {1e6, 0, 0, 0, 1e6, 0, 0, 0, 1},
	} {
		if m := Compare(p, p, h); m.Altered || m.SameScene || len(m.Score) != m.W*m.H || len(m.Covered) != m.W*m.H {
			t.Errorf("%s: %+v", name, m.Regions)
		}
	}
	for _, size := range [][2]int{{1, 1}, {1, 300}, {7, 5}, {300, 2}} {
		q := Picture{size[0], size[1], make([]uint8, 3*size[0]*size[1])}
		if m := Compare(q, q, align.Identity()); m.Altered {
			t.Errorf("%v is altered", size)
		}
		if m := Compare(p, q, align.Identity()); m.Altered {
			t.Errorf("%v is altered", size)
		}
		if r := Inspect(q, nil, p); r.Registered {
			t.Errorf("%v registers", size)
		}
	}
}

// TestLarge: pictures over the working size give full-size boxes and maps.
func TestLarge(t *testing.T) {
	p, other := leaves(1400, 900, 3), leaves(1400, 900, 4)
	mask := shape(rand.New(rand.NewPCG(3, 3)), 1400, 900, 0.05)
	r := Inspect(p, nil, blended(p, other, mask))
	if !r.Registered || len(r.Map.Regions) != 1 {
		t.Fatalf("registered %v: %+v", r.Registered, r.Map.Regions)
	}
	m := r.Map
	if m.W != WorkingSide || m.FullW != 1400 || m.FullH != 900 {
		t.Errorf("%d × %d of %d × %d", m.W, m.H, m.FullW, m.FullH)
	}
	if got := f1(m.Gray(1400, 900), mask); got < 0.93 {
		t.Errorf("F1 %.3f", got)
	}
	var area float64
	x0, x1 := 1400, 0
	for i, v := range mask {
		area += v
		if v > 0.5 {
			x0, x1 = min(x0, i%1400), max(x1, i%1400)
		}
	}
	b := m.Regions[0]
	if math.Abs(float64(b.Area)-area) > 0.1*area || math.Abs(float64(b.X-x0)) > 8 || math.Abs(float64(b.X+b.W-x1)) > 8 {
		t.Errorf("box %+v for %v pixels from %d to %d", b, area, x0, x1)
	}
}
