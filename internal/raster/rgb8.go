package raster

import (
	"image"
	"image/draw"
)

// RGB8 is an upright picture of W × H pixels, row-major, 3 bytes (R, G, B) each,
// without padding.
type RGB8 struct {
	W, H int
	Pix  []uint8
}

// NewRGB8 returns a black picture.
func NewRGB8(w, h int) *RGB8 { return &RGB8{W: w, H: h, Pix: make([]uint8, 3*w*h)} }

// FromImage converts any Go image, transparent pixels on white.
func FromImage(img image.Image) *RGB8 {
	b := img.Bounds()
	flat := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(flat, flat.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Rect, img, b.Min, draw.Over)
	out := NewRGB8(b.Dx(), b.Dy())
	for i := range b.Dx() * b.Dy() {
		copy(out.Pix[3*i:3*i+3], flat.Pix[4*i:])
	}
	return out
}

// Image returns the picture as an opaque Go image of its own memory.
func (r *RGB8) Image() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, r.W, r.H))
	for i := range r.W * r.H {
		copy(img.Pix[4*i:4*i+3], r.Pix[3*i:])
		img.Pix[4*i+3] = 255
	}
	return img
}

// Picture returns a new picture of the given format with these pixels, for
// callers that make pictures rather than receive them. Lossy formats are coded
// without chroma subsampling.
func (r *RGB8) Picture(f Format) *Picture {
	px := &pixels[uint8]{w: r.W, h: r.H, n: 3, model: rgb, alpha: -1, pix: append([]uint8(nil), r.Pix...)}
	return &Picture{w: r.W, h: r.H, data: px, turned: new(turnedBands),
		info: Info{Format: f, Width: r.W, Height: r.H, Orientation: 1, Bits: 8}}
}
