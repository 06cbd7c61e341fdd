package tamper

import (
	"testing"

	"github.com/certana/certana/internal/dsp"
)

// masked is a mask of w × h, true inside the box.
func masked(w, h, x0, y0, x1, y1 int) []bool {
	out := make([]bool, w*h)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			out[y*w+x] = true
		}
	}
	return out
}

// TestClosely: a region that was replaced by another part of the same texture stands
// out from what compression left; a region that nothing happened to does not.
func TestClosely(t *testing.T) {
	p := leaves(480, 360, 1)
	altered := Picture{p.W, p.H, append([]uint8(nil), p.Pix...)}
	for y := 100; y < 140; y++ {
		copy(altered.Pix[3*(y*p.W+200):3*(y*p.W+240)], p.Pix[3*((y+90)*p.W+60):3*((y+90)*p.W+100)])
	}
	ref := p.Luma(0)
	pointed := masked(p.W, p.H, 200, 100, 240, 140)
	for i, in := range masked(p.W, p.H, 320, 220, 360, 260) {
		pointed[i] = pointed[i] || in
	}
	for _, quality := range []int{0, 90, 70} {
		labels, sites := Closely(ref, recompressed(t, altered, quality).Luma(0), pointed, nil)
		if len(sites) != 2 || labels[120*p.W+220] != 0 || labels[240*p.W+340] != 1 || labels[0] != -1 {
			t.Fatalf("q%d: %d sites", quality, len(sites))
		}
		if s := sites[0]; !s.Known || s.Excess < 1 || s.Agreement > 0.5 || s.X != 200 || s.W != 40 {
			t.Errorf("q%d: replaced: %+v", quality, s)
		}
		if s := sites[1]; !s.Known || s.Excess > 0.2 || s.Agreement < 0.9 {
			t.Errorf("q%d: untouched: %+v", quality, s)
		}
	}
}

// TestCloselyUnknown: with nothing to hold a region against, nothing is said.
func TestCloselyUnknown(t *testing.T) {
	p := dsp.NewPlane(64, 64)
	for name, c := range map[string]struct{ pointed, seen []bool }{
		"all is pointed at":  {masked(64, 64, 0, 0, 64, 64), nil},
		"nothing is in view": {masked(64, 64, 8, 8, 24, 24), make([]bool, 64*64)},
		"less than a patch":  {masked(64, 64, 61, 61, 63, 63), nil},
	} {
		if _, sites := Closely(p, p, c.pointed, c.seen); len(sites) != 1 || sites[0].Known {
			t.Errorf("%s: %+v", name, sites)
		}
	}
	if _, sites := Closely(p, p, make([]bool, 64*64), nil); len(sites) != 0 {
		t.Errorf("nothing is pointed at: %+v", sites)
	}
}

// TestRegions: 8-connected, largest first.
func TestRegions(t *testing.T) {
	m := masked(20, 10, 1, 1, 4, 3)
	for i, in := range masked(20, 10, 10, 2, 15, 9) {
		m[i] = m[i] || in
	}
	m[3*20+4] = true // touches the first by a corner
	got := Regions(m, 20, 10)
	if len(got) != 2 || got[0] != (Box{X: 10, Y: 2, W: 5, H: 7, Area: 35, Score: 1}) || got[1] != (Box{X: 1, Y: 1, W: 4, H: 3, Area: 7, Score: 1}) {
		t.Errorf("%+v", got)
	}
}
