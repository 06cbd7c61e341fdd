package raster

func readTIFFHeader([]byte) (header, error)    { return header{}, refuse(ErrInvalidFileType, "TIFF") }
func (p *Picture) decodeTIFF([]byte) error     { return nil }
func (p *Picture) encodeTIFF() ([]byte, error) { return nil, nil }

type tiffStyle struct{}
