package attack

import (
	"slices"

	"github.com/certana/certana/internal/raster"
)

// reducePalette is Pillow's median cut (after Heckbert, "Color image
// quantization for frame buffer display", 1982): the fullest box is split at its
// median along its longest side, weighted as luma weighs the channels, until
// there are n boxes; the palette is the boxes' means; every colour goes to the
// nearest entry, with no dither.
func reducePalette(m *raster.RGB8, n int) *raster.RGB8 {
	colours, shift := histogram(m)
	boxes := cut(colours, n)
	boxOf := map[uint32]int{}
	for i, b := range boxes {
		for _, c := range b.colours {
			boxOf[c.key()] = i
		}
	}
	palette := boxMeans(m, boxOf, shift, len(boxes))
	order := byDistance(palette)
	known := map[uint32][3]uint8{}
	out := raster.NewRGB8(m.W, m.H)
	for i := 0; i < len(m.Pix); i += 3 {
		p := [3]uint8(m.Pix[i : i+3])
		q, ok := known[keyOf(p)]
		if !ok {
			home := boxOf[keyOf([3]uint8{p[0] >> shift, p[1] >> shift, p[2] >> shift})]
			q = palette[nearest(p, palette, home, order[home])]
			known[keyOf(p)] = q
		}
		copy(out.Pix[i:], q[:])
	}
	return out
}

// colour is a distinct colour, coarsened by the histogram's shift, and the
// number of its pixels.
type colour struct {
	v     [3]uint8
	count int
}

func keyOf(v [3]uint8) uint32    { return uint32(v[0])<<16 | uint32(v[1])<<8 | uint32(v[2]) }
func (c colour) key() uint32     { return keyOf(c.v) }
func sqr(a, b uint8) int         { d := int(a) - int(b); return d * d }
func distance(a, b [3]uint8) int { return sqr(a[0], b[0]) + sqr(a[1], b[1]) + sqr(a[2], b[2]) }

// histogram counts the colours with as few low bits dropped as keep it at 65,536
// entries, in order of their keys.
func histogram(m *raster.RGB8) ([]colour, int) {
	const limit = 65536
	for shift := 0; ; shift++ {
		counts := map[uint32]int{}
		for i := 0; i < len(m.Pix) && len(counts) <= limit; i += 3 {
			counts[keyOf([3]uint8{m.Pix[i] >> shift, m.Pix[i+1] >> shift, m.Pix[i+2] >> shift})]++
		}
		if len(counts) > limit {
			continue
		}
		out := make([]colour, 0, len(counts))
		for k, n := range counts {
			out = append(out, colour{[3]uint8{uint8(k >> 16), uint8(k >> 8), uint8(k)}, n})
		}
		slices.SortFunc(out, func(a, b colour) int { return int(a.key()) - int(b.key()) })
		return out, shift
	}
}

// box is a set of colours and the number of their pixels.
type box struct {
	colours []colour
	pixels  int
}

func newBox(colours []colour) box {
	b := box{colours: colours}
	for _, c := range colours {
		b.pixels += c.count
	}
	return b
}

// extent returns the box's range in each channel.
func (b box) extent() (lo, hi [3]uint8) {
	lo, hi = b.colours[0].v, b.colours[0].v
	for _, c := range b.colours {
		for i, v := range c.v {
			lo[i], hi[i] = min(lo[i], v), max(hi[i], v)
		}
	}
	return lo, hi
}

// cut splits boxes until there are n or every box is one colour.
func cut(colours []colour, n int) []box {
	open, done := []box{newBox(colours)}, []box(nil)
	for len(open) > 0 && len(open)+len(done) < n {
		i := 0
		for j := range open {
			if open[j].pixels > open[i].pixels {
				i = j
			}
		}
		b := open[i]
		open = slices.Delete(open, i, i+1)
		if len(b.colours) == 1 {
			done = append(done, b)
			continue
		}
		high, low := b.split()
		open = append(open, high, low)
	}
	return append(done, open...)
}

// split cuts the box along its longest side after the brighter half of its
// pixels; equal values stay together.
func (b box) split() (high, low box) {
	lo, hi := b.extent()
	axis, longest := 0, 0
	for i, weight := range [3]int{77, 150, 29} {
		if side := weight * int(hi[i]-lo[i]); side > longest {
			axis, longest = i, side
		}
	}
	sorted := slices.Clone(b.colours)
	slices.SortStableFunc(sorted, func(p, q colour) int { return int(q.v[axis]) - int(p.v[axis]) })
	at, pixels := 0, 0
	for at < len(sorted) && 2*pixels <= b.pixels {
		pixels += sorted[at].count
		at++
	}
	for at < len(sorted) && sorted[at].v[axis] == sorted[at-1].v[axis] {
		at++
	}
	if at == len(sorted) { // all the rest is one value: it goes alone
		for sorted[at-1].v[axis] == sorted[len(sorted)-1].v[axis] {
			at--
		}
	}
	return newBox(sorted[:at]), newBox(sorted[at:])
}

// boxMeans averages the picture's pixels over each box.
func boxMeans(m *raster.RGB8, boxOf map[uint32]int, shift, n int) [][3]uint8 {
	sum, count := make([][3]int, n), make([]int, n)
	for i := 0; i < len(m.Pix); i += 3 {
		p := m.Pix[i : i+3]
		b := boxOf[keyOf([3]uint8{p[0] >> shift, p[1] >> shift, p[2] >> shift})]
		for c := range 3 {
			sum[b][c] += int(p[c])
		}
		count[b]++
	}
	out := make([][3]uint8, n)
	for b := range out {
		for c := range 3 {
			out[b][c] = uint8(0.5 + float64(sum[b][c])/float64(count[b]))
		}
	}
	return out
}

// byDistance lists for each palette entry all entries from near to far.
func byDistance(palette [][3]uint8) [][]int {
	out := make([][]int, len(palette))
	for i := range out {
		for j := range palette {
			out[i] = append(out[i], j)
		}
		slices.SortStableFunc(out[i], func(a, b int) int {
			return distance(palette[i], palette[a]) - distance(palette[i], palette[b])
		})
	}
	return out
}

// nearest searches from the colour's own box outwards. An entry twice as far
// from home as p is cannot be nearer to p than home, so the search ends there.
func nearest(p [3]uint8, palette [][3]uint8, home int, order []int) int {
	best, shortest := home, distance(palette[home], p)
	reach := 4 * shortest
	for _, j := range order {
		if distance(palette[home], palette[j]) > reach {
			break
		}
		if d := distance(palette[j], p); d < shortest {
			best, shortest = j, d
		}
	}
	return best
}
