package raster

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/binary"
	"slices"
)

// outTag is one tag of a directory to be written: its value in the file's byte
// order, or the directory that it points to.
type outTag struct {
	tag, kind uint16
	count     uint32
	data      []byte
	sub       []outTag
	pin       uint64 // the offset that the value must lie at, or 0
}

// tiffLayout hands out file offsets, evenly, around one pinned region.
type tiffLayout struct{ next, pinStart, pinEnd uint64 }

func (l *tiffLayout) alloc(n uint64) uint64 {
	l.next += l.next & 1
	if l.next < l.pinEnd && l.next+n > l.pinStart {
		l.next = l.pinEnd + l.pinEnd&1
	}
	at := l.next
	l.next += n
	return at
}

type piece struct {
	at   uint64
	data []byte
}

// tiffWriter lays out one classic TIFF (TIFF 6.0) with a single picture.
type tiffWriter struct {
	order  binary.ByteOrder
	layout tiffLayout
	pieces []piece
}

// writeTIFF writes the directory and the strips, for which it makes the tags
// StripOffsets and StripByteCounts. A camera's MakerNote points into the file
// from its start, so it is pinned to the offset that it had.
func writeTIFF(order binary.ByteOrder, tags []outTag, strips [][]byte) ([]byte, error) {
	w := &tiffWriter{order: order, layout: tiffLayout{next: 8}}
	if pin := findPin(tags); pin != nil {
		w.layout.pinStart, w.layout.pinEnd = pin.pin, pin.pin+uint64(len(pin.data))
		w.pieces = append(w.pieces, piece{pin.pin, pin.data})
	}
	counts, offsets := make([]uint32, len(strips)), make([]uint32, len(strips))
	for i, s := range strips {
		counts[i] = uint32(len(s))
	}
	// The offsets' values are known after everything before the strips lies.
	offsetData := make([]byte, 4*len(strips))
	tags = append(slices.Clone(tags),
		outTag{tag: tagStripOffsets, kind: 4, count: uint32(len(strips)), data: offsetData},
		outTag{tag: tagStripCounts, kind: 4, count: uint32(len(strips)), data: longs(order, counts...)})
	at := w.layout.alloc(directorySize(tags))
	w.reserve(tags)
	for i, s := range strips {
		offsets[i] = uint32(w.layout.alloc(uint64(len(s))))
		w.pieces = append(w.pieces, piece{uint64(offsets[i]), s})
	}
	copy(offsetData, longs(order, offsets...))
	w.directory(at, tags)
	end := max(w.layout.next, w.layout.pinEnd)
	if end > 1<<32-1 {
		return nil, refuse(ErrTooLarge, "The TIFF would pass 4 GiB.")
	}
	out := make([]byte, end)
	copy(out, map[binary.ByteOrder]string{binary.LittleEndian: "II*\x00", binary.BigEndian: "MM\x00*"}[order])
	order.PutUint32(out[4:], uint32(at))
	for _, p := range w.pieces {
		copy(out[p.at:], p.data)
	}
	return out, nil
}

func findPin(tags []outTag) *outTag {
	for i := range tags {
		if tags[i].pin != 0 {
			return &tags[i]
		}
		if p := findPin(tags[i].sub); p != nil {
			return p
		}
	}
	return nil
}

func directorySize(tags []outTag) uint64 { return uint64(2 + 12*len(tags) + 4) }

// reserve gives every value that does not fit its entry, and every directory
// below, a place.
func (w *tiffWriter) reserve(tags []outTag) {
	slices.SortStableFunc(tags, func(a, b outTag) int { return cmp.Compare(a.tag, b.tag) })
	for i := range tags {
		t := &tags[i]
		switch {
		case t.sub != nil:
			at := w.layout.alloc(directorySize(t.sub))
			w.reserve(t.sub)
			w.directory(at, t.sub)
			t.data = longs(w.order, uint32(at))
		case t.pin == 0 && len(t.data) > 4:
			t.pin = w.layout.alloc(uint64(len(t.data)))
			w.pieces = append(w.pieces, piece{t.pin, t.data})
		}
	}
}

// directory writes the entries, whose values have their places by now.
func (w *tiffWriter) directory(at uint64, tags []outTag) {
	b := make([]byte, directorySize(tags))
	w.order.PutUint16(b, uint16(len(tags)))
	for i, t := range tags {
		e := b[2+12*i:]
		w.order.PutUint16(e, t.tag)
		w.order.PutUint16(e[2:], t.kind)
		w.order.PutUint32(e[4:], t.count)
		if t.pin != 0 {
			w.order.PutUint32(e[8:], uint32(t.pin))
		} else {
			copy(e[8:12], t.data)
		}
	}
	w.pieces = append(w.pieces, piece{at, b})
}

func longs(order binary.ByteOrder, v ...uint32) []byte {
	b := make([]byte, 4*len(v))
	for i, x := range v {
		order.PutUint32(b[4*i:], x)
	}
	return b
}

func shorts(order binary.ByteOrder, v ...uint16) []byte {
	b := make([]byte, 2*len(v))
	for i, x := range v {
		order.PutUint16(b[2*i:], x)
	}
	return b
}

// stripBytes is how many bytes a strip holds before compression, about.
const stripBytes = 256 << 10

func (p *Picture) encodeTIFF() ([]byte, error) {
	style := p.tiff
	if style.order == nil {
		style.order = binary.LittleEndian
	}
	switch d := p.data.(type) {
	case *pixels[uint8]:
		return encodeTIFF(d, style, 8, func(dst []byte, row []uint8) { copy(dst, row) })
	case *pixels[uint16]:
		return encodeTIFF(d, style, 16, func(dst []byte, row []uint16) {
			for i, v := range row {
				style.order.PutUint16(dst[2*i:], v)
			}
		})
	}
	return nil, refuse(ErrInvalidFileType, "The samples of this picture have no TIFF layout.")
}

// encodeTIFF writes chunky strips: stored when the original was, else deflated
// after horizontal differences.
func encodeTIFF[T uint8 | uint16](p *pixels[T], style tiffStyle, bits int, put func([]byte, []T)) ([]byte, error) {
	rowBytes := p.w * p.n * bits / 8
	rows := max(1, min(p.h, stripBytes/rowBytes))
	strips := make([][]byte, (p.h+rows-1)/rows)
	eachBand(len(strips), func(s0, s1 int) {
		raw, diff := make([]byte, rows*rowBytes), make([]T, p.w*p.n)
		z, _ := zlib.NewWriterLevel(nil, zlib.BestSpeed)
		for s := s0; s < s1; s++ {
			n := 0
			for y := s * rows; y < min((s+1)*rows, p.h); y++ {
				row := p.row(y)
				if !style.stored {
					copy(diff[:p.n], row)
					for i := p.n; i < len(row); i++ {
						diff[i] = row[i] - row[i-p.n]
					}
					row = diff
				}
				put(raw[n:n+rowBytes], row)
				n += rowBytes
			}
			if style.stored {
				strips[s] = bytes.Clone(raw[:n])
				continue
			}
			var b bytes.Buffer
			z.Reset(&b)
			_, _ = z.Write(raw[:n]) // into memory
			_ = z.Close()
			strips[s] = b.Bytes()
		}
	})
	return writeTIFF(style.order, p.tiffTags(style, bits, rows), strips)
}

// tiffTags describes the samples.
func (p *pixels[T]) tiffTags(style tiffStyle, bits, rows int) []outTag {
	long := func(tag uint16, v int) outTag {
		return outTag{tag: tag, kind: 4, count: 1, data: longs(style.order, uint32(v))}
	}
	short := func(tag uint16, v ...uint16) outTag {
		return outTag{tag: tag, kind: 3, count: uint32(len(v)), data: shorts(style.order, v...)}
	}
	depth := slices.Repeat([]uint16{uint16(bits)}, p.n)
	compression, predictor := uint16(compressionDeflate), uint16(2)
	if style.stored {
		compression, predictor = compressionNone, 1
	}
	tags := []outTag{
		long(tagImageWidth, p.w), long(tagImageLength, p.h), short(tagBitsPerSample, depth...),
		short(tagCompression, compression), short(tagPhotometric, [...]uint16{1, 2, 5}[p.model]),
		short(tagSamples, uint16(p.n)), long(tagRowsPerStrip, rows), short(tagPlanar, 1), short(tagPredictor, predictor),
	}
	if n := p.n - p.model.channels(); n > 0 {
		extras := make([]uint16, n)
		if i := p.alpha - p.model.channels(); p.alpha >= 0 {
			extras[i] = 2
			if p.premul {
				extras[i] = 1
			}
		}
		tags = append(tags, short(tagExtraSamples, extras...))
	}
	return tags
}
