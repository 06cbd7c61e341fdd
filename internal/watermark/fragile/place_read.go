package fragile

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

// lens reads a source in pixels of the mark, each the mean of n × n samples.
type lens struct {
	*Source
	m Projection // pixels of the mark to samples
	n int
}

// look makes a lens of a map to real pixels of the received picture. (x, y) is a
// place that is in view.
func (s *Source) look(m Projection, x, y float64) lens {
	f := float64(s.f)
	for c := range 3 { // sample i covers the real pixels from i·f on
		m[c] = m[c]/f + m[6+c]*(0.5/f-0.5)
		m[3+c] = m[3+c]/f + m[6+c]*(0.5/f-0.5)
	}
	return lens{s, m, max(1, int(m.scaleAt(x, y)+0.4))}
}

// pixel reads one pixel of the mark.
func (l *lens) pixel(x, y float64) float32 {
	if l.n == 1 {
		return l.at(l.m.Apply(x, y))
	}
	sum, step := float32(0), 1/float64(l.n)
	for j := range l.n {
		for i := range l.n {
			sum += l.at(l.m.Apply(x+(float64(i)+0.5)*step-0.5, y+(float64(j)+0.5)*step-0.5))
		}
	}
	return sum / float32(l.n*l.n)
}

// block reads 8×8 pixels from (x, y) on; false where they are not all in view.
func (l *lens) block(x, y float64, dst *[side * side]float32) bool {
	for _, c := range [4][2]float64{{0, 0}, {side - 1, 0}, {0, side - 1}, {side - 1, side - 1}} {
		if !l.inside(l.m.Apply(x+c[0], y+c[1])) {
			return false
		}
	}
	for i := range dst {
		dst[i] = l.pixel(x+float64(i%side), y+float64(i/side))
	}
	return true
}

// view reads a marked picture of w × h pixels of the mark, as far as it is there.
func (l *lens) view(w, h int) View {
	cw, ch := w/cell, h/cell
	v := View{Luma: dsp.NewPlane(w, h), Clipped: make([]uint8, cw*ch), Seen: make([]uint8, cw*ch), Moved: true}
	dsp.Strips(ch, func(lo, hi int) {
		for j := lo; j < hi; j++ {
			for i := range cw {
				l.cell(&v, i, j)
			}
		}
	})
	return v
}

// cell reads one cell of a view.
func (l *lens) cell(v *View, i, j int) {
	at := j*(v.Luma.W/cell) + i
	for k := range cell * cell {
		x, y := i*cell+k%cell, j*cell+k/cell
		sx, sy := l.m.Apply(float64(x), float64(y))
		if !l.inside(sx, sy) {
			return
		}
		v.Luma.Set(x, y, l.pixel(float64(x), float64(y)))
		nx, ny := int(math.Floor(sx+0.5)), int(math.Floor(sy+0.5))
		sample := l.clipped[min(max(ny, 0), l.luma.H-1)*l.luma.W+min(max(nx, 0), l.luma.W-1)]
		if sample == veiled {
			return
		}
		v.Clipped[at] += sample
	}
	v.Seen[at] = 1
}
