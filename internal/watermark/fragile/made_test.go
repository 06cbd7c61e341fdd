package fragile

import (
	"image"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/watermark"
)

const somePayload watermark.Payload = 0x0123456789abcdef

func rgbOf(img *image.NRGBA) *watermark.RGB {
	m := raster.FromImage(img)
	return &watermark.RGB{W: m.W, H: m.H, Pix: m.Pix}
}

func photo(w, h int, seed uint64) *watermark.RGB { return rgbOf(synth.Photo(w, h, seed)) }

// paste draws an object over a picture and returns the copy and the truth, 1
// where it is at least half covered.
func paste(m *watermark.RGB, seed uint64, area float64) (*watermark.RGB, []uint8) {
	img := (&raster.RGB8{W: m.W, H: m.H, Pix: m.Pix}).Image()
	_, mask := synth.PasteObject(img, seed, area)
	truth := make([]uint8, m.W*m.H)
	for i, v := range mask.Pix {
		truth[i] = v >> 7
	}
	return rgbOf(img), truth
}

func f1(m Map, truth []uint8) float64 {
	tp, wrong := 0, 0
	for i, v := range truth {
		said := m.Mask != nil && m.Mask[i] == 1
		switch {
		case said && v == 1:
			tp++
		case said != (v == 1):
			wrong++
		}
	}
	return 2 * float64(tp) / max(1, float64(2*tp+wrong))
}
