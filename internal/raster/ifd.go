package raster

import "encoding/binary"

// entry is one tag of a TIFF image file directory. data is the value's bytes as
// they lie in the file (inside the entry or where it points), in its byte order.
type entry struct {
	tag, kind uint16
	count     uint64
	data      []byte
	offset    uint64 // where data lies in the file
}

// tiffFile is a view of a TIFF structure: a file, or the body of EXIF data.
type tiffFile struct {
	data  []byte
	order binary.ByteOrder
	big   bool // BigTIFF: 8-byte offsets and counts
	first uint64
}

// kindSize is the size of one value of each TIFF field type (TIFF 6.0 section
// 2, BigTIFF 13 and 16–18); 0 for types that do not exist.
var kindSize = [19]uint64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8}

// maxEntries bounds a directory; real ones hold well under 200 tags.
const maxEntries = 4096

func openTIFF(data []byte) (*tiffFile, bool) {
	if len(data) < 8 {
		return nil, false
	}
	t := &tiffFile{data: data}
	switch string(data[:2]) {
	case "II":
		t.order = binary.LittleEndian
	case "MM":
		t.order = binary.BigEndian
	default:
		return nil, false
	}
	switch t.order.Uint16(data[2:]) {
	case 42:
		t.first = uint64(t.order.Uint32(data[4:]))
	case 43:
		if len(data) < 16 || t.order.Uint16(data[4:]) != 8 {
			return nil, false
		}
		t.big = true
		t.first = t.order.Uint64(data[8:])
	default:
		return nil, false
	}
	return t, true
}

// at returns n bytes from offset, or nil when they are not all in the file.
func (t *tiffFile) at(offset, n uint64) []byte {
	size := uint64(len(t.data))
	if offset > size || n > size-offset {
		return nil
	}
	return t.data[offset : offset+n]
}

// directory reads the tags of the directory at offset, and the offset of the
// next. Entries whose type or extent makes no sense are left out; ok is false
// when the directory itself does not lie in the file.
func (t *tiffFile) directory(offset uint64) (tags []entry, next uint64, ok bool) {
	head, size, word := uint64(2), uint64(12), uint64(4)
	if t.big {
		head, size, word = 8, 20, 8
	}
	b := t.at(offset, head)
	if b == nil || offset < 8 {
		return nil, 0, false
	}
	n := uint64(t.order.Uint16(b))
	if t.big {
		n = t.order.Uint64(b)
	}
	if n == 0 || n > maxEntries {
		return nil, 0, false
	}
	body := t.at(offset+head, n*size)
	if body == nil {
		return nil, 0, false
	}
	for i := range n {
		e := body[i*size : (i+1)*size]
		if v, ok := t.entry(e, offset+head+i*size, word); ok {
			tags = append(tags, v)
		}
	}
	if b := t.at(offset+head+n*size, word); b != nil {
		next = t.word(b)
	}
	return tags, next, true
}

func (t *tiffFile) word(b []byte) uint64 {
	if t.big {
		return t.order.Uint64(b)
	}
	return uint64(t.order.Uint32(b))
}

func (t *tiffFile) entry(e []byte, offset, word uint64) (entry, bool) {
	v := entry{tag: t.order.Uint16(e), kind: t.order.Uint16(e[2:]), count: t.word(e[4:])}
	if int(v.kind) >= len(kindSize) || kindSize[v.kind] == 0 || v.count > uint64(len(t.data)) {
		return v, false
	}
	n := v.count * kindSize[v.kind]
	v.offset = offset + 4 + word
	if n > word {
		v.offset = t.word(e[4+word:])
	}
	v.data = t.at(v.offset, n)
	return v, v.data != nil
}

// uints reads up to limit values of an unsigned integer tag.
func (t *tiffFile) uints(e entry, limit int) []uint64 {
	size := kindSize[e.kind]
	var out []uint64
	for i := uint64(0); i < e.count && len(out) < limit; i++ {
		b := e.data[i*size:]
		switch e.kind {
		case 1, 6, 7:
			out = append(out, uint64(b[0]))
		case 3, 8:
			out = append(out, uint64(t.order.Uint16(b)))
		case 4, 9, 13:
			out = append(out, uint64(t.order.Uint32(b)))
		case 16, 17, 18:
			out = append(out, t.order.Uint64(b))
		default:
			return nil
		}
	}
	return out
}

// find returns the first value of a tag in a directory, or def.
func (t *tiffFile) find(tags []entry, tag uint16, def uint64) uint64 {
	for _, e := range tags {
		if e.tag == tag {
			if v := t.uints(e, 1); len(v) == 1 {
				return v[0]
			}
		}
	}
	return def
}

const tagOrientation = 0x112

// exifOrientation reads the orientation from the TIFF structure of EXIF data; 1
// when there is none or it makes no sense.
func exifOrientation(exif []byte) int {
	t, ok := openTIFF(exif)
	if !ok {
		return 1
	}
	tags, _, _ := t.directory(t.first)
	return validOrientation(t.find(tags, tagOrientation, 1))
}

func validOrientation(v uint64) int {
	if v < 1 || v > 8 {
		return 1
	}
	return int(v)
}
