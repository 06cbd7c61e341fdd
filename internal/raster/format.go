package raster

import "bytes"

// Format is a picture file format, told by content alone.
type Format string

// The four formats that are read and written.
const (
	JPEG Format = "jpeg"
	PNG  Format = "png"
	TIFF Format = "tiff"
	WebP Format = "webp"
)

// MIME returns the media type, such as "image/jpeg".
func (f Format) MIME() string { return "image/" + string(f) }

// Ext returns the usual file name extension with its dot.
func (f Format) Ext() string {
	switch f {
	case JPEG:
		return ".jpg"
	case TIFF:
		return ".tif"
	}
	return "." + string(f)
}

// SniffLen is how many leading bytes Sniff needs at most.
const SniffLen = 16

const pngSignature = "\x89PNG\r\n\x1a\n"

// Sniff tells the format by the first bytes of a file (SniffLen are enough). It
// returns an ErrInvalidFileType for anything that is not one of the four.
func Sniff(header []byte) (Format, error) {
	switch {
	case bytes.HasPrefix(header, []byte("\xff\xd8\xff")):
		return JPEG, nil
	case bytes.HasPrefix(header, []byte(pngSignature)):
		return PNG, nil
	case bytes.HasPrefix(header, []byte("II*\x00")), bytes.HasPrefix(header, []byte("MM\x00*")),
		bytes.HasPrefix(header, []byte("II+\x00")), bytes.HasPrefix(header, []byte("MM\x00+")):
		return TIFF, nil
	case len(header) >= 12 && string(header[:4]) == "RIFF" && string(header[8:12]) == "WEBP":
		return WebP, nil
	case len(header) == 0:
		return "", refuse(ErrInvalidFileType, "The file is empty.")
	}
	return "", refuse(ErrInvalidFileType, "The file is not a JPEG, PNG, TIFF or WebP picture.")
}

// Limits bound what is read before any sample is decoded.
type Limits struct {
	MaxBytes  int64 // size of the file; 0 means DefaultLimits'
	MaxPixels int64 // width × height; 0 means DefaultLimits'
}

// DefaultLimits are 25 MiB and 50 megapixels. One frame is always the limit.
var DefaultLimits = Limits{MaxBytes: 25 << 20, MaxPixels: 50_000_000}

func (l Limits) orDefault() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = DefaultLimits.MaxBytes
	}
	if l.MaxPixels <= 0 {
		l.MaxPixels = DefaultLimits.MaxPixels
	}
	return l
}

// Info is what the headers of a picture say.
type Info struct {
	Format        Format
	Width, Height int  // upright, in pixels
	Orientation   int  // EXIF orientation 1–8 of the stored samples; 1 when absent or invalid
	Bits          int  // bits of a sample as kept here: 8 or 16
	Alpha         bool // there is an alpha channel or a transparent colour
}

// ReadInfo reads the headers of a whole file, and no sample: it is the check
// that stands before every decode. It returns an *Error of kind
// ErrInvalidFileType, ErrTruncated, ErrTooLarge or ErrAnimated.
func ReadInfo(data []byte, limits Limits) (Info, error) {
	limits = limits.orDefault()
	if int64(len(data)) > limits.MaxBytes {
		return Info{}, refuse(ErrTooLarge, "The file has %d bytes; the limit is %d.", len(data), limits.MaxBytes)
	}
	f, err := Sniff(data)
	if err != nil {
		return Info{}, err
	}
	read := map[Format]func([]byte) (header, error){
		JPEG: readJPEGHeader, PNG: readPNGHeader, TIFF: readTIFFHeader, WebP: readWebPHeader,
	}[f]
	h, err := read(data)
	if err != nil {
		return Info{}, err
	}
	if h.w <= 0 || h.h <= 0 {
		return Info{}, refuse(ErrInvalidFileType, "The picture claims a size of %d × %d pixels.", h.w, h.h)
	}
	if int64(h.w)*int64(h.h) > limits.MaxPixels {
		return Info{}, refuse(ErrTooLarge, "The picture has %d × %d pixels; the limit is %d in all.", h.w, h.h, limits.MaxPixels)
	}
	if h.frames > 1 {
		return Info{}, refuse(ErrAnimated, "The picture has more than one frame or page; the limit is one.")
	}
	info := Info{Format: f, Width: h.w, Height: h.h, Orientation: h.orient, Bits: h.bits, Alpha: h.alpha}
	if h.orient > 4 {
		info.Width, info.Height = h.h, h.w
	}
	return info, nil
}

// header is what a format's own parser finds: the stored size, before
// orientation. Sizes are at most 2³¹−1, so their product fits an int64.
type header struct {
	w, h, bits, orient, frames int
	alpha, colour              bool
}
