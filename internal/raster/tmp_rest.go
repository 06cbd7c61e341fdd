package raster

func readTIFFHeader([]byte) (header, error)    { return header{}, refuse(ErrInvalidFileType, "TIFF") }
func readWebPHeader([]byte) (header, error)    { return header{}, refuse(ErrInvalidFileType, "WebP") }
func readPNGHeader([]byte) (header, error)     { return header{}, refuse(ErrInvalidFileType, "PNG") }
func (p *Picture) decodePNG([]byte) error      { return nil }
func (p *Picture) decodeTIFF([]byte) error     { return nil }
func (p *Picture) decodeWebP([]byte) error     { return nil }
func (p *Picture) encodePNG() ([]byte, error)  { return nil, nil }
func (p *Picture) encodeTIFF() ([]byte, error) { return nil, nil }
func (p *Picture) encodeWebP() ([]byte, error) { return nil, nil }

type tiffStyle struct{}
