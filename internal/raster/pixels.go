package raster

import "slices"

type colour int

const (
	grey colour = iota
	rgb
	cmyk // 0 is no ink
)

func (c colour) channels() int { return [...]int{1, 3, 4}[c] }

// pixels is the interleaved layout: n samples of 8 or 16 bits a pixel, the
// colour channels first, then alpha and other extra channels, which nothing
// changes.
type pixels[T uint8 | uint16] struct {
	w, h, n int
	model   colour
	alpha   int  // index of the alpha sample, or -1
	premul  bool // colour is multiplied by alpha
	pix     []T
}

func (p *pixels[T]) block() (w, h int) { return 1, 1 }

func (p *pixels[T]) clone() samples {
	q := *p
	q.pix = slices.Clone(p.pix)
	return &q
}

// unit is the number of sample steps in one 8-bit unit: 1 or 257.
func (p *pixels[T]) unit() float32 { return float32(^T(0)) / 255 }

func (p *pixels[T]) row(y int) []T { return p.pix[y*p.w*p.n : (y+1)*p.w*p.n] }

// rgbAt returns the pixel as it is seen on white, in 0 to 255.
func (p *pixels[T]) rgbAt(px []T, inv float32) (r, g, b float32) {
	switch p.model {
	case grey:
		r = float32(px[0]) * inv
		g, b = r, r
	case rgb:
		r, g, b = float32(px[0])*inv, float32(px[1])*inv, float32(px[2])*inv
	case cmyk:
		k := (255 - float32(px[3])*inv) * (1. / 255)
		r, g, b = (255-float32(px[0])*inv)*k, (255-float32(px[1])*inv)*k, (255-float32(px[2])*inv)*k
	}
	if p.alpha >= 0 && px[p.alpha] != ^T(0) {
		a := float32(px[p.alpha]) * inv * (1. / 255)
		white := 255 * (1 - a)
		if p.premul {
			a = 1
		}
		r, g, b = min(255, r*a+white), min(255, g*a+white), min(255, b*a+white)
	}
	return r, g, b
}

func (p *pixels[T]) lumaRow(y int, dst []float32) {
	row, inv := p.row(y), 1/p.unit()
	switch {
	case p.alpha < 0 && p.model == grey:
		for x := range dst {
			dst[x] = float32(row[x*p.n]) * inv
		}
	case p.alpha < 0 && p.model == rgb:
		kr, kg, kb := 0.299*inv, 0.587*inv, 0.114*inv
		for x, at := 0, 0; x < len(dst); x, at = x+1, at+p.n {
			px := row[at : at+3 : at+3]
			dst[x] = kr*float32(px[0]) + kg*float32(px[1]) + kb*float32(px[2])
		}
	default:
		for x := range dst {
			r, g, b := p.rgbAt(row[x*p.n:(x+1)*p.n], inv)
			dst[x] = 0.299*r + 0.587*g + 0.114*b
		}
	}
}

func (p *pixels[T]) rgbRow(x, y int, dst []uint8) {
	row, inv := p.row(y)[x*p.n:], 1/p.unit()
	if plain, ok := any(row).([]uint8); ok && p.model == rgb && p.n == 3 {
		copy(dst, plain)
		return
	}
	for x := range len(dst) / 3 {
		r, g, b := p.rgbAt(row[x*p.n:(x+1)*p.n], inv)
		dst[3*x], dst[3*x+1], dst[3*x+2] = uint8(r+0.5), uint8(g+0.5), uint8(b+0.5)
	}
}

func (p *pixels[T]) opaque() bool {
	if p.alpha < 0 {
		return true
	}
	for i := p.alpha; i < len(p.pix); i += p.n {
		if p.pix[i] != ^T(0) {
			return false
		}
	}
	return true
}

func (p *pixels[T]) alphaAt(x, y int) uint8 {
	if p.alpha < 0 {
		return 255
	}
	return uint8(uint32(p.row(y)[x*p.n+p.alpha]) * 255 / uint32(^T(0)))
}

func (p *pixels[T]) reduceLuma(ow, oh int) []float32 {
	sx, sy := float64(p.w)/float64(ow), float64(p.h)/float64(oh)
	return reduce(p.w, p.h, sx, sy, ow, oh, func(y int, weight float32, acc []float32) {
		row := make([]float32, p.w)
		p.lumaRow(y, row)
		for x, v := range row {
			acc[x] += weight * v
		}
	})
}

func (p *pixels[T]) reduceRGB(ow, oh int) []uint8 { return reduceByRows(p, p.w, p.h, ow, oh) }

// add changes the colour channels. Ink is taken away where light is to be
// added, as far as black leaves room: R = (255−C)(255−K)/255, so C changes by
// −ΔR·255/max(64, 255−K). Premultiplied colour changes by its share of alpha.
func (p *pixels[T]) add(r region, delta []float32, c channelGain, dry bool) float64 {
	unit, top := p.unit(), float32(^T(0))
	if p.model == grey {
		c = channelGain{c.luma()}
	}
	colours := min(3, p.model.channels())
	total := 0.0
	for y := range r.h {
		if p.alpha < 0 && p.model != cmyk {
			squares := addPlain(p.row(r.y + y)[r.x*p.n:(r.x+r.w)*p.n], delta[y*r.w:][:r.w], p.n, c, unit, colours, dry)
			total += float64(squares) / float64(unit*unit)
			continue
		}
		row, sum := p.row(r.y + y)[r.x*p.n:(r.x+r.w)*p.n], float32(0)
		for x, d := range delta[y*r.w:][:r.w] {
			px, scale, seen := row[x*p.n:(x+1)*p.n], unit*d, 1/unit
			if p.alpha >= 0 {
				a := float32(px[p.alpha]) / top
				seen *= a
				if a == 0 {
					continue
				}
				if p.premul {
					scale, seen = scale*a, 1/unit
				}
			}
			if p.model == cmyk {
				light := top - float32(px[3])
				scale, seen = -scale*top/max(top/4, light), seen*light/top
			}
			for i := range colours {
				old := float32(px[i])
				v := nearest[T](old + scale*c[i])
				if dry {
					e := (float32(v) - old) * seen
					sum += e * e
				} else {
					px[i] = v
				}
			}
		}
		total += float64(sum)
	}
	if p.model == grey {
		total *= 3
	}
	return total
}

// addPlain adds delta, times unit and the gain of each colour, to a row of
// pixels of n samples without alpha; dry only sums the squared changes.
func addPlain[T uint8 | uint16](row []T, delta []float32, n int, c channelGain, unit float32, colours int, dry bool) (squares int) {
	for i := range colours {
		gain := c[i] * unit
		for x, at := 0, i; x < len(delta) && at < len(row); x, at = x+1, at+n {
			old := row[at]
			v := nearest[T](float32(old) + gain*delta[x])
			if !dry {
				row[at] = v
			}
			e := int(v) - int(old)
			squares += e * e
		}
	}
	return squares
}

// nearest rounds and clips a finite value to a sample.
func nearest[T uint8 | uint16](v float32) T {
	i := int32(v + 0.5)
	if uint32(i) > uint32(^T(0)) {
		return T(^(i >> 31)) // 0 below, all ones above
	}
	return T(i)
}
