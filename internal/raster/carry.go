package raster

// Carry returns the rendition (what Encode wrote) with the metadata of the
// original, a file of the same format: the raw bytes of EXIF, XMP, IPTC, ICC
// profile, comments and the like, unparsed and in their order. What describes
// the samples' coding comes from the rendition. Left behind, because they would
// show the unmarked picture or point to what is no longer there: data after the
// end of the picture, MPF secondary pictures, and TIFF's sub-pictures and layer
// data. The EXIF thumbnail is kept: at its 160 pixels it shows nothing worth
// more than the file's own consistency.
//
// Both files are parsed within their bounds: no length found in them is
// trusted. It returns an ErrInvalidFileType when either cannot be parsed, or
// when their formats differ.
func Carry(original, rendition []byte) ([]byte, error) {
	f, err := Sniff(rendition)
	if err != nil {
		return nil, err
	}
	if g, err := Sniff(original); err != nil || g != f {
		return nil, refuse(ErrInvalidFileType, "Metadata is carried between files of one format only.")
	}
	switch f {
	case JPEG:
		return carryJPEG(original, rendition)
	case PNG:
		return carryPNG(original, rendition)
	case TIFF:
		return carryTIFF(original, rendition)
	}
	return carryWebP(original, rendition)
}
