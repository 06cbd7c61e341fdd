package fragile

import (
	"bytes"

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

// Sheer is a picture that may be seen through. What is drawn there shows by halves,
// and what shows is not the picture's alone, so that no mark is drawn or read.
type Sheer interface {
	Rows
	// Opaque says that nothing shows through: then nobody asks for alpha.
	Opaque() bool
	// ReadAlpha writes row y, a byte for each of w pixels, to dst: 255 only where
	// nothing shows through.
	ReadAlpha(y int, dst []uint8)
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

// View is what the reader sees of a picture, in pixels of the mark: luma, where
// colours clipped, and which part of the marked picture is there at all.
type View struct {
	Luma *dsp.Plane
	// Clipped counts, for each of the ⌊W/4⌋ × ⌊H/4⌋ cells of 4×4 pixels, those
	// with a channel at most 1 or at least 254. There the mark could not be
	// drawn well, and less is expected of it. nil takes luma for the channels.
	Clipped []uint8
	// Seen is 1 for each of the same cells that is wholly shown and opaque, 0 for one
	// that is not, of which Luma then holds anything; nil shows all. The pixels beyond
	// the last whole cell follow it.
	Seen []uint8
	// Moved is set where the picture had to be interpolated to lie as it was
	// marked: then much of the finest detail is lost, and with it what it bore of
	// the mark.
	Moved bool
}

// Look reads a picture of the size that was marked: 4 bytes for each pixel of
// the mark stay.
func Look(r Rows) View {
	w, h := MarkedSize(r.Size())
	v := View{Luma: dsp.NewPlane(w, h), Clipped: make([]uint8, (w/cell)*(h/cell))}
	in := newReducer(r)
	if in.sheer != nil {
		v.Seen = bytes.Repeat([]uint8{1}, len(v.Clipped))
	}
	row := make([]uint8, 3*w)
	for y := range h {
		in.read(y, row, v.Luma.Row(y))
		in.veiled(y, w, func(x int) { v.veil(x/cell, y/cell) })
		for x := range w {
			q := row[3*x : 3*x+3 : 3*x+3]
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

// lookAtLuma returns v with what clipped, where it did not come with it.
func lookAtLuma(v View) View {
	if v.Clipped != nil {
		return v
	}
	v.Clipped = make([]uint8, (v.Luma.W/cell)*(v.Luma.H/cell))
	for y := range v.Luma.H {
		for x, l := range v.Luma.Row(y) {
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

func (v View) veil(i, j int) {
	if w, h := v.Luma.W/cell, v.Luma.H/cell; i < w && j < h {
		v.Seen[j*w+i] = 0
	}
}
