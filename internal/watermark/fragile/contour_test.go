package fragile

import (
	"testing"

	"github.com/certana/certana/internal/dsp"
)

// box is a w × h mask of the pixels of a rectangle.
func box(w, h, x0, y0, x1, y1 int) []uint8 {
	m := make([]uint8, w*h)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			m[y*w+x] = 1
		}
	}
	return m
}

func differ(a, b []uint8) (n int) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// TestSnapFindsSteps: an outline that is off by up to 3 pixels on each side is
// drawn to the steps of the picture, which has a ramp and texture beside; where
// there are no steps it stays.
func TestSnapFindsSteps(t *testing.T) {
	const w, h = 90, 70
	truth := box(w, h, 30, 21, 70, 50)
	for _, c := range []struct {
		name            string
		step            float32
		mask            []uint8
		least, mostLeft int // pixels that were wrong and that may stay so
	}{
		{"too wide", 9, box(w, h, 28, 18, 73, 52), 200, 12},
		{"too small", -9, box(w, h, 31, 23, 68, 47), 200, 12},
		{"shifted", 14, box(w, h, 32, 19, 72, 48), 200, 12},
	} {
		luma := dsp.NewPlane(w, h)
		for y := range h {
			for x := range w {
				v := 60 + float32(x)/2 + float32((7*x+13*y)%3)
				if truth[y*w+x] == 1 {
					v += c.step
				}
				luma.Set(x, y, v)
			}
		}
		m := append([]uint8(nil), c.mask...)
		if n := differ(m, truth); n < c.least {
			t.Fatalf("%s: only %d pixels are wrong", c.name, n)
		}
		snap(m, luma)
		if n := differ(m, truth); n > c.mostLeft {
			t.Errorf("%s: %d pixels are wrong", c.name, n)
		}
		still := append([]uint8(nil), c.mask...)
		snap(still, dsp.NewPlane(w, h))
		if n := differ(still, c.mask); n > 0 {
			t.Errorf("%s: %d pixels moved in a flat picture", c.name, n)
		}
	}
}

// TestOutlines: a shape has two outlines by rows, one at the edge of the picture
// only one.
func TestOutlines(t *testing.T) {
	const w, h = 40, 30
	m := box(w, h, 5, 4, 12, 20)
	for i, v := range box(w, h, 25, 10, w, 18) {
		m[i] |= v
	}
	if b := extent(m, w); b != [4]int{4, 20, 5, w} {
		t.Errorf("extent %v", b)
	}
	l := lines{nil, m, w, [4]int{4, 20, 5, w}, 1, w}
	all := l.outlines()
	if len(all) != 3 {
		t.Fatalf("%d pieces, want 3", len(all))
	}
	for i, want := range []outline{{first: 4, at: make([]int, 16), rises: true}, {first: 4, at: make([]int, 16)}, {first: 10, at: make([]int, 8), rises: true}} {
		if o := all[i]; o.first != want.first || len(o.at) != len(want.at) || o.rises != want.rises {
			t.Errorf("piece %d: from %d, %d lines, rises %v", i, o.first, len(o.at), o.rises)
		}
	}
	columns := lines{nil, m, h, [4]int{5, w, 4, 20}, w, 1}
	if n := len(columns.outlines()); n != 4 {
		t.Errorf("%d pieces by columns, want 4", n)
	}
}
