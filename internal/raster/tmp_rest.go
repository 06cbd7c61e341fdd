package raster

func readTIFFHeader([]byte) (header, error)    { return header{}, refuse(ErrInvalidFileType, "TIFF") }
func readWebPHeader([]byte) (header, error)    { return header{}, refuse(ErrInvalidFileType, "WebP") }
func (p *Picture) decodeTIFF([]byte) error     { return nil }
func (p *Picture) decodeWebP([]byte) error     { return nil }
func (p *Picture) encodeTIFF() ([]byte, error) { return nil, nil }
func (p *Picture) encodeWebP() ([]byte, error) { return nil, nil }

type tiffStyle struct{}
