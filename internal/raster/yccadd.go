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
	mean := make([]float32, (r.w+p.hs-1)/p.hs)
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

// dryAdd tells the squared RGB error of add: the rounded luma change of each
// pixel and the rounded chroma change of its block, taken back through BT.601.
func (p *ycc) dryAdd(r region, delta []float32, c channelGain) float64 {
	lu, ch, _ := p.levels()
	mean := make([]float32, (r.w+p.hs-1)/p.hs)
	total := 0.0
	for y := 0; y < r.h; y += p.vs {
		if !p.grey {
			p.blockMean(mean, delta, r, y)
		}
		cy, cx := (r.y+y)/p.vs, r.x/p.hs
		sum := float32(0)
		for i := range mean {
			var eb, er float32
			if !p.grey {
				eb = change(p.cb.pix[cy*p.cb.stride+cx+i], c.blue()*ch*mean[i]) / ch
				er = change(p.cr.pix[cy*p.cr.stride+cx+i], c.red()*ch*mean[i]) / ch
			}
			dr, dg, db := 1.402*er, -0.344136*eb-0.714136*er, 1.772*eb
			for yy := y; yy < min(y+p.vs, r.h); yy++ {
				at := (r.y+yy)*p.y.stride + r.x
				for x := i * p.hs; x < min((i+1)*p.hs, r.w); x++ {
					e := change(p.y.pix[at+x], c.luma()*lu*delta[yy*r.w+x]) / lu
					sum += (e+dr)*(e+dr) + (e+dg)*(e+dg) + (e+db)*(e+db)
				}
			}
		}
		total += float64(sum)
	}
	return total
}

// change is what adding d to a stored sample really changes.
func change(v uint8, d float32) float32 { return float32(clip8(float32(v)+d)) - float32(v) }
