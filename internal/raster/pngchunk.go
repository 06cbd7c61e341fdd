package raster

import (
	"bytes"
	"encoding/binary"
)

// chunk is one chunk of a PNG: raw is the whole of it with length and CRC.
type chunk struct {
	kind      string
	raw, body []byte
}

// pngChunks walks the chunks of a PNG (W3C PNG, section 5) to IEND, or as far
// as they go. whole is false when the file ends before IEND.
func pngChunks(data []byte) (chunks []chunk, whole bool) {
	if !bytes.HasPrefix(data, []byte(pngSignature)) {
		return nil, false
	}
	for at := len(pngSignature); len(data)-at >= 12; {
		n := uint64(binary.BigEndian.Uint32(data[at:]))
		if n > uint64(len(data)-at-12) {
			return chunks, false
		}
		end := at + 12 + int(n)
		c := chunk{string(data[at+4 : at+8]), data[at:end], data[at+8 : end-4]}
		chunks = append(chunks, c)
		if c.kind == "IEND" {
			return chunks, true
		}
		at = end
	}
	return chunks, false
}

func readPNGHeader(data []byte) (header, error) {
	chunks, _ := pngChunks(data)
	if len(chunks) == 0 || chunks[0].kind != "IHDR" || len(chunks[0].body) != 13 {
		return header{}, refuse(ErrInvalidFileType, "The PNG has no header.")
	}
	ihdr := chunks[0].body
	w, ht := binary.BigEndian.Uint32(ihdr), binary.BigEndian.Uint32(ihdr[4:])
	if w > 1<<31-1 || ht > 1<<31-1 {
		return header{}, refuse(ErrInvalidFileType, "The PNG claims an impossible size.")
	}
	h := header{w: int(w), h: int(ht), bits: 8, orient: 1, frames: 1}
	if ihdr[8] == 16 {
		h.bits = 16
	}
	kind := ihdr[9]
	h.colour = kind&2 != 0
	h.alpha = kind&4 != 0
	for _, c := range chunks {
		switch c.kind {
		case "tRNS":
			h.alpha = true
		case "acTL":
			if len(c.body) >= 4 {
				h.frames = int(min(binary.BigEndian.Uint32(c.body), 1<<20))
			}
		case "eXIf":
			h.orient = exifOrientation(c.body)
		}
	}
	return h, nil
}
