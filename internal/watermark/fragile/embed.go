package fragile

import (
	"math"

	"github.com/certana/certana/internal/watermark"
)

// Embed draws p on the canvas, with the first lattice step that keeps the
// target PSNR (the finest, where clipping lets none keep it). It takes one byte
// for each pixel and some hundred rows, and reads the canvas once for every
// step that it tries. A picture under 64 pixels on either side gives
// watermark.ErrTooSmall and is left alone.
func (t *Track) Embed(c Canvas, p watermark.Payload) (watermark.Embedding, error) {
	w, h := c.Size()
	if min(w, h) < minSide {
		return watermark.Embedding{}, watermark.ErrTooSmall
	}
	delta := make([]int8, w*h)
	var psnr float64
	for _, step := range t.steps {
		sse := newPass(t, c, p, step, delta).run()
		psnr = 10 * math.Log10(255*255*3*float64(w)*float64(h)/sse)
		if psnr >= t.psnr {
			break
		}
	}
	c.Add(func(y int, dst []float32) {
		for x, d := range delta[y*w : (y+1)*w] {
			dst[x] = float32(d)
		}
	}, 1, [3]float32{1, 1, 1})
	return watermark.Embedding{PSNR: psnr}, nil
}
