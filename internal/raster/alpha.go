package raster

// Opaque says that nothing shows through the picture: it has no alpha, or alpha is
// full everywhere.
func (p *Picture) Opaque() bool { return p.data.opaque() }

// ReadAlpha writes upright row y to dst, a byte for each pixel: 0 where the white
// behind it is all that shows, 255 only where nothing of it does. Several may read at
// the same time.
func (p *Picture) ReadAlpha(y int, dst []uint8) {
	pl := place(p.info.Orientation, p.w, p.h)
	w, _ := p.Size()
	for x := range dst[:w] {
		dst[x] = p.data.alphaAt(pl.x0+pl.xx*x+pl.xy*y, pl.y0+pl.yx*x+pl.yy*y)
	}
}
