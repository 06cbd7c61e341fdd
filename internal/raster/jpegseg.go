package raster

import (
	"bytes"
	"encoding/binary"
)

// segment is one marker segment of a JPEG: raw is the whole of it, from the
// 0xFF, body what follows the length. Both share the file's memory.
type segment struct {
	marker    byte
	raw, body []byte
}

const (
	markerSOS   = 0xDA
	markerAPP0  = 0xE0
	markerAPP1  = 0xE1
	markerAPP2  = 0xE2
	markerAPP13 = 0xED
	markerAPP14 = 0xEE
	markerCOM   = 0xFE
)

// jpegSegments walks the marker segments before the first scan (ITU-T T.81,
// annex B) and returns them with the offset of the SOS marker.
func jpegSegments(data []byte) (segs []segment, scan int, err error) {
	if len(data) < 2 || data[0] != 0xFF || data[1] != 0xD8 {
		return nil, 0, refuse(ErrInvalidFileType, "The file is not a JPEG.")
	}
	for at := 2; ; {
		skip := bytes.IndexByte(data[at:], 0xFF) // decoders skip stray bytes
		if skip < 0 {
			break
		}
		at += skip
		start := at
		for at < len(data) && data[at] == 0xFF { // fill bytes
			at++
		}
		if at >= len(data) {
			break
		}
		marker := data[at]
		at++
		switch {
		case marker == 0 || marker == 1 || marker >= 0xD0 && marker <= 0xD8: // no body
			continue
		case marker == markerSOS:
			return segs, at - 2, nil
		case marker == 0xD9:
			return nil, 0, refuse(ErrTruncated, "The JPEG holds no picture data.")
		}
		if at+2 > len(data) {
			break
		}
		n := int(binary.BigEndian.Uint16(data[at:]))
		if n < 2 || at+n > len(data) {
			break
		}
		segs = append(segs, segment{marker, data[start : at+n], data[at+2 : at+n]})
		at += n
	}
	return segs, 0, refuse(ErrTruncated, "The JPEG ends within its headers.")
}

// isSOF says whether a marker starts a frame.
func isSOF(marker byte) bool {
	return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
}

func readJPEGHeader(data []byte) (header, error) {
	segs, _, err := jpegSegments(data)
	if err != nil {
		return header{}, err
	}
	h := header{bits: 8, orient: 1, frames: 1}
	seen := false
	for _, s := range segs {
		switch {
		case isSOF(s.marker):
			if seen || len(s.body) < 6 {
				return header{}, refuse(ErrInvalidFileType, "The JPEG has a broken frame header.")
			}
			seen = true
			if s.body[0] != 8 || s.marker > 0xC2 && s.marker != 0xC9 && s.marker != 0xCA {
				return header{}, refuse(ErrInvalidFileType, "The JPEG uses a process that is not supported (%d bits, SOF%d).", s.body[0], s.marker-0xC0)
			}
			h.h = int(binary.BigEndian.Uint16(s.body[1:]))
			h.w = int(binary.BigEndian.Uint16(s.body[3:]))
		case s.marker == markerAPP1 && bytes.HasPrefix(s.body, exifHead) && h.orient == 1:
			h.orient = exifOrientation(s.body[len(exifHead):])
		}
	}
	if !seen {
		return header{}, refuse(ErrInvalidFileType, "The JPEG has no frame header.")
	}
	return h, nil
}

var (
	exifHead = []byte("Exif\x00\x00")
	xmpHead  = []byte("http://ns.adobe.com/xap/1.0/\x00")
	iccHead  = []byte("ICC_PROFILE\x00")
	psHead   = []byte("Photoshop 3.0\x00")
)
