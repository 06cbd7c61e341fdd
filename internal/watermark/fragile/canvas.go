package fragile

import (
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// Rows is a picture that can be read row by row as a viewer would show it.
type Rows interface {
	// Size returns the upright width and height in pixels.
	Size() (w, h int)
	// ReadRGB writes row y, w pixels of interleaved 8-bit R, G, B, to dst. Rows
	// are asked for from top to bottom, possibly several times over.
	ReadRGB(y int, dst []uint8)
}

// Canvas is a picture that track B can draw on. Unlike the other tracks it
// must know R, G and B, because clipping at black and white decides what it
// can move.
type Canvas interface {
	Rows
	// Add is watermark.Canvas's: gain·weight[c]·row[x] onto channel c, rounded
	// and clipped. Track B asks for whole levels, the same for R, G and B.
	Add(pattern watermark.Pattern, gain float32, weight [3]float32)
}

// RGB makes a Canvas of a picture in memory.
type RGB struct{ *watermark.RGB }

var _ Canvas = RGB{}

// ReadRGB implements Rows.
func (c RGB) ReadRGB(y int, dst []uint8) { copy(dst, c.Pix[3*c.W*y:3*c.W*(y+1)]) }

// View is what the reader sees of a picture: luma, and where colours clipped.
type View struct {
	Luma *dsp.Plane
	// Clipped counts, for each of the ⌊W/4⌋ × ⌊H/4⌋ cells of 4×4 pixels, those
	// with a channel at most 1 or at least 254. There the mark could not be
	// drawn well, and less is expected of it. nil takes luma for the channels.
	Clipped []uint8
}

// Look reads a picture: 4 bytes for each pixel stay.
func Look(r Rows) View {
	w, h := r.Size()
	v := View{Luma: dsp.NewPlane(w, h), Clipped: make([]uint8, (w/cell)*(h/cell))}
	row := make([]uint8, 3*w)
	for y := range h {
		r.ReadRGB(y, row)
		for x := range w {
			q := row[3*x : 3*x+3 : 3*x+3]
			v.Luma.Pix[y*w+x] = 0.299*float32(q[0]) + 0.587*float32(q[1]) + 0.114*float32(q[2])
			if min(q[0], q[1], q[2]) <= clipLow || max(q[0], q[1], q[2]) >= clipHigh {
				v.clip(x/cell, y/cell)
			}
		}
	}
	return v
}

// Pixels at these levels or beyond count as clipped.
const (
	clipLow  = 1
	clipHigh = 254
)

func lookAtLuma(luma *dsp.Plane) View {
	v := View{Luma: luma, Clipped: make([]uint8, (luma.W/cell)*(luma.H/cell))}
	for y := range luma.H {
		for x, l := range luma.Row(y) {
			if l <= clipLow || l >= clipHigh {
				v.clip(x/cell, y/cell)
			}
		}
	}
	return v
}

func (v View) clip(i, j int) {
	if w, h := v.Luma.W/cell, v.Luma.H/cell; i < w && j < h {
		v.Clipped[j*w+i]++
	}
}
