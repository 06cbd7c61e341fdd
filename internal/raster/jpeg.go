package raster

/*
#cgo CFLAGS: -O2 -Wall
#cgo LDFLAGS: -ljpeg
#include <stdlib.h>
#include "cjpeg.h"
#include <stdio.h>
#include <jpeglib.h>
*/
import "C"

import (
	"slices"
	"unsafe"
)

// jpegFloor is the standard quality that the rendition's quantisation tables are
// about as fine as, or finer. A mark is a change well under one step of a coarse
// table: written back with the original's own it would be rounded away. Measured
// on Kodak with a mark of 45 dB in the band of track A, share of the mark's
// amplitude that survives, PSNR to the original, growth of the file:
//
//	original   own tables           refined to 90
//	quality 50 .30  47.1 dB  ×1.01  .97  43.5 dB  ×2.05
//	quality 75 .77  44.1 dB  ×1.03  .98  43.7 dB  ×1.60
//	quality 85 .89  44.0 dB  ×1.03  .94  43.6 dB  ×1.17
//	quality 90 .96  44.0 dB  ×1.02  .96  44.0 dB  ×1.02
const jpegFloor = 90

// jpegQuality is for pictures that have no tables of their own.
const jpegQuality = 95

// jpegStyle is how a JPEG was coded: sampling factors, colour space, tables.
type jpegStyle struct{ c C.cj_picture }

func jpegError(c *C.cj_picture) error {
	return refuse(ErrInvalidFileType, "The JPEG cannot be decoded: %s.", C.GoString(&c.error[0]))
}

func (p *Picture) decodeJPEG(data []byte) error {
	c := &p.jpeg.c
	in, n := (*C.uint8_t)(unsafe.Pointer(&data[0])), C.size_t(len(data))
	if C.cj_header(in, n, c) == 0 {
		return jpegError(c)
	}
	if int(c.w) != p.w || int(c.h) != p.h {
		return refuse(ErrInvalidFileType, "The JPEG has contradictory headers.")
	}
	ok := C.int(0)
	switch {
	case planar(c):
		y := &ycc{grey: c.ncomp == 1, hs: 1, vs: 1, y: jpegPlane(c, 0)}
		args := [3]*C.uint8_t{bytesPtr(y.y.pix)}
		if !y.grey {
			y.hs, y.vs = int(c.hf[0]/c.hf[1]), int(c.vf[0]/c.vf[1])
			y.cb, y.cr = jpegPlane(c, 1), jpegPlane(c, 2)
			args[1], args[2] = bytesPtr(y.cb.pix), bytesPtr(y.cr.pix)
		}
		p.data = y
		ok = C.cj_decode_raw(in, n, c, args[0], args[1], args[2])
	case c.ncomp == 3 || c.ncomp == 4:
		px := &pixels[uint8]{w: p.w, h: p.h, n: int(c.ncomp), model: rgb, alpha: -1,
			pix: make([]uint8, p.w*p.h*int(c.ncomp))}
		p.data = px
		ok = C.cj_decode_pixels(in, n, c, bytesPtr(px.pix))
		if c.ncomp == 4 {
			px.model = cmyk
			if c.adobe != 0 { // Adobe's files, nearly all there are, store 255 − ink
				invert(px.pix)
			}
		} else if c.space != C.JCS_RGB {
			p.jpeg = plainJPEG(p.w, p.h)
		}
	default:
		return refuse(ErrInvalidFileType, "The JPEG has %d components; 1, 3 or 4 are supported.", c.ncomp)
	}
	if ok == 0 {
		return jpegError(c)
	}
	p.damage = c.damaged != 0
	return nil
}

// planar says whether raw planes serve: grey, or YCbCr with luma at full size
// and both chroma planes subsampled alike by whole factors.
func planar(c *C.cj_picture) bool {
	if c.ncomp == 1 {
		return c.space == C.JCS_GRAYSCALE
	}
	return c.ncomp == 3 && c.space == C.JCS_YCbCr && c.hf[1] == c.hf[2] && c.vf[1] == c.vf[2] &&
		c.hf[0]%c.hf[1] == 0 && c.vf[0]%c.vf[1] == 0
}

func jpegPlane(c *C.cj_picture, i int) plane {
	return newPlane(int(c.dw[i]), int(c.dh[i]), int(c.stride[i]), int(c.rows[i]))
}

func bytesPtr(b []uint8) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(b))) }

// goBytes copies C memory; unlike C.GoBytes it is not bound to 31 bits.
func goBytes(p *C.uint8_t, n C.size_t) []byte {
	return slices.Clone(unsafe.Slice((*byte)(unsafe.Pointer(p)), int(n)))
}

func invert(b []uint8) {
	for i, v := range b {
		b[i] = 255 - v
	}
}

// plainJPEG is the style of a picture that was not a JPEG before: YCbCr without
// subsampling and the standard tables.
func plainJPEG(w, h int) jpegStyle {
	s := jpegStyle{}
	s.c.w, s.c.h, s.c.ncomp, s.c.space = C.int(w), C.int(h), 3, C.JCS_YCbCr
	for i := range 3 {
		s.c.hf[i], s.c.vf[i] = 1, 1
	}
	return s
}

func (p *Picture) encodeJPEG() ([]byte, error) {
	if p.jpeg.c.q == (jpegStyle{}).c.q {
		return p.writeJPEG(jpegQuality)
	}
	return p.writeJPEG(jpegFloor)
}

func (p *Picture) writeJPEG(floor int) ([]byte, error) {
	c := p.jpeg.c
	if c.w == 0 {
		c = plainJPEG(p.w, p.h).c
	}
	var out *C.uint8_t
	var n C.size_t
	defer func() { C.free(unsafe.Pointer(out)) }()
	ok := C.int(0)
	switch d := p.data.(type) {
	case *ycc:
		for _, pl := range []*plane{&d.y, &d.cb, &d.cr} {
			if pl.pix != nil {
				pl.pad()
			}
		}
		ok = C.cj_encode_raw(&c, C.int(floor), bytesPtr(d.y.pix), bytesPtr(d.cb.pix), bytesPtr(d.cr.pix), &out, &n)
	case *pixels[uint8]:
		pix := d.pix
		if d.model == cmyk {
			pix = slices.Clone(pix) // libjpeg adds an Adobe marker, which means 255 − ink
			invert(pix)
		}
		ok = C.cj_encode_pixels(&c, C.int(floor), bytesPtr(pix), &out, &n)
	}
	if ok == 0 {
		return nil, refuse(ErrInvalidFileType, "The JPEG cannot be written: %s.", C.GoString(&c.error[0]))
	}
	return goBytes(out, n), nil
}

// EncodeJPEG writes RGB as a baseline JPEG with 4:2:0 chroma at the given
// quality, 1 to 100, of the standard tables.
func EncodeJPEG(rgb *RGB8, quality int) ([]byte, error) {
	p := rgb.Picture(JPEG)
	p.jpeg = plainJPEG(p.w, p.h)
	p.jpeg.c.hf[0], p.jpeg.c.vf[0] = 2, 2
	return p.writeJPEG(max(1, min(100, quality)))
}

// TranscodeJPEG decodes a JPEG to planes and encodes the same planes with the
// same sampling and tables: the least that any watermarking must cost, and the
// yardstick of the benchmarks.
func TranscodeJPEG(data []byte) ([]byte, error) {
	p, err := Decode(data, Options{Limits: Limits{MaxBytes: 1 << 30, MaxPixels: 1 << 30}})
	if err != nil {
		return nil, err
	}
	if p.info.Format != JPEG {
		return nil, refuse(ErrInvalidFileType, "Not a JPEG.")
	}
	return p.writeJPEG(1)
}
