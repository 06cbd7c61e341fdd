package raster

// Options say how a file is decoded.
type Options struct {
	Limits Limits
	// Lenient accepts pictures of which data is missing or damaged, as far as
	// they go; Picture.Damaged then says so. Uploads are read strictly, a
	// picture under verification leniently.
	Lenient bool
}

// Decode checks the headers as ReadInfo does and then decodes the samples. In
// strict mode a picture with missing or damaged data is an ErrTruncated.
func Decode(data []byte, o Options) (*Picture, error) {
	info, err := ReadInfo(data, o.Limits)
	if err != nil {
		return nil, err
	}
	p := &Picture{info: info, turned: new(turnedBands)}
	p.w, p.h = info.Width, info.Height
	if info.Orientation > 4 {
		p.w, p.h = p.h, p.w
	}
	switch info.Format {
	case JPEG:
		err = p.decodeJPEG(data)
	case PNG:
		err = p.decodePNG(data)
	case TIFF:
		err = p.decodeTIFF(data, o.Limits)
	case WebP:
		err = p.decodeWebP(data)
	}
	if err != nil {
		return nil, err
	}
	if p.damage && !o.Lenient {
		return nil, refuse(ErrTruncated, "The picture is incomplete or damaged: part of its data is missing.")
	}
	return p, nil
}

// Encode writes the picture in its own format, without the original's metadata
// (see Carry). JPEG keeps its subsampling and its quantisation tables, refined
// to about quality 90 where they are coarser; lossy WebP is written at quality
// 97, everything else without loss at its own depth.
func Encode(p *Picture) ([]byte, error) {
	switch p.info.Format {
	case JPEG:
		return p.encodeJPEG()
	case PNG:
		return p.encodePNG()
	case TIFF:
		return p.encodeTIFF()
	}
	return p.encodeWebP()
}
