package exif

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/bep/imagemeta"
)

// readEXIF reads a TIFF structure. imagemeta turns its own panics into errors;
// what it handed over before stays.
func readEXIF(f Fields, b []byte) { walk(f, b, imagemeta.EXIF, "EXIF:") }

// readIPTC reads IIM records by way of a TIFF structure that holds them alone.
func readIPTC(f Fields, records []byte) {
	n := (len(records) + 3) / 4
	b := []byte{'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0}
	b = binary.LittleEndian.AppendUint16(b, 0x83bb)
	b = binary.LittleEndian.AppendUint16(b, 4) // LONG, as Adobe writes it
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	b = binary.LittleEndian.AppendUint32(b, 26)
	b = append(b, 0, 0, 0, 0)
	b = append(b, records...)
	b = append(b, make([]byte, 4*n-len(records))...)
	walk(f, b, imagemeta.IPTC, "IPTC:")
}

func walk(f Fields, tiff []byte, source imagemeta.Source, prefix string) {
	_, _ = imagemeta.Decode(imagemeta.Options{ // what could be read before the damage stands
		R: bytes.NewReader(tiff), ImageFormat: imagemeta.TIFF, Sources: source,
		LimitNumTags: maxFields, LimitTagSize: 65535, // a 16-bit comparison inside needs it below 65536
		HandleTag: func(t imagemeta.TagInfo) error {
			f.set(prefix+t.Tag, text(t.Value))
			return nil
		},
	})
}

// text writes a value the same way whatever type it was decoded to.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		if len(v) > 32 {
			sum := sha256.Sum256(v)
			return fmt.Sprintf("(%d bytes, sha256:%x)", len(v), sum)
		}
		return hex.EncodeToString(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case []string:
		return strings.Join(v, ", ")
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = text(v[i])
		}
		return strings.Join(parts, " ")
	}
	return fmt.Sprint(v)
}
