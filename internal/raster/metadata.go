package raster

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"
)

// Metadata are the raw metadata blocks of a file, freed from their container.
type Metadata struct {
	EXIF []byte            // a TIFF structure, or nil
	XMP  [][]byte          // XMP packets, the extended one last
	IPTC []byte            // IIM records, or nil
	ICC  []byte            // the colour profile, or nil
	Text map[string]string // PNG's text chunks by keyword; "Comment" for JPEG's
}

// maxBlock bounds one block after it is inflated or joined.
const maxBlock = 8 << 20

// ReadMetadata finds the metadata blocks of a picture file. It decodes no
// sample and never takes more memory than the file has, compressed PNG chunks
// apart, of which each may inflate to 8 MiB and all to 32 MiB.
func ReadMetadata(data []byte) (Metadata, error) {
	f, err := Sniff(data)
	if err != nil {
		return Metadata{}, err
	}
	switch f {
	case JPEG:
		return jpegMetadata(data)
	case PNG:
		return pngMetadata(data), nil
	case TIFF:
		return tiffMetadata(data)
	}
	return webpMetadata(data), nil
}

func jpegMetadata(data []byte) (Metadata, error) {
	segs, _, err := jpegSegments(data)
	if err != nil {
		return Metadata{}, err
	}
	m := Metadata{Text: map[string]string{}}
	var extended, photoshop []byte
	profile := map[byte][]byte{}
	for _, s := range segs {
		switch {
		case s.marker == markerAPP1 && bytes.HasPrefix(s.body, exifHead) && m.EXIF == nil:
			m.EXIF = s.body[len(exifHead):]
		case s.marker == markerAPP1 && bytes.HasPrefix(s.body, xmpHead):
			m.XMP = append(m.XMP, s.body[len(xmpHead):])
		case s.marker == markerAPP1 && bytes.HasPrefix(s.body, extendedHead) && len(s.body) > len(extendedHead)+40:
			extended = append(extended, s.body[len(extendedHead)+40:]...) // digest, length and offset, in order
		case s.marker == markerAPP2 && bytes.HasPrefix(s.body, iccHead) && len(s.body) > len(iccHead)+2:
			profile[s.body[len(iccHead)]] = s.body[len(iccHead)+2:]
		case s.marker == markerAPP13 && bytes.HasPrefix(s.body, psHead):
			photoshop = append(photoshop, s.body[len(psHead):]...)
		case s.marker == markerCOM:
			m.Text["Comment"] += string(s.body)
		}
	}
	if extended != nil {
		m.XMP = append(m.XMP, extended)
	}
	for i := 1; i < 256 && profile[byte(i)] != nil; i++ {
		m.ICC = append(m.ICC, profile[byte(i)]...)
	}
	m.IPTC = photoshopIPTC(photoshop)
	return m, nil
}

var extendedHead = []byte("http://ns.adobe.com/xmp/extension/\x00")

// photoshopIPTC finds the IIM records (resource 0x0404) among Photoshop's image
// resources: signature, id, padded name, length, padded data.
func photoshopIPTC(b []byte) []byte {
	for len(b) >= 12 && string(b[:4]) == "8BIM" {
		id := binary.BigEndian.Uint16(b[4:])
		name := (1 + int(b[6]) + 1) &^ 1
		if len(b) < 6+name+4 {
			return nil
		}
		b = b[6+name:]
		n := uint64(binary.BigEndian.Uint32(b))
		b = b[4:]
		if n > uint64(len(b)) {
			return nil
		}
		if id == 0x0404 {
			return b[:n]
		}
		b = b[min(uint64(len(b)), n+n&1):]
	}
	return nil
}

func webpMetadata(data []byte) Metadata {
	m := Metadata{Text: map[string]string{}}
	chunks, _ := riffChunks(data)
	for _, c := range chunks {
		switch c.kind {
		case "EXIF":
			m.EXIF = trimExif(c.body)
		case "XMP ":
			m.XMP = append(m.XMP, c.body)
		case "ICCP":
			m.ICC = c.body
		}
	}
	return m
}

// tiffMetadata rewrites the descriptive tags as a structure without a picture.
func tiffMetadata(data []byte) (Metadata, error) {
	t, ok := openTIFF(data)
	if !ok {
		return Metadata{}, refuse(ErrInvalidFileType, "The TIFF has no header.")
	}
	tags, _, ok := t.directory(t.first)
	if !ok {
		return Metadata{}, refuse(ErrTruncated, "The TIFF has no directory of tags.")
	}
	m := Metadata{Text: map[string]string{}}
	left := len(data)
	var rest []outTag
	for _, o := range t.carried(tags, 0, &left) {
		switch o.tag {
		case tagXMP:
			m.XMP = append(m.XMP, o.data)
		case tagIPTC:
			m.IPTC = o.data
		case tagICC:
			if t.find(tags, tagPhotometric, 1) < photometricLab {
				m.ICC = o.data
			}
		case tagPhotoshop:
		default:
			rest = append(rest, o)
		}
	}
	unpin(rest)
	exif, err := writeTIFF(t.order, rest, nil)
	m.EXIF = exif
	return m, err
}

func unpin(tags []outTag) {
	for i := range tags {
		tags[i].pin = 0
		unpin(tags[i].sub)
	}
}

const (
	tagXMP       = 700
	tagIPTC      = 33723
	tagPhotoshop = 34377
)

func pngMetadata(data []byte) Metadata {
	m := Metadata{Text: map[string]string{}}
	budget := int64(4 * maxBlock)
	chunks, _ := pngChunks(data)
	for _, c := range chunks {
		key, rest, ok := bytes.Cut(c.body, []byte{0})
		switch {
		case c.kind == "eXIf":
			m.EXIF = c.body
		case !ok || len(key) > 79:
		case c.kind == "iCCP" && len(rest) > 1:
			m.ICC = inflate(rest[1:], &budget)
		case c.kind == "tEXt":
			m.addText(string(key), rest)
		case c.kind == "zTXt" && len(rest) > 1:
			m.addText(string(key), inflate(rest[1:], &budget))
		case c.kind == "iTXt" && len(rest) > 2:
			m.addText(string(key), internationalText(rest, &budget))
		}
	}
	return m
}

// internationalText returns the text of an iTXt chunk after its keyword:
// compression flag and method, language, translated keyword, text.
func internationalText(rest []byte, budget *int64) []byte {
	packed := rest[0] == 1
	parts := bytes.SplitN(rest[2:], []byte{0}, 3)
	if len(parts) < 3 {
		return nil
	}
	if packed {
		return inflate(parts[2], budget)
	}
	return parts[2]
}

// addText sorts a text chunk: XMP, an ImageMagick raw profile, or plain text.
func (m *Metadata) addText(key string, text []byte) {
	switch kind, raw := strings.CutPrefix(key, "Raw profile type "); {
	case key == "XML:com.adobe.xmp" || raw && kind == "xmp":
		if raw {
			text = rawProfile(text)
		}
		m.XMP = append(m.XMP, text)
	case raw && (kind == "iptc" || kind == "8bim"):
		profile := rawProfile(text)
		if m.IPTC = photoshopIPTC(profile); m.IPTC == nil {
			m.IPTC = profile
		}
	case raw && (kind == "exif" || kind == "APP1"):
		if m.EXIF == nil {
			m.EXIF = trimExif(rawProfile(text))
		}
	case !raw:
		m.Text[key] = string(text)
	}
}

// rawProfile decodes ImageMagick's "\nname\n   length\nhex…" text.
func rawProfile(text []byte) []byte {
	parts := bytes.SplitN(bytes.TrimLeft(text, "\n"), []byte("\n"), 3)
	if len(parts) < 3 {
		return nil
	}
	digits := bytes.ReplaceAll(parts[2], []byte("\n"), nil)
	out := make([]byte, len(digits)/2)
	n, _ := hex.Decode(out, digits[:len(digits)&^1])
	return out[:n]
}

// inflate decompresses a zlib stream of at most maxBlock bytes, or returns nil.
func inflate(b []byte, budget *int64) []byte {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	limit := min(maxBlock, *budget)
	out, err := io.ReadAll(io.LimitReader(z, limit+1))
	*budget -= min(int64(len(out)), limit)
	if err != nil || int64(len(out)) > limit {
		return nil
	}
	return out
}
