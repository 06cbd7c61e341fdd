// Package codec is the pair of lossy file formats that attacks go through,
// straight on libjpeg-turbo and libwebp with the settings that Pillow uses.
package codec

/*
#cgo pkg-config: libturbojpeg libwebp
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>
#include <webp/decode.h>
#include <webp/encode.h>

// What an encoder made: size bytes of its own memory, or an error code.
typedef struct {
	unsigned char *data;
	size_t size;
	int code;
} certana_file;

static certana_file certana_jpeg_encode(tjhandle t, const unsigned char *rgb, int w, int h, int quality) {
	certana_file f = {0};
	unsigned long size = 0;
	f.code = tjCompress2(t, rgb, w, 3 * w, h, TJPF_RGB, &f.data, &size, TJSAMP_420, quality, TJFLAG_ACCURATEDCT);
	f.size = size;
	return f;
}

static certana_file certana_webp_encode(const unsigned char *rgb, int w, int h, float quality, int method) {
	certana_file f = {0};
	WebPConfig config;
	WebPPicture pic;
	WebPMemoryWriter writer;
	if (!WebPConfigInit(&config) || !WebPPictureInit(&pic)) {
		f.code = -1;
		return f;
	}
	config.quality = quality;
	config.method = method;
	pic.width = w;
	pic.height = h;
	pic.use_argb = 1; // the encoder makes YUV itself, as Pillow has it do
	WebPMemoryWriterInit(&writer);
	pic.writer = WebPMemoryWrite;
	pic.custom_ptr = &writer;
	if (!WebPPictureImportRGB(&pic, rgb, 3 * w) || !WebPEncode(&config, &pic)) {
		f.code = pic.error_code ? (int)pic.error_code : -2;
		WebPMemoryWriterClear(&writer);
	} else {
		f.data = writer.mem;
		f.size = writer.size;
	}
	WebPPictureFree(&pic);
	return f;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// EncodeJPEG writes w*h interleaved RGB pixels as a baseline JPEG with 4:2:0
// chroma, the accurate DCT and the libjpeg quantisation tables of quality 1 to
// 100.
func EncodeJPEG(rgb []uint8, w, h, quality int) ([]byte, error) {
	if err := check(rgb, w, h); err != nil {
		return nil, err
	}
	t := C.tjInitCompress()
	if t == nil {
		return nil, errors.New("turbojpeg: no compressor")
	}
	defer C.tjDestroy(t)
	f := C.certana_jpeg_encode(t, (*C.uchar)(unsafe.SliceData(rgb)), C.int(w), C.int(h), C.int(quality))
	defer C.tjFree(f.data)
	if f.code != 0 {
		return nil, fmt.Errorf("turbojpeg: %s", C.GoString(C.tjGetErrorStr2(t)))
	}
	return C.GoBytes(unsafe.Pointer(f.data), C.int(f.size)), nil
}

// DecodeJPEG reads a JPEG to interleaved RGB with the accurate DCT and smooth
// chroma upsampling, libjpeg's defaults.
func DecodeJPEG(file []byte) (rgb []uint8, w, h int, err error) {
	if len(file) == 0 {
		return nil, 0, 0, errors.New("turbojpeg: no bytes")
	}
	t := C.tjInitDecompress()
	if t == nil {
		return nil, 0, 0, errors.New("turbojpeg: no decompressor")
	}
	defer C.tjDestroy(t)
	fail := func() error { return fmt.Errorf("turbojpeg: %s", C.GoString(C.tjGetErrorStr2(t))) }
	var cw, ch, sub, space C.int
	if C.tjDecompressHeader3(t, (*C.uchar)(&file[0]), C.ulong(len(file)), &cw, &ch, &sub, &space) != 0 {
		return nil, 0, 0, fail()
	}
	rgb = make([]uint8, 3*int(cw)*int(ch))
	if C.tjDecompress2(t, (*C.uchar)(&file[0]), C.ulong(len(file)), (*C.uchar)(&rgb[0]),
		cw, 3*cw, ch, C.TJPF_RGB, C.TJFLAG_ACCURATEDCT) != 0 {
		return nil, 0, 0, fail()
	}
	return rgb, int(cw), int(ch), nil
}

// EncodeWebP writes w*h interleaved RGB pixels as lossy WebP of quality 0 to
// 100 with method 4.
func EncodeWebP(rgb []uint8, w, h int, quality float64) ([]byte, error) {
	if err := check(rgb, w, h); err != nil {
		return nil, err
	}
	f := C.certana_webp_encode((*C.uchar)(unsafe.SliceData(rgb)), C.int(w), C.int(h), C.float(quality), 4)
	defer C.WebPFree(unsafe.Pointer(f.data))
	if f.code != 0 {
		return nil, fmt.Errorf("libwebp: encoding %d×%d failed with code %d", w, h, int(f.code))
	}
	return C.GoBytes(unsafe.Pointer(f.data), C.int(f.size)), nil
}

// DecodeWebP reads a still WebP to interleaved RGB; transparency is dropped.
func DecodeWebP(file []byte) (rgb []uint8, w, h int, err error) {
	if len(file) == 0 {
		return nil, 0, 0, errors.New("libwebp: no bytes")
	}
	var cw, ch C.int
	p := C.WebPDecodeRGB((*C.uint8_t)(&file[0]), C.size_t(len(file)), &cw, &ch)
	if p == nil {
		return nil, 0, 0, errors.New("libwebp: the file does not decode")
	}
	defer C.WebPFree(unsafe.Pointer(p))
	return C.GoBytes(unsafe.Pointer(p), 3*cw*ch), int(cw), int(ch), nil
}

func check(rgb []uint8, w, h int) error {
	if w < 1 || h < 1 || len(rgb) != 3*w*h {
		return fmt.Errorf("codec: %d samples for %d×%d pixels", len(rgb), w, h)
	}
	return nil
}
