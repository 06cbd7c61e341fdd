// Package raster reads and writes JPEG, PNG, TIFF and WebP: bounded headers
// first, then samples in the layout of their codec (JPEG and lossy WebP stay
// planar YCbCr, the rest interleaved at its own depth), and metadata carried
// across byte for byte. Bytes in, pictures out; no file, no clock, no logger.
package raster

import (
	"sync"

	"github.com/certana/certana/internal/dsp"
)

// Picture is a decoded picture. Its methods speak upright pixels (the EXIF
// orientation applied); its samples stay as they were stored, and Encode writes
// them so. Reading methods may run concurrently with each other, not with Add.
type Picture struct {
	info   Info
	w, h   int // stored size
	data   samples
	jpeg   jpegStyle    // how the JPEG was coded
	tiff   tiffStyle    // byte order, compression
	damage bool         // some data was missing (only with Options.Lenient)
	turned *turnedBands // what ReadRGB turned last
}

// samples is one layout of stored samples. Coordinates are stored ones.
type samples interface {
	// block is the size in pixels that regions given to add are aligned to.
	block() (w, h int)
	// lumaRow fills luma, 0 to 255, for stored row y.
	lumaRow(y int, dst []float32)
	// rgbRow fills 3 bytes a pixel for stored row y, from pixel x to the end of dst.
	rgbRow(x, y int, dst []uint8)
	// opaque says that no pixel can be seen through.
	opaque() bool
	// alphaAt returns how much pixel (x, y) covers, 255 only where wholly.
	alphaAt(x, y int) uint8
	// reduceLuma returns ow × oh luma samples, area averaged.
	reduceLuma(ow, oh int) []float32
	// reduceRGB returns ow × oh interleaved RGB bytes, area averaged.
	reduceRGB(ow, oh int) []uint8
	// add draws the region (aligned to block, cut at the picture's edge) of
	// which delta holds r.w × r.h values; dry only tells the sum of the
	// squared errors over R, G and B, in 8-bit units.
	add(r region, delta []float32, c channelGain, dry bool) float64
	clone() samples
}

// region is a part of the stored picture, with scratch space of 3·w samples.
type region struct {
	x, y, w, h int
	scratch    []float32
}

// channelGain is what one unit of a pattern adds to R, G and B.
type channelGain [3]float32

// Info returns what the headers said.
func (p *Picture) Info() Info { return p.info }

// Size returns the upright width and height in pixels.
func (p *Picture) Size() (w, h int) { return p.info.Width, p.info.Height }

// Damaged says that a lenient decode met missing or damaged picture data.
func (p *Picture) Damaged() bool { return p.damage }

// Clone returns a deep copy.
func (p *Picture) Clone() *Picture {
	q := *p
	q.data, q.turned = p.data.clone(), new(turnedBands)
	return &q
}

// Luma returns upright luma (0.299 R + 0.587 G + 0.114 B, 0 to 255) reduced by
// area averaging so that the long side is at most maxSide; 0 asks for full
// size. Transparent pixels stand on white. The caller owns the plane.
func (p *Picture) Luma(maxSide int) *dsp.Plane {
	ow, oh := fit(p.w, p.h, maxSide)
	var pix []float32
	if ow == p.w && oh == p.h {
		pix = make([]float32, ow*oh)
		eachBand(oh, func(y0, y1 int) {
			for y := y0; y < y1; y++ {
				p.data.lumaRow(y, pix[y*ow:(y+1)*ow])
			}
		})
	} else {
		pix = p.data.reduceLuma(ow, oh)
	}
	pix = upright(pix, ow, oh, 1, p.info.Orientation)
	if p.info.Orientation > 4 {
		ow, oh = oh, ow
	}
	return &dsp.Plane{W: ow, H: oh, Pix: pix}
}

// RGB returns upright 8-bit RGB, alpha composited on white, reduced by area
// averaging so that the long side is at most maxSide; 0 asks for full size.
// Subsampled chroma is replicated, CMYK converted without its profile.
func (p *Picture) RGB(maxSide int) *RGB8 {
	ow, oh := fit(p.w, p.h, maxSide)
	var pix []uint8
	if ow == p.w && oh == p.h {
		pix = make([]uint8, ow*oh*3)
		eachBand(oh, func(y0, y1 int) {
			for y := y0; y < y1; y++ {
				p.data.rgbRow(0, y, pix[y*ow*3:(y+1)*ow*3])
			}
		})
	} else {
		pix = p.data.reduceRGB(ow, oh)
	}
	pix = upright(pix, ow, oh, 3, p.info.Orientation)
	if p.info.Orientation > 4 {
		ow, oh = oh, ow
	}
	return &RGB8{W: ow, H: oh, Pix: pix}
}

// fit returns the size of a w × h picture whose long side is at most maxSide.
func fit(w, h, maxSide int) (int, int) {
	long := max(w, h)
	if maxSide <= 0 || long <= maxSide {
		return w, h
	}
	scale := func(v int) int { return max(1, (2*v*maxSide+long)/(2*long)) }
	return scale(w), scale(h)
}

// eachBand splits rows 0 to n between two goroutines, the machine's least.
func eachBand(n int, f func(y0, y1 int)) {
	if n < 2 {
		f(0, n)
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { f(n/2, n) })
	f(0, n/2)
	wg.Wait()
}
