package fragile

import (
	"fmt"
	"math"
	"slices"

	"github.com/certana/certana/internal/watermark"
)

// Embed draws p on the canvas, with the first lattice step that keeps the
// target PSNR (the finest, where clipping lets none keep it). It takes one byte
// for each pixel of the mark and some hundred rows, and reads the canvas once for
// every step that it tries, twice when it is large. A picture under 64 pixels on
// either side, or so slim that under 64 of the mark's are left, gives
// watermark.ErrTooSmall; one of which too little is opaque, or that nothing would be
// drawn on, gives watermark.ErrNoRoom. Both are left alone.
func (t *Track) Embed(c Canvas, p watermark.Payload) (watermark.Embedding, error) {
	w, h := c.Size()
	if mw, mh := MarkedSize(w, h); min(mw, mh) < minSide {
		return watermark.Embedding{}, watermark.ErrTooSmall
	}
	d := newDrawing(w, h)
	var psnr float64
	for _, step := range t.steps {
		s := newPass(t, c, p, step, d.delta)
		sse := s.run()
		if min(s.grids[0].open, s.grids[1].open) < fewestBlocks {
			return watermark.Embedding{}, watermark.ErrNoRoom
		}
		if d.k > 1 {
			sse = d.error(c)
		}
		psnr = 10 * math.Log10(255*255*3*float64(w)*float64(h)/sse)
		if psnr >= t.psnr {
			break
		}
	}
	if !slices.ContainsFunc(d.delta, func(v int8) bool { return v != 0 }) {
		return watermark.Embedding{}, fmt.Errorf("%w: at %g dB nothing would be drawn", watermark.ErrNoRoom, t.psnr)
	}
	c.Add(d.row, 1, [3]float32{1, 1, 1})
	return watermark.Embedding{PSNR: psnr}, nil
}

// drawing is what is added to a picture of w × h real pixels: whole levels for
// each of mw × mh pixels of the mark, k real ones on a side.
type drawing struct {
	w, h, k, mw, mh int
	delta           []int8
}

func newDrawing(w, h int) *drawing {
	d := &drawing{w: w, h: h, k: Scale(w, h)}
	d.mw, d.mh = MarkedSize(w, h)
	d.delta = make([]int8, d.mw*d.mh)
	return d
}

// row is a watermark.Pattern.
func (d *drawing) row(y int, dst []float32) {
	clear(dst)
	if y /= d.k; y >= d.mh {
		return
	}
	at := 0
	for _, v := range d.delta[y*d.mw : (y+1)*d.mw] {
		for range d.k {
			dst[at] = float32(v)
			at++
		}
	}
}

// error is the sum of squared errors over R, G and B of real pixels. Where the
// pixels of one of the mark clip in part, a pass knows only their mean.
func (d *drawing) error(c Rows) (sse float64) {
	rgb, row := make([]uint8, 3*d.w), make([]float32, d.w)
	for y := range d.h {
		c.ReadRGB(y, rgb)
		d.row(y, row)
		sum := 0
		for x, v := range row {
			for _, o := range rgb[3*x : 3*x+3] {
				e := min(max(int(o)+int(v), 0), 255) - int(o)
				sum += e * e
			}
		}
		sse += float64(sum)
	}
	return sse
}
