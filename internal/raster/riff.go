package raster

import "encoding/binary"

// riffChunk is one chunk of a WebP container: raw is the whole of it, padded to
// an even length when the file has the padding.
type riffChunk struct {
	kind      string
	raw, body []byte
}

// riffChunks walks the chunks of a WebP container (RFC 9649, section 2), as far
// as they go within the file. whole is false when the last one is cut short;
// it is then returned with the bytes that there are.
func riffChunks(data []byte) (chunks []riffChunk, whole bool) {
	if len(data) < 12 {
		return nil, false
	}
	if n := uint64(binary.LittleEndian.Uint32(data[4:])) + 8; n < uint64(len(data)) {
		data = data[:max(n, 12)] // what follows the container is not part of it
	}
	for at := 12; len(data)-at >= 8; {
		n := uint64(binary.LittleEndian.Uint32(data[at+4:]))
		left := uint64(len(data) - at - 8)
		c := riffChunk{kind: string(data[at : at+4])}
		if n > left {
			c.raw, c.body = data[at:], data[at+8:]
			return append(chunks, c), false
		}
		end := at + 8 + int(n)
		c.body = data[at+8 : end]
		if n%2 == 1 && end < len(data) {
			end++
		}
		c.raw = data[at:end]
		chunks = append(chunks, c)
		at = end
	}
	return chunks, true
}

func lossyWebP(data []byte) bool {
	chunks, _ := riffChunks(data)
	for _, c := range chunks {
		if c.kind == "VP8 " {
			return true
		}
	}
	return false
}

// The flags of a VP8X chunk.
const (
	vp8xAnimation = 0x02
	vp8xXMP       = 0x04
	vp8xEXIF      = 0x08
	vp8xAlpha     = 0x10
	vp8xICC       = 0x20
)

func readWebPHeader(data []byte) (header, error) {
	h := header{bits: 8, orient: 1, frames: 1, colour: true}
	chunks, _ := riffChunks(data)
	seen := false // the first bitstream is the picture
	for _, c := range chunks {
		b := c.body
		switch {
		case c.kind == "VP8X" && len(b) >= 10:
			h.w, h.h = 1+int(uint24(b[4:])), 1+int(uint24(b[7:]))
			if b[0]&vp8xAnimation != 0 {
				h.frames = 2
			}
		case c.kind == "ANMF", c.kind == "ANIM":
			h.frames = 2
		case c.kind == "ALPH":
			h.alpha = true
		case c.kind == "VP8 " && !seen && len(b) >= 10 && string(b[3:6]) == "\x9d\x01\x2a":
			seen = true
			h.w, h.h = int(binary.LittleEndian.Uint16(b[6:]))&0x3fff, int(binary.LittleEndian.Uint16(b[8:]))&0x3fff
		case c.kind == "VP8L" && !seen && len(b) >= 5 && b[0] == 0x2f:
			seen = true
			v := binary.LittleEndian.Uint32(b[1:])
			h.w, h.h = 1+int(v&0x3fff), 1+int(v>>14&0x3fff)
			h.alpha = h.alpha || v>>28&1 == 1
		case c.kind == "EXIF":
			h.orient = exifOrientation(trimExif(b))
		}
	}
	if !seen && h.frames == 1 {
		return h, refuse(ErrInvalidFileType, "The WebP has no picture header.")
	}
	return h, nil
}

func uint24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }

// trimExif removes the JPEG prefix that some writers leave before EXIF data.
func trimExif(b []byte) []byte {
	if len(b) > 6 && string(b[:4]) == "Exif" {
		return b[6:]
	}
	return b
}
