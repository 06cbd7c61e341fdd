package raster

import "slices"

// plane is one 8-bit component with padding: w × h samples matter, the rest of
// each stride and the rows below exist for the encoder's blocks.
type plane struct {
	w, h, stride int
	pix          []uint8
}

func newPlane(w, h, stride, rows int) plane {
	return plane{w: w, h: h, stride: stride, pix: make([]uint8, stride*rows)}
}

func (p *plane) row(y int) []uint8 { return p.pix[y*p.stride : y*p.stride+p.w] }

// pad repeats the last column and row into the padding, so that blocks at the
// edge hold no false contrast.
func (p *plane) pad() {
	for y := range p.h {
		row := p.pix[y*p.stride : (y+1)*p.stride]
		for x := p.w; x < p.stride; x++ {
			row[x] = row[p.w-1]
		}
	}
	last := p.pix[(p.h-1)*p.stride : p.h*p.stride]
	for at := p.h * p.stride; at+p.stride <= len(p.pix); at += p.stride {
		copy(p.pix[at:], last)
	}
}

// ycc is planar BT.601 YCbCr with chroma subsampled by hs × vs, or luma alone
// (grey). JFIF uses the full range of 0–255, WebP 16–235 and 16–240.
type ycc struct {
	y, cb, cr plane
	grey      bool
	hs, vs    int
	limited   bool
	a         []uint8 // alpha, w × h, or nil; never changed
}

// levels are the sample steps that one 8-bit unit of luma and chroma takes, and
// the sample of black.
func (p *ycc) levels() (luma, chroma, black float32) {
	if p.limited {
		return 219. / 255, 224. / 255, 16
	}
	return 1, 1, 0
}

func (p *ycc) block() (w, h int) { return p.hs, p.vs }

func (p *ycc) clone() samples {
	q := *p
	for _, c := range []*plane{&q.y, &q.cb, &q.cr} {
		c.pix = slices.Clone(c.pix)
	}
	return &q
}

func (p *ycc) lumaRow(y int, dst []float32) {
	lu, _, black := p.levels()
	inv := 1 / lu
	for x, v := range p.y.row(y) {
		dst[x] = (float32(v) - black) * inv
	}
	if p.a != nil {
		onWhite(dst, p.a[y*p.y.w:(y+1)*p.y.w])
	}
}

// onWhite composites values of 0–255 on white.
func onWhite(dst []float32, alpha []uint8) {
	for x, a := range alpha {
		dst[x] = 255 + (dst[x]-255)*float32(a)*(1./255)
	}
}

func (p *ycc) rgbRow(x0, y int, dst []uint8) {
	luma := p.y.row(y)[x0 : x0+len(dst)/3]
	if p.grey {
		for x, v := range luma {
			dst[3*x], dst[3*x+1], dst[3*x+2] = v, v, v
		}
		return
	}
	// BT.601 in 16.16 fixed point.
	kl, kr, kgb, kgr, kb, black := int32(65536), int32(91881), int32(22553), int32(46802), int32(116130), int32(0)
	if p.limited {
		kl, kr, kgb, kgr, kb, black = 76309, 104597, 25675, 53279, 132201, 16
	}
	cb, cr := p.cb.row(y/p.vs), p.cr.row(y/p.vs)
	cr = cr[:len(cb)]
	for cx, x := x0/p.hs, 0; x < len(luma); cx++ {
		b, r := int32(cb[cx])-128, int32(cr[cx])-128
		dr, dg, db := kr*r+32768, 32768-kgb*b-kgr*r, kb*b+32768
		for end := min((cx+1)*p.hs-x0, len(luma)); x < end; x++ {
			v, px := (int32(luma[x])-black)*kl, dst[3*x:3*x+3:3*x+3]
			px[0], px[1], px[2] = clipInt((v+dr)>>16), clipInt((v+dg)>>16), clipInt((v+db)>>16)
		}
	}
	if p.a != nil {
		for x, a := range p.a[y*p.y.w+x0:][:len(luma)] {
			if a != 255 {
				for c := 3 * x; c < 3*x+3; c++ {
					dst[c] = uint8(255 - (255-uint32(dst[c]))*uint32(a)/255)
				}
			}
		}
	}
}

func (p *ycc) opaque() bool {
	return !slices.ContainsFunc(p.a, func(a uint8) bool { return a != 255 })
}

func (p *ycc) alphaAt(x, y int) uint8 {
	if p.a == nil {
		return 255
	}
	return p.a[y*p.y.w+x]
}

// clip8 rounds a finite value to the nearest sample. (The floating-point min and
// max of the language take NaN into account and cost thrice as much.)
func clip8(v float32) uint8 {
	return clipInt(int32(v + 0.5))
}

func clipInt(i int32) uint8 {
	if uint32(i) > 255 {
		return uint8(^(i >> 31)) // 0 below, 255 above
	}
	return uint8(i)
}

func (p *plane) reduce(sx, sy float64, ow, oh int) []float32 {
	return reduce(p.w, p.h, sx, sy, ow, oh, func(y int, weight float32, acc []float32) {
		row := p.row(y)
		acc = acc[:len(row)]
		if weight == 1 {
			for x, v := range row {
				acc[x] += float32(v)
			}
			return
		}
		for x, v := range row {
			acc[x] += weight * float32(v)
		}
	})
}

func (p *ycc) reduceLuma(ow, oh int) []float32 {
	sx, sy := float64(p.y.w)/float64(ow), float64(p.y.h)/float64(oh)
	if p.a != nil {
		return reduce(p.y.w, p.y.h, sx, sy, ow, oh, p.compositedRow)
	}
	out := p.y.reduce(sx, sy, ow, oh)
	if lu, _, black := p.levels(); p.limited {
		for i, v := range out {
			out[i] = (v - black) / lu
		}
	}
	return out
}

func (p *ycc) compositedRow(y int, weight float32, acc []float32) {
	row := make([]float32, p.y.w)
	p.lumaRow(y, row)
	for x, v := range row {
		acc[x] += weight * v
	}
}

func (p *ycc) reduceRGB(ow, oh int) []uint8 {
	if p.a != nil || p.grey {
		return reduceByRows(p, p.y.w, p.y.h, ow, oh)
	}
	sx, sy := float64(p.y.w)/float64(ow), float64(p.y.h)/float64(oh)
	y := p.y.reduce(sx, sy, ow, oh)
	cb := p.cb.reduce(sx/float64(p.hs), sy/float64(p.vs), ow, oh)
	cr := p.cr.reduce(sx/float64(p.hs), sy/float64(p.vs), ow, oh)
	lu, ch, black := p.levels()
	out := make([]uint8, 3*ow*oh)
	for i := range y {
		v, b, r := (y[i]-black)/lu, (cb[i]-128)/ch, (cr[i]-128)/ch
		out[3*i] = clip8(v + 1.402*r)
		out[3*i+1] = clip8(v - 0.344136*b - 0.714136*r)
		out[3*i+2] = clip8(v + 1.772*b)
	}
	return out
}

// reduceByRows reduces any layout through its RGB rows, a channel at a time.
func reduceByRows(s samples, w, h, ow, oh int) []uint8 {
	sx, sy := float64(w)/float64(ow), float64(h)/float64(oh)
	out := make([]uint8, 3*ow*oh)
	columns := boxes(sx, ow, w)
	eachBand(oh, func(y0, y1 int) {
		sums := make([]float32, ow)
		row, acc := make([]uint8, 3*w), make([][]float32, 3)
		for c := range acc {
			acc[c] = make([]float32, w)
		}
		for oy := y0; oy < y1; oy++ {
			for c := range acc {
				clear(acc[c])
			}
			total := spans(float64(oy)*sy, float64(oy+1)*sy, h, func(y int, weight float32) {
				s.rgbRow(0, y, row)
				for x := range w {
					acc[0][x] += weight * float32(row[3*x])
					acc[1][x] += weight * float32(row[3*x+1])
					acc[2][x] += weight * float32(row[3*x+2])
				}
			})
			for c := range acc {
				sumBoxes(sums, columns, acc[c], 1/total)
				for ox, v := range sums {
					out[3*(oy*ow+ox)+c] = clip8(v)
				}
			}
		}
	})
	return out
}
