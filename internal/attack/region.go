package attack

import "github.com/certana/certana/internal/raster"

func clone(m *raster.RGB8) *raster.RGB8 {
	out := raster.NewRGB8(m.W, m.H)
	copy(out.Pix, m.Pix)
	return out
}

// crop copies w × h pixels from (x, y); the box must lie inside.
func crop(m *raster.RGB8, x, y, w, h int) *raster.RGB8 {
	out := raster.NewRGB8(w, h)
	for j := range h {
		copy(row(out, j), row(m, y+j)[3*x:3*(x+w)])
	}
	return out
}

func row(m *raster.RGB8, y int) []uint8 { return m.Pix[3*y*m.W : 3*(y+1)*m.W] }

// paste copies src over m with its corner at (x, y); it must fit.
func paste(m, src *raster.RGB8, x, y int) {
	for j := range src.H {
		copy(row(m, y+j)[3*x:], row(src, j))
	}
}
