package raster

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// pngCoding are the chunks that belong to the coding of the samples. A palette's
// background, histogram and significant bits lose their meaning when a palette
// becomes RGB; animation is refused before.
var pngCoding = map[string]bool{
	"IHDR": true, "PLTE": true, "IDAT": true, "IEND": true, "tRNS": true, "hIST": true,
	"acTL": true, "fcTL": true, "fdAT": true,
}

// carryPNG puts the original's metadata chunks around the rendition's samples,
// before or after the data as they stood.
func carryPNG(original, rendition []byte) ([]byte, error) {
	from, _ := pngChunks(original)
	to, whole := pngChunks(rendition)
	if len(from) == 0 || !whole || len(to) < 2 || from[0].kind != "IHDR" || len(from[0].body) != 13 {
		return nil, refuse(ErrInvalidFileType, "The PNG cannot be parsed.")
	}
	sameLayout := bytes.Equal(from[0].body[8:10], to[0].body[8:10])
	out := bytes.NewBuffer(make([]byte, 0, len(rendition)+65536))
	out.WriteString(pngSignature)
	out.Write(to[0].raw)
	at := 1
	for _, c := range from {
		switch {
		case c.kind == "IDAT" && at == 1:
			at = writeData(out, to)
		case pngCoding[c.kind], !c.ancillary(), !sameLayout && (c.kind == "bKGD" || c.kind == "sBIT"):
		default:
			out.Write(c.raw)
		}
	}
	if at == 1 { // the original is cut within its first data chunk
		at = writeData(out, to)
	}
	out.Write(to[at].raw)
	return out.Bytes(), nil
}

// ancillary says whether a chunk is a sound one that decoders may skip: four
// letters, the first in lower case, and the right CRC.
func (c chunk) ancillary() bool {
	for _, b := range []byte(c.kind) {
		if b|0x20 < 'a' || b|0x20 > 'z' {
			return false
		}
	}
	n := len(c.raw) - 4
	return c.kind[0] >= 'a' && crc32.ChecksumIEEE(c.raw[4:n]) == binary.BigEndian.Uint32(c.raw[n:])
}

// writeData writes what stands between header and end, and returns the index
// of the end.
func writeData(out *bytes.Buffer, chunks []chunk) int {
	at := 1
	for ; chunks[at].kind != "IEND"; at++ {
		out.Write(chunks[at].raw)
	}
	return at
}
