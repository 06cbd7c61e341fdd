package raster

// tiffCoding are the tags that describe how samples are coded, or that point to
// other pictures: never carried. The list follows TIFF 6.0, its supplements 1
// and 2, and DNG.
var tiffCoding = map[uint16]bool{
	tagNewSubfileType: true, tagSubfileType: true, tagImageWidth: true, tagImageLength: true,
	tagBitsPerSample: true, tagCompression: true, tagPhotometric: true,
	263: true, 264: true, 265: true, // threshholding, cell size
	266: true, tagStripOffsets: true, tagSamples: true, tagRowsPerStrip: true, tagStripCounts: true,
	280: true, 281: true, tagPlanar: true, // min and max sample value
	288: true, 289: true, 290: true, 291: true, 292: true, 293: true, // free space, grey response, fax options
	301: true, tagPredictor: true, 320: true, // transfer function, colour map
	322: true, 323: true, 324: true, 325: true, 326: true, 327: true, 328: true, // tiles, fax
	330:             true,                                             // sub-pictures
	tagExtraSamples: true, 339: true, 340: true, 341: true, 342: true, // sample format and range
	347: true, 512: true, 513: true, 514: true, 515: true, 517: true, 518: true, 519: true, 520: true, 521: true, // JPEG
	529: true, 530: true, 532: true, // YCbCr
	37724: true, // Photoshop's layers
}

const (
	tagEXIF      = 34665
	tagGPS       = 34853
	tagInterop   = 40965
	tagMakerNote = 37500
	tagICC       = 34675

	photometricLab = 8
)

// carryTIFF writes the rendition's samples under the original's descriptive
// tags, the EXIF, GPS and interoperability directories with them.
func carryTIFF(original, rendition []byte) ([]byte, error) {
	from, ok1 := openTIFF(original)
	to, ok2 := openTIFF(rendition)
	if !ok1 || !ok2 || from.order != to.order {
		return nil, refuse(ErrInvalidFileType, "The TIFF cannot be parsed.")
	}
	old, _, ok1 := from.directory(from.first)
	own, _, ok2 := to.directory(to.first)
	if !ok1 || !ok2 {
		return nil, refuse(ErrInvalidFileType, "The TIFF has no directory of tags.")
	}
	strips, err := to.strips(own)
	if err != nil {
		return nil, err
	}
	left := len(original)
	tags := from.carried(old, 0, &left)
	lab := from.find(old, tagPhotometric, 1) >= photometricLab
	kept := tags[:0]
	for _, t := range tags {
		if !(t.tag == tagICC && lab) { // a profile of colours that are RGB now
			kept = append(kept, t)
		}
	}
	for _, e := range own {
		if tiffCoding[e.tag] && e.tag != tagStripOffsets && e.tag != tagStripCounts {
			kept = append(kept, outTag{tag: e.tag, kind: e.kind, count: uint32(e.count), data: e.data})
		}
	}
	return writeTIFF(to.order, kept, strips)
}

// strips returns the compressed strips of a directory.
func (t *tiffFile) strips(tags []entry) ([][]byte, error) {
	var at, n []uint64
	for _, e := range tags {
		switch e.tag {
		case tagStripOffsets:
			at = t.uints(e, 1<<24)
		case tagStripCounts:
			n = t.uints(e, 1<<24)
		}
	}
	if len(at) == 0 || len(at) != len(n) {
		return nil, refuse(ErrInvalidFileType, "The TIFF has no strips.")
	}
	strips := make([][]byte, len(at))
	for i := range at {
		if strips[i] = t.at(at[i], n[i]); strips[i] == nil {
			return nil, refuse(ErrTruncated, "The TIFF ends within its strips.")
		}
	}
	return strips, nil
}

// carried copies the descriptive tags of a directory, following the pointers
// that EXIF defines (one level below EXIF at most, so loops end). left is how
// many bytes of values may still be taken: more than the file has in all means
// that its tags share their bytes, and would multiply them.
func (t *tiffFile) carried(tags []entry, depth int, left *int) []outTag {
	var out []outTag
	seen := map[uint16]bool{}
	for _, e := range tags {
		if depth == 0 && tiffCoding[e.tag] || seen[e.tag] || len(e.data) == 0 || e.count > 1<<31 {
			continue
		}
		seen[e.tag] = true
		if *left -= len(e.data); *left < 0 {
			break
		}
		switch {
		case depth == 0 && (e.tag == tagEXIF || e.tag == tagGPS), depth == 1 && e.tag == tagInterop:
			v := t.uints(e, 1)
			if len(v) != 1 {
				continue
			}
			below, _, _ := t.directory(v[0])
			if sub := t.carried(below, depth+1, left); len(sub) > 0 {
				out = append(out, outTag{tag: e.tag, kind: 4, count: 1, sub: sub})
			}
		case e.kind == 13 || e.kind == 18: // a pointer to we know not what
		case e.kind >= 16:
			out = append(out, t.narrowed(e))
		default:
			o := outTag{tag: e.tag, kind: e.kind, count: uint32(e.count), data: e.data}
			if depth == 1 && e.tag == tagMakerNote && len(e.data) > 4 && e.offset >= 8 && !t.big {
				o.pin = e.offset
			}
			out = append(out, o)
		}
	}
	return out
}

// narrowed turns BigTIFF's 8-byte integers into 4-byte ones.
func (t *tiffFile) narrowed(e entry) outTag {
	values := t.uints(e, len(e.data)/8)
	small := make([]uint32, len(values))
	for i, v := range values {
		small[i] = uint32(v)
	}
	return outTag{tag: e.tag, kind: 4, count: uint32(len(small)), data: longs(t.order, small...)}
}
