package raster

/*
#cgo LDFLAGS: -lpng
#include <stdlib.h>
#include "cpng.h"
*/
import "C"

import (
	"image"
	"unsafe"
)

// pngLevel is zlib's level for renditions. Measured on Kodak: level 2 is 5% larger
// than level 6 and takes a fifth of its time.
const pngLevel = 2

// newPixels makes the interleaved layout of a picture whose depth is known.
func newPixels(w, h, n, bits int, model colour, alpha int) (samples, *C.uint8_t) {
	if bits == 16 {
		p := &pixels[uint16]{w: w, h: h, n: n, model: model, alpha: alpha, pix: make([]uint16, w*h*n)}
		return p, (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(p.pix)))
	}
	p := &pixels[uint8]{w: w, h: h, n: n, model: model, alpha: alpha, pix: make([]uint8, w*h*n)}
	return p, bytesPtr(p.pix)
}

func (p *Picture) decodePNG(data []byte) error {
	var c C.cp_picture
	in, size := bytesPtr(data), C.size_t(len(data))
	if C.cp_decode(in, size, &c, nil) == 0 {
		return pngError(&c)
	}
	if int(c.w) != p.w || int(c.h) != p.h || c.n < 1 || c.n > 4 {
		return refuse(ErrInvalidFileType, "The PNG has contradictory headers.")
	}
	model, n, alpha := grey, int(c.n), -1
	if n >= 3 {
		model = rgb
	}
	if n%2 == 0 {
		alpha = n - 1
	}
	p.info.Bits, p.info.Alpha = int(c.bits), alpha >= 0
	var base *C.uint8_t
	p.data, base = newPixels(p.w, p.h, n, int(c.bits), model, alpha)
	if C.cp_decode(in, size, &c, base) == 0 {
		return pngError(&c)
	}
	p.damage = c.damaged != 0
	return nil
}

func pngError(c *C.cp_picture) error {
	return refuse(ErrInvalidFileType, "The PNG cannot be decoded: %s.", C.GoString(&c.error[0]))
}

func (p *Picture) encodePNG() ([]byte, error) {
	switch d := p.data.(type) {
	case *pixels[uint8]:
		return writePNG(d.w, d.h, d.n, 8, bytesPtr(d.pix), pngLevel)
	case *pixels[uint16]:
		return writePNG(d.w, d.h, d.n, 16, (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(d.pix))), pngLevel)
	}
	return nil, refuse(ErrInvalidFileType, "The samples of this picture have no PNG layout.")
}

func writePNG(w, h, n, bits int, pix *C.uint8_t, level int) ([]byte, error) {
	c := C.cp_picture{w: C.int(w), h: C.int(h), bits: C.int(bits), n: C.int(n)}
	var out *C.uint8_t
	var size C.size_t
	if C.cp_encode(&c, pix, C.int(level), &out, &size) == 0 {
		return nil, refuse(ErrInvalidFileType, "The PNG cannot be written: %s.", C.GoString(&c.error[0]))
	}
	defer C.free(unsafe.Pointer(out))
	return goBytes(out, size), nil
}

// EncodePNG writes an 8-bit PNG: one channel for image.Gray, else RGB or RGBA.
func EncodePNG(img image.Image) ([]byte, error) {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if w <= 0 || h <= 0 {
		return nil, refuse(ErrInvalidFileType, "An empty picture has no PNG.")
	}
	switch m := img.(type) {
	case *image.Gray:
		return writePNG(w, h, 1, 8, bytesPtr(packed(m.Pix, m.Stride, w, h)), pngLevel)
	case *image.NRGBA:
		if !m.Opaque() {
			return writePNG(w, h, 4, 8, bytesPtr(packed(m.Pix, m.Stride, 4*w, h)), pngLevel)
		}
	}
	return FromImage(img).EncodePNG()
}

// EncodePNG writes the picture as an 8-bit RGB PNG.
func (r *RGB8) EncodePNG() ([]byte, error) {
	return writePNG(r.W, r.H, 3, 8, bytesPtr(r.Pix), pngLevel)
}

// packed removes the padding between rows of n bytes.
func packed(pix []uint8, stride, n, h int) []uint8 {
	if stride == n {
		return pix
	}
	out := make([]uint8, 0, n*h)
	for y := range h {
		out = append(out, pix[y*stride:y*stride+n]...)
	}
	return out
}
