package raster

/*
#cgo LDFLAGS: -ltiff
#include "ctiff.h"
*/
import "C"

import "encoding/binary"

// tiffStyle is how a TIFF was written: byte order, and whether without
// compression.
type tiffStyle struct {
	order  binary.ByteOrder
	stored bool
}

const (
	tagNewSubfileType = 254
	tagSubfileType    = 255
	tagImageWidth     = 256
	tagImageLength    = 257
	tagBitsPerSample  = 258
	tagCompression    = 259
	tagPhotometric    = 262
	tagStripOffsets   = 273
	tagSamples        = 277
	tagRowsPerStrip   = 278
	tagStripCounts    = 279
	tagPlanar         = 284
	tagPredictor      = 317
	tagExtraSamples   = 338
	tagDNGVersion     = 50706

	compressionNone    = 1
	compressionDeflate = 8
)

// readTIFFHeader reads the first directory and counts the pages: directories
// that are neither reduced versions (thumbnails, pyramids) nor masks.
func readTIFFHeader(data []byte) (header, error) {
	t, ok := openTIFF(data)
	if !ok {
		return header{}, refuse(ErrInvalidFileType, "The TIFF has no header.")
	}
	tags, next, ok := t.directory(t.first)
	if !ok {
		return header{}, refuse(ErrTruncated, "The TIFF has no directory of tags.")
	}
	if t.find(tags, tagDNGVersion, 0) != 0 || t.find(tags, tagNewSubfileType, 0)&1 != 0 || string(t.at(8, 2)) == "CR" {
		return header{}, refuse(ErrInvalidFileType, "The file is a camera's raw file, not a TIFF picture.")
	}
	size := func(tag uint16) int { return int(min(t.find(tags, tag, 0), 1<<31-1)) }
	h := header{w: size(tagImageWidth), h: size(tagImageLength), bits: 8, frames: 1,
		orient: validOrientation(t.find(tags, tagOrientation, 1)),
		alpha:  t.find(tags, tagExtraSamples, 0) != 0}
	if t.find(tags, tagBitsPerSample, 1) == 16 {
		h.bits = 16
	}
	seen := map[uint64]bool{t.first: true}
	for next != 0 && !seen[next] && h.frames < 2 && len(seen) < 1000 {
		seen[next] = true
		if tags, next, ok = t.directory(next); !ok {
			break
		}
		if t.find(tags, tagNewSubfileType, 0)&5 == 0 && t.find(tags, tagSubfileType, 1) != 2 {
			h.frames++
		}
	}
	return h, nil
}

// maxSamples is how many bytes of samples a pixel has at most where a picture is
// as large as the limits allow: four channels of 16 bits. TIFF alone has more,
// and extra channels that compress to nothing cost memory all the same.
const maxSamples = 8

func tiffError(c *C.ct_picture) error {
	return refuse(ErrInvalidFileType, "The TIFF cannot be decoded: %s.", C.GoString(&c.error[0]))
}

func (p *Picture) decodeTIFF(data []byte, limits Limits) error {
	var c C.ct_picture
	in, size := bytesPtr(data), C.size_t(len(data))
	if C.ct_header(in, size, &c) == 0 {
		return tiffError(&c)
	}
	if int(c.w) != p.w || int(c.h) != p.h {
		return refuse(ErrInvalidFileType, "The TIFF has contradictory headers.")
	}
	if size := int64(p.w) * int64(p.h) * int64(c.n) * int64(c.bits/8); size/maxSamples > limits.orDefault().MaxPixels {
		return refuse(ErrTooLarge, "The picture has %d channels of %d bits: too much for its %d × %d pixels.", int(c.n), int(c.bits), p.w, p.h)
	}
	t, _ := openTIFF(data)
	p.tiff = tiffStyle{order: t.order, stored: c.compression == compressionNone}
	model := map[C.int]colour{1: grey, 3: rgb, 4: cmyk}[c.colours]
	p.info.Bits, p.info.Alpha = int(c.bits), c.alpha >= 0
	data8, base := newPixels(p.w, p.h, int(c.n), int(c.bits), model, int(c.alpha))
	if C.ct_decode(in, size, &c, base) == 0 {
		return tiffError(&c)
	}
	switch d := data8.(type) {
	case *pixels[uint8]:
		d.premul = c.premul != 0
		whiteIsZero(d, c.white != 0)
	case *pixels[uint16]:
		d.premul = c.premul != 0
		whiteIsZero(d, c.white != 0)
	}
	p.data, p.damage = data8, c.damaged != 0
	return nil
}

// whiteIsZero turns grey samples that count from white into ones from black.
func whiteIsZero[T uint8 | uint16](p *pixels[T], white bool) {
	if white {
		for i := 0; i < len(p.pix); i += p.n {
			p.pix[i] = ^p.pix[i]
		}
	}
}
