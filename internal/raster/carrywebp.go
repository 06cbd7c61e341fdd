package raster

import (
	"bytes"
	"encoding/binary"
)

// carryWebP writes an extended container: flags, the profile, the rendition's
// own data, then EXIF, XMP and whatever else the original held, in the order
// that RFC 9649 prescribes.
func carryWebP(original, rendition []byte) ([]byte, error) {
	h, err := readWebPHeader(rendition)
	if err != nil {
		return nil, err
	}
	from, _ := riffChunks(original)
	to, _ := riffChunks(rendition)
	var flags byte
	var before, after []riffChunk
	for _, c := range from {
		switch c.kind {
		case "VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF":
		case "ICCP":
			flags |= vp8xICC
			before = append(before, c)
		default:
			if c.kind == "EXIF" {
				flags |= vp8xEXIF
			} else if c.kind == "XMP " {
				flags |= vp8xXMP
			}
			after = append(after, c)
		}
	}
	if len(before)+len(after) == 0 {
		return rendition, nil
	}
	if h.alpha {
		flags |= vp8xAlpha
	}
	var data []riffChunk
	for _, c := range to {
		if c.kind == "VP8 " || c.kind == "VP8L" || c.kind == "ALPH" {
			data = append(data, c)
		}
	}
	out := bytes.NewBuffer(make([]byte, 0, len(rendition)+65536))
	out.WriteString("RIFF\x00\x00\x00\x00WEBP")
	extended := []byte{flags, 0, 0, 0, byte(h.w - 1), byte((h.w - 1) >> 8), byte((h.w - 1) >> 16),
		byte(h.h - 1), byte((h.h - 1) >> 8), byte((h.h - 1) >> 16)}
	writeRIFF(out, "VP8X", extended)
	for _, list := range [][]riffChunk{before, data, after} {
		for _, c := range list {
			writeRIFF(out, c.kind, c.body)
		}
	}
	binary.LittleEndian.PutUint32(out.Bytes()[4:], uint32(out.Len()-8))
	return out.Bytes(), nil
}

func writeRIFF(out *bytes.Buffer, kind string, body []byte) {
	out.WriteString(kind)
	out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(body))))
	out.Write(body)
	if len(body)%2 == 1 {
		out.WriteByte(0)
	}
}
