package tamper

import (
	"cmp"
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// The operating point, in natural logarithms of residual energy over what
// copying explains. Unaltered copies of photographs stay below the seeds;
// pasted objects exceed them several times over (TestF1 and TestAttacks print by how much).
const (
	lumaSeed    = 4.2
	lumaGrow    = 2.0
	chromaSeed  = 4.6
	chromaGrow  = 2.6
	fineGrow    = 1.8
	fineDrop    = 3.0 // windows smear a strong difference: nearby maxima less so
	chromaDrop  = 1.6 // much are held to be its border
	spreadSeed  = 5.5 // and at least so many spreads of the null
	spreadGrow  = 2.5
	minSeed     = 24     // pixels over the seed in a region
	seedShare   = 8      // and one in so many of its pixels
	minArea     = 100    // pixels of a region
	minAreaPart = 0.0008 // and share of the covered pixels
	frame       = 8      // pixels along the picture's border where no region starts: resizers differ there
	closing     = 3      // radius of gaps that are bridged
)

// decide turns the evidence into scores: 128 and more inside the regions that
// stand, at most 127 elsewhere.
func (ev *evidence) decide() []uint8 {
	w, h := ev.coarse.W, ev.coarse.H
	seed, grow := ev.levels()
	wide := make([]bool, w*h)
	for i := range wide {
		wide[i] = ev.covered[i] && grow[i] >= 1
	}
	labels, parts := components(wide, w, h)
	kept := make([]bool, len(parts))
	need := max(minArea, int(minAreaPart*float64(count(ev.covered))))
	seeds := make([]int, len(parts))
	for i, l := range labels {
		if x, y := i%w, i/w; l >= 0 && seed[i] >= 1 && min(x, y, w-1-x, h-1-y) >= frame {
			seeds[l]++
		}
	}
	for l, p := range parts {
		kept[l] = p.area >= need && seeds[l] >= max(minSeed, p.area/seedShare)
	}
	mask := make([]bool, w*h)
	for i, l := range labels {
		mask[i] = l >= 0 && kept[l]
	}
	if slices.Contains(kept, true) {
		mask = ev.outline(mask, need)
	}
	return paint(mask, grow)
}

// levels are the evidences of each pixel as shares of the thresholds: seed for
// the start of a region, grow for its extent.
func (ev *evidence) levels() (seed, grow []float32) {
	w, h := ev.coarse.W, ev.coarse.H
	seed, grow = make([]float32, w*h), make([]float32, w*h)
	ls, lg := float32(max(lumaSeed, spreadSeed*ev.nulls[0].spread)), float32(max(lumaGrow, spreadGrow*ev.nulls[0].spread))
	cs, cg := float32(max(chromaSeed, spreadSeed*ev.nulls[2].spread)), float32(max(chromaGrow, spreadGrow*ev.nulls[2].spread))
	dsp.Strips(h, func(lo, hi int) {
		for y := lo; y < hi; y++ {
			for x := range w {
				i := y*w + x
				l, c := ev.coarse.Pix[i], ev.chroma.Pix[y/2*ev.chroma.W+x/2]
				seed[i] = max(l/ls, c/cs)
				grow[i] = max(l/lg, c/cg)
			}
		}
	})
	return seed, grow
}

// outline draws the exact border of the regions in mask, which the windows of
// the coarse evidence widened: fine evidence decides within them, gaps are
// bridged, holes filled, crumbs dropped.
func (ev *evidence) outline(mask []bool, need int) []bool {
	w, h := ev.coarse.W, ev.coarse.H
	fineTop, chromaTop := localMax(ev.fine, 2), localMax(ev.chroma, 3)
	limit := float32(max(fineGrow, spreadGrow*ev.nulls[1].spread))
	cg := float32(max(chromaGrow, spreadGrow*ev.nulls[2].spread))
	inner := make([]bool, w*h)
	for i := range inner {
		x, y := i%w, i/w
		j := y/2*ev.chroma.W + x/2
		f, c := ev.fine.Pix[i], ev.chroma.Pix[j]
		inner[i] = mask[i] && (f >= max(limit, fineTop.Pix[i]-fineDrop) || c >= max(cg+1, chromaTop.Pix[j]-chromaDrop))
	}
	inner = eroded(dilated(inner, w, h, closing), w, h, closing)
	fillHoles(inner, w, h)
	labels, parts := components(inner, w, h)
	for i, l := range labels {
		inner[i] = l >= 0 && parts[l].area >= need && ev.covered[i]
	}
	return inner
}

// paint maps the evidence to 0..127 outside of mask and 128..255 inside.
func paint(mask []bool, grow []float32) []uint8 {
	out := make([]uint8, len(mask))
	for i, g := range grow {
		v := float64(max(g, 0))
		if mask[i] {
			out[i] = uint8(128 + 127*(1-math.Exp(-v)))
		} else {
			out[i] = uint8(127 * (1 - math.Exp(-v/2)))
		}
	}
	return out
}

// part is one connected component.
type part struct {
	x0, y0, x1, y1 int // inclusive
	area           int
}

// components labels the 8-connected components of mask; −1 is the background.
func components(mask []bool, w, h int) (labels []int32, parts []part) {
	labels = make([]int32, len(mask))
	for i := range labels {
		labels[i] = -1
	}
	var stack []int32
	for start, in := range mask {
		if !in || labels[start] >= 0 {
			continue
		}
		id := int32(len(parts))
		p := part{x0: w, y0: h, x1: -1, y1: -1}
		labels[start] = id
		stack = append(stack[:0], int32(start))
		for len(stack) > 0 {
			i := int(stack[len(stack)-1])
			stack = stack[:len(stack)-1]
			x, y := i%w, i/w
			p.area++
			p.x0, p.y0, p.x1, p.y1 = min(p.x0, x), min(p.y0, y), max(p.x1, x), max(p.y1, y)
			for v := max(y-1, 0); v <= min(y+1, h-1); v++ {
				for u := max(x-1, 0); u <= min(x+1, w-1); u++ {
					if j := v*w + u; mask[j] && labels[j] < 0 {
						labels[j] = id
						stack = append(stack, int32(j))
					}
				}
			}
		}
		parts = append(parts, p)
	}
	return labels, parts
}

// fillHoles sets what the background of mask cannot reach from the border.
func fillHoles(mask []bool, w, h int) {
	open := make([]bool, len(mask))
	for i, in := range mask {
		open[i] = !in
	}
	labels, parts := components(open, w, h)
	for i, l := range labels {
		if l >= 0 {
			p := parts[l]
			if p.x0 > 0 && p.y0 > 0 && p.x1 < w-1 && p.y1 < h-1 {
				mask[i] = true
			}
		}
	}
}

// localMax is the maximum over (2r+1)² samples.
func localMax(p *dsp.Plane, r int) *dsp.Plane {
	rows, out := dsp.NewPlane(p.W, p.H), dsp.NewPlane(p.W, p.H)
	dsp.Strips(p.H, func(lo, hi int) {
		for y := lo; y < hi; y++ {
			src, dst := p.Row(y), rows.Row(y)
			for x := range dst {
				dst[x] = slices.Max(src[max(x-r, 0):min(x+r+1, p.W)])
			}
		}
	})
	dsp.Strips(p.H, func(lo, hi int) {
		for y := lo; y < hi; y++ {
			dst := out.Row(y)
			copy(dst, rows.Row(y))
			for v := max(y-r, 0); v < min(y+r+1, p.H); v++ {
				for x, m := range rows.Row(v) {
					dst[x] = max(dst[x], m)
				}
			}
		}
	})
	return out
}

// dilated and eroded work with squares of side 2r+1; beyond the border there is
// what is inside it.
func dilated(mask []bool, w, h, r int) []bool { return ranked(mask, w, h, r, 1) }

func eroded(mask []bool, w, h, r int) []bool { return ranked(mask, w, h, r, 0) }

// ranked is true where the window holds more than the given share, 0 or 1,
// of its kind: any pixel (1) or all of them (0).
func ranked(mask []bool, w, h, r, kind int) []bool {
	any := kind == 1
	pass := func(in []bool, n, lines, step, stride int) []bool {
		out := make([]bool, len(in))
		for l := range lines {
			run := 0 // pixels of the wanted kind in the window
			at := func(k int) int {
				if in[l*stride+k*step] == any {
					return 1
				}
				return 0
			}
			for k := 0; k < min(r, n); k++ {
				run += at(k)
			}
			for k := range n {
				if k+r < n {
					run += at(k + r)
				}
				if k-r-1 >= 0 {
					run -= at(k - r - 1)
				}
				out[l*stride+k*step] = (run > 0) == any
			}
		}
		return out
	}
	return pass(pass(mask, w, h, 1, w), h, w, w, 1)
}

func count(mask []bool) (n int) {
	for _, in := range mask {
		if in {
			n++
		}
	}
	return n
}

// boxes lists the regions of a score map, scaled to the probe's own size.
func (m *Map) boxes() []Box {
	mask := make([]bool, len(m.Score))
	for i, s := range m.Score {
		mask[i] = s >= 128
	}
	labels, parts := components(mask, m.W, m.H)
	sums := make([]float64, len(parts))
	for i, l := range labels {
		if l >= 0 {
			sums[l] += float64(m.Score[i]) / 255
		}
	}
	sx, sy := float64(m.FullW)/float64(m.W), float64(m.FullH)/float64(m.H)
	out := make([]Box, len(parts))
	for l, p := range parts {
		x0, y0 := int(float64(p.x0)*sx), int(float64(p.y0)*sy)
		x1, y1 := int(math.Ceil(float64(p.x1+1)*sx)), int(math.Ceil(float64(p.y1+1)*sy))
		out[l] = Box{
			X: x0, Y: y0, W: min(x1, m.FullW) - x0, H: min(y1, m.FullH) - y0,
			Area:  int(math.Round(float64(p.area) * sx * sy)),
			Score: sums[l] / float64(p.area),
		}
	}
	slices.SortStableFunc(out, func(a, b Box) int { return cmp.Compare(b.Area, a.Area) })
	return out
}
