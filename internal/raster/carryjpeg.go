package raster

import "bytes"

var mpfHead = []byte("MPF\x00")

// describesJPEG says whether a segment is metadata: any application segment or
// comment, but for Adobe's colour transform, which belongs to the coding, and
// the index of secondary pictures.
func describesJPEG(s segment) bool {
	switch {
	case s.marker == markerAPP14:
		return false
	case s.marker == markerAPP2 && bytes.HasPrefix(s.body, mpfHead):
		return false
	}
	return s.marker >= markerAPP0 && s.marker <= 0xEF || s.marker == markerCOM
}

// carryJPEG takes every metadata segment from the original and all else, the
// Adobe segment included, from the rendition. The JFIF segment counts as
// metadata: it holds the density, and a camera's file has none.
func carryJPEG(original, rendition []byte) ([]byte, error) {
	from, _, err := jpegSegments(original)
	if err != nil {
		return nil, err
	}
	to, scan, err := jpegSegments(rendition)
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(make([]byte, 0, len(rendition)+65536))
	out.WriteString("\xff\xd8")
	for _, s := range from {
		if describesJPEG(s) {
			out.Write(s.raw)
		}
	}
	for _, s := range to {
		if !describesJPEG(s) {
			out.Write(s.raw)
		}
	}
	out.Write(rendition[scan:])
	return out.Bytes(), nil
}
