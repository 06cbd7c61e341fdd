package raster

// The rows of the BT.601 matrix that take an RGB change to Y, Cb and Cr.
func (c channelGain) luma() float32 { return 0.299*c[0] + 0.587*c[1] + 0.114*c[2] }
func (c channelGain) blue() float32 { return -0.168736*c[0] - 0.331264*c[1] + 0.5*c[2] }
func (c channelGain) red() float32  { return 0.5*c[0] - 0.418688*c[1] - 0.081312*c[2] }

func (p *ycc) add(r region, delta []float32, c channelGain, dry bool) float64 {
	if dry {
		return p.dryAdd(r, delta, c)
	}
	lu, ch, _ := p.levels()
	gain := c.luma() * lu
	for y := range r.h {
		row := p.y.pix[(r.y+y)*p.y.stride+r.x:][:r.w]
		for x, d := range delta[y*r.w:][:r.w] {
			row[x] = clip8(float32(row[x]) + gain*d)
		}
	}
	if p.grey || c.blue() == 0 && c.red() == 0 {
		return 0
	}
	mean := r.scratch[:(r.w+p.hs-1)/p.hs]
	for y := 0; y < r.h; y += p.vs {
		p.blockMean(mean, delta, r, y)
		cy, cx := (r.y+y)/p.vs, r.x/p.hs
		addRow(p.cb.pix[cy*p.cb.stride+cx:][:len(mean)], mean, c.blue()*ch)
		addRow(p.cr.pix[cy*p.cr.stride+cx:][:len(mean)], mean, c.red()*ch)
	}
	return 0
}

func addRow(row []uint8, mean []float32, gain float32) {
	for x, d := range mean {
		row[x] = clip8(float32(row[x]) + gain*d)
	}
}

// blockMean averages the delta over the chroma blocks of the block row that
// starts at row y of the region.
func (p *ycc) blockMean(mean, delta []float32, r region, y int) {
	rows := min(p.vs, r.h-y)
	if p.hs == 2 && rows == 2 && r.w%2 == 0 {
		a, b := delta[y*r.w:][:r.w], delta[(y+1)*r.w:][:r.w]
		for x := range mean {
			mean[x] = 0.25 * (a[2*x] + a[2*x+1] + b[2*x] + b[2*x+1])
		}
		return
	}
	for x := range mean {
		sum, x0, x1 := float32(0), x*p.hs, min((x+1)*p.hs, r.w)
		for i := range rows {
			for _, d := range delta[(y+i)*r.w+x0 : (y+i)*r.w+x1] {
				sum += d
			}
		}
		mean[x] = sum / float32(rows*(x1-x0))
	}
}

// dryAdd tells the squared RGB error of add: the rounded luma change e of each
// pixel and the rounded chroma change (b, r) of its block, taken back through
// BT.601. With dR = 1.402r, dG = −.344b − .714r, dB = 1.772b the error of a pixel
// is 3e² + 2e(dR+dG+dB) + dR²+dG²+dB².
func (p *ycc) dryAdd(r region, delta []float32, c channelGain) float64 {
	lu, ch, _ := p.levels()
	n := (r.w + p.hs - 1) / p.hs
	mean, cross := r.scratch[:n], r.scratch[n:2*n]
	clear(cross)
	total, gain := 0.0, c.luma()*lu
	for y := 0; y < r.h; y += p.vs {
		rows := min(p.vs, r.h-y)
		if !p.grey {
			p.blockMean(mean, delta, r, y)
			cy, cx := (r.y+y)/p.vs, r.x/p.hs
			cb, cr := p.cb.pix[cy*p.cb.stride+cx:][:n], p.cr.pix[cy*p.cr.stride+cx:][:n]
			square, last := float32(0), float32(0)
			for i, m := range mean {
				b, r := float32(change(cb[i], c.blue()*ch*m))/ch, float32(change(cr[i], c.red()*ch*m))/ch
				dr, dg, db := 1.402*r, -0.344136*b-0.714136*r, 1.772*b
				cross[i], last = 2*(dr+dg+db), dr*dr+dg*dg+db*db
				square += last
			}
			// The last block may be narrower than the others.
			total += float64(rows) * float64(square*float32(p.hs)-last*float32(n*p.hs-r.w))
		}
		for yy := y; yy < y+rows; yy++ {
			squares, product := lumaError(p.y.pix[(r.y+yy)*p.y.stride+r.x:][:r.w], delta[yy*r.w:][:r.w], gain, cross, p.hs)
			total += 3*float64(squares)/float64(lu*lu) + float64(product/lu)
		}
	}
	return total
}

// lumaError sums, over a row of luma, the square e² of each pixel's change and
// e times the cross term of its chroma block of hs pixels.
func lumaError(row []uint8, delta []float32, gain float32, cross []float32, hs int) (squares int, product float32) {
	i := 0
	if hs == 2 {
		pairs := len(row) / 2
		row, delta := row[:2*pairs], delta[:2*pairs]
		for ; i < pairs; i++ {
			a, b := change(row[2*i], gain*delta[2*i]), change(row[2*i+1], gain*delta[2*i+1])
			squares += a*a + b*b
			product += cross[i] * float32(a+b)
		}
	}
	for ; i < len(cross); i++ {
		sum := 0
		for x := i * hs; x < min((i+1)*hs, len(row)); x++ {
			e := change(row[x], gain*delta[x])
			squares += e * e
			sum += e
		}
		product += cross[i] * float32(sum)
	}
	return squares, product
}

// change is what adding d to a stored sample really changes.
func change(v uint8, d float32) int { return int(clip8(float32(v)+d)) - int(v) }
