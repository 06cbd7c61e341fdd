package raster

import "bytes"

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
			for ; to[at].kind != "IEND"; at++ {
				out.Write(to[at].raw)
			}
		case pngCoding[c.kind], !sameLayout && (c.kind == "bKGD" || c.kind == "sBIT"):
		default:
			out.Write(c.raw)
		}
	}
	if at == 1 {
		return nil, refuse(ErrInvalidFileType, "The PNG holds no picture data.")
	}
	out.Write(to[at].raw)
	return out.Bytes(), nil
}
