package raster

import "sync/atomic"

// ReadRGB writes upright row y to dst, 3 bytes (R, G, B) for each pixel, as RGB
// returns it. Whoever reads from top to bottom reads fast whatever the
// orientation; several may read at the same time.
func (p *Picture) ReadRGB(y int, dst []uint8) {
	pl := place(p.info.Orientation, p.w, p.h)
	w, _ := p.Size()
	dst = dst[:3*w]
	if pl.swapped() {
		p.turned.at(p, y/turnedRows).copyRow(dst, y%turnedRows)
		return
	}
	p.data.rgbRow(0, pl.y0+pl.yy*y, dst)
	if pl.xx < 0 {
		for i, j := 0, 3*(w-1); i < j; i, j = i+3, j-3 {
			for c := range 3 {
				dst[i+c], dst[j+c] = dst[j+c], dst[i+c]
			}
		}
	}
}

// turnedRows is how many rows of a picture that is stored lying on its side are
// turned at a time: reading a stored column alone touches every cache line of it.
const turnedRows = 32

// turnedBand is turnedRows upright rows of such a picture; it never changes.
type turnedBand struct {
	number int
	w      int
	pix    []uint8
}

// turnedBands keeps the bands read last, a few so that several readers do not
// take them from each other.
type turnedBands [4]atomic.Pointer[turnedBand]

// at returns band n, upright rows turnedRows·n and on.
func (b *turnedBands) at(p *Picture, n int) *turnedBand {
	slot := &b[n%len(b)]
	if t := slot.Load(); t != nil && t.number == n {
		return t
	}
	t := p.turn(n)
	slot.Store(t)
	return t
}

// forget drops what was read: the picture changed.
func (b *turnedBands) forget() {
	for i := range b {
		b[i].Store(nil)
	}
}

// turn reads the stored columns that are band n.
func (p *Picture) turn(n int) *turnedBand {
	pl := place(p.info.Orientation, p.w, p.h)
	w, h := p.Size()
	rows := min(turnedRows, h-n*turnedRows)
	t := &turnedBand{n, w, make([]uint8, 3*w*rows)}
	first := pl.x0 + pl.xy*n*turnedRows // stored column of the band's first row
	low := first
	if pl.xy < 0 {
		low = first - rows + 1
	}
	part := make([]uint8, 3*rows)
	for x := range w {
		p.data.rgbRow(low, pl.y0+pl.yx*x, part)
		for i := range rows {
			copy(t.pix[3*(i*w+x):][:3], part[3*(first+pl.xy*i-low):])
		}
	}
	return t
}

func (t *turnedBand) copyRow(dst []uint8, i int) { copy(dst, t.pix[3*t.w*i:3*t.w*(i+1)]) }
