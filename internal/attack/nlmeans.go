package attack

import (
	"math"

	"github.com/certana/certana/internal/raster"
)

// Non-local means (Buades, Coll & Morel, "A non-local algorithm for image
// denoising", CVPR 2005) as OpenCV's fastNlMeansDenoisingColored has it: in
// L*a*b* of linear light, L by itself and a with b, patches of 7 × 7 sought in
// windows of 21 × 21, all in integers.
const (
	nlPatch  = 3  // half a patch
	nlSearch = 10 // half a search window
	nlBorder = nlPatch + nlSearch
	nlBand   = 32 // rows worked on at a time, so that their sums stay in cache
)

// nonLocalMeans removes noise of strength h in levels, the same for luminance
// and colour; OpenCV reads pixels as B, G, R, and so does this.
func nonLocalMeans(m *raster.RGB8, h float64) *raster.RGB8 {
	var plane [3][]uint8
	for c := range plane {
		plane[c] = make([]uint8, m.W*m.H)
	}
	for i := range plane[0] {
		plane[0][i], plane[1][i], plane[2][i] = labTables.toLab(m.Pix[3*i : 3*i+3])
	}
	light := denoise(plane[:1], m.W, m.H, h)
	colour := denoise(plane[1:], m.W, m.H, h)
	out := raster.NewRGB8(m.W, m.H)
	for i := range plane[0] {
		labTables.toRGB(light[0][i], colour[0][i], colour[1][i], out.Pix[3*i:3*i+3])
	}
	return out
}

// denoise averages every pixel of w × h with those around it whose patches are
// alike in all planes together.
func denoise(planes [][]uint8, w, h int, strength float64) [][]uint8 {
	n := nonLocal{w: w, h: h, weight: nlWeights(strength, len(planes)), out: make([][]uint8, len(planes))}
	for c, p := range planes {
		n.wide = append(n.wide, widen(p, w, h))
		n.out[c] = make([]uint8, w*h)
		n.sum = append(n.sum, make([]uint32, w*nlBand))
	}
	n.total = make([]uint32, w*nlBand)
	n.column = make([]int32, w+2*nlPatch)
	for y := 0; y < h; y += nlBand {
		n.band(y, min(y+nlBand, h))
	}
	return n.out
}

// nlWeights are the weights of patch distances, a sum of 49 squares over 64, up
// to the last that counts: those under a thousandth are nothing.
func nlWeights(strength float64, planes int) []uint32 {
	one := float64(math.MaxInt32 / ((2*nlSearch + 1) * (2*nlSearch + 1) * 255))
	spread := float64(float32(strength)*float32(strength)) * float64(planes)
	var k []uint32
	for {
		w := math.RoundToEven(one * math.Exp(-float64(len(k))*64/49/spread))
		if w < one/1000 {
			return k
		}
		k = append(k, uint32(w))
	}
}

// widen mirrors nlBorder samples around a plane.
func widen(p []uint8, w, h int) []uint8 {
	stride := w + 2*nlBorder
	out := make([]uint8, stride*(h+2*nlBorder))
	for y := range h + 2*nlBorder {
		src := p[w*mirror(y-nlBorder, h):]
		for x := range stride {
			out[y*stride+x] = src[mirror(x-nlBorder, w)]
		}
	}
	return out
}

// nonLocal is a denoising under way.
type nonLocal struct {
	w, h   int
	weight []uint32
	wide   [][]uint8 // the planes with their borders
	out    [][]uint8
	sum    [][]uint32 // of a band, for each plane
	total  []uint32   // of weights
	column []int32    // sums of squared differences down a patch's height
}

// band writes rows y0 to y1.
func (n *nonLocal) band(y0, y1 int) {
	clear(n.total)
	for c := range n.sum {
		clear(n.sum[c])
	}
	for dy := -nlSearch; dy <= nlSearch; dy++ {
		for dx := -nlSearch; dx <= nlSearch; dx++ {
			n.offset(y0, y1, dx, dy)
		}
	}
	for c, sum := range n.sum {
		for i, t := range n.total[:n.w*(y1-y0)] {
			n.out[c][n.w*y0+i] = uint8((sum[i] + t/2) / t)
		}
	}
}

// offset adds the pixels at one offset, each with its patch's weight.
func (n *nonLocal) offset(y0, y1, dx, dy int) {
	clear(n.column)
	for y := y0 - nlPatch; y < y0+nlPatch; y++ {
		n.addRow(y, dx, dy, 1)
	}
	stride := n.w + 2*nlBorder
	for y := y0; y < y1; y++ {
		n.addRow(y+nlPatch, dx, dy, 1)
		var d int32
		for _, v := range n.column[:2*nlPatch] {
			d += v
		}
		from := (y+dy+nlBorder)*stride + dx + nlBorder
		total := n.total[n.w*(y-y0) : n.w*(y-y0+1)]
		for x := range total {
			d += n.column[x+2*nlPatch]
			if i := int(d >> 6); i < len(n.weight) {
				k := n.weight[i]
				total[x] += k
				for c, wide := range n.wide {
					n.sum[c][n.w*(y-y0)+x] += k * uint32(wide[from+x])
				}
			}
			d -= n.column[x]
		}
		n.addRow(y-nlPatch, dx, dy, -1)
	}
}

// addRow adds the squared differences of row y and the row at the offset to the
// columns, or takes them away.
func (n *nonLocal) addRow(y, dx, dy int, sign int32) {
	stride := n.w + 2*nlBorder
	at := (y+nlBorder)*stride + nlBorder - nlPatch
	for _, wide := range n.wide {
		a, b := wide[at:at+len(n.column)], wide[at+dy*stride+dx:]
		b = b[:len(a)]
		for x := range n.column {
			d := int32(a[x]) - int32(b[x])
			n.column[x] += sign * d * d
		}
	}
}
