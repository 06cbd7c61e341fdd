package raster

import (
	"sync"

	"github.com/certana/certana/internal/dsp"
)

// bandRows is how many upright pattern rows are drawn at a time: a multiple of
// every chroma subsampling (1 to 4), small enough to stay in cache.
const bandRows = 24

// Add calls pattern for every upright row and adds gain·weight[c]·row[x] to
// channel c of R, G, B, in 8-bit units, rounding and clipping to the stored
// samples. In YCbCr layouts the three weights become a luma and two chroma
// gains, chroma averaged over its subsampling block; grey layouts take the luma
// of the weights. Fully transparent pixels stay as they are. Rows are asked for
// in any order by at most two goroutines.
func (p *Picture) Add(pattern dsp.Pattern, gain float32, weight [3]float32) {
	p.draw(pattern, gains(gain, weight), bandRows, 1, false)
	p.turned.forget()
}

// AddedMSE tells the mean squared error over R, G and B, in 8-bit units, that
// Add with the same arguments would make, measured on every stride-th group of
// rows (a group is as high as a chroma block). It counts the rounding and
// clipping of the stored samples; it does not count what a lossy encoder adds
// later, nor the clipping of YCbCr colours outside RGB. It changes nothing.
func (p *Picture) AddedMSE(pattern dsp.Pattern, gain float32, weight [3]float32, stride int) float64 {
	bw, bh := p.data.block()
	rows := bh
	if p.info.Orientation > 4 {
		rows = bw
	}
	sse, pixels := p.draw(pattern, gains(gain, weight), rows, max(1, stride), true)
	return sse / float64(3*pixels)
}

func gains(gain float32, weight [3]float32) channelGain {
	return channelGain{gain * weight[0], gain * weight[1], gain * weight[2]}
}

// draw walks over every stride-th band of the given number of upright rows,
// aligned to the stored grid, and returns the squared error and the pixel count.
func (p *Picture) draw(pattern dsp.Pattern, c channelGain, rows, stride int, dry bool) (sse float64, pixels int) {
	uw, uh := p.Size()
	bands := (uh + rows - 1) / rows
	var mu sync.Mutex
	eachBand((bands+stride-1)/stride, func(b0, b1 int) {
		d := drawer{p: p, pl: place(p.info.Orientation, p.w, p.h), uw: uw, uh: uh,
			row: make([]float32, uw), buf: make([]float32, rows*uw), scratch: make([]float32, 3*max(uw, rows))}
		s, n := 0.0, 0
		for b := b0; b < b1; b++ {
			r := d.fill(pattern, b*stride*rows, rows)
			s += p.data.add(r, d.buf[:r.w*r.h], c, dry)
			n += r.w * r.h
		}
		mu.Lock()
		defer mu.Unlock()
		sse, pixels = sse+s, pixels+n
	})
	return sse, pixels
}

type drawer struct {
	p                 *Picture
	pl                placing
	uw, uh            int
	row, buf, scratch []float32
}

// fill renders the band that starts n stored rows (or, when turned, columns)
// from the stored origin, laid out as stored, and returns its stored region.
func (d *drawer) fill(pattern dsp.Pattern, n, rows int) region {
	rows = min(rows, d.uh-n)
	r := region{0, n, d.p.w, rows, d.scratch}
	step := d.pl.yy
	if d.pl.swapped() {
		r = region{n, 0, rows, d.p.h, d.scratch}
		step = d.pl.xy
	}
	for i := range rows {
		y := n + i // the upright row of stored row (or column) n + i
		if step < 0 {
			y = d.uh - 1 - y
		}
		if d.pl.xx == 1 && d.pl.yy == 1 {
			pattern(y, d.buf[i*r.w:(i+1)*r.w])
			continue
		}
		pattern(y, d.row)
		d.scatter(i, r.w)
	}
	return r
}

// scatter writes the upright row in d.row as row or column i of the region.
func (d *drawer) scatter(i, stride int) {
	at, step := i*stride, d.pl.xx
	if d.pl.swapped() {
		at, step = i, d.pl.yx*stride
	}
	if step < 0 {
		at -= step * (d.uw - 1)
	}
	for _, v := range d.row {
		d.buf[at] = v
		at += step
	}
}
