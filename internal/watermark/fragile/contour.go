package fragile

import (
	"bytes"

	"github.com/certana/certana/internal/dsp"
)

// The grids know an edge to 4 pixels. Most alterations end in a step of the
// picture itself, however faint, which goes on along the edge: the outline is
// drawn to it, a path that gives up nearness to where it was, and straightness,
// for steps in luma (an active contour solved by dynamic programming: Amini,
// Weymouth & Jain, IEEE Trans. Pattern Anal. 1990). First every outline is moved
// along its rows, then along its columns.
const (
	reach    = 3 // pixels that it may move
	states   = 2*reach + 1
	farCost  = 0.04 // of a pixel away, squared
	bendCost = 1.0  // of a pixel aside from one line to the next
	stepGain = 0.8  // for a full step, on one line
	fullStep = 10   // luma levels
	leapMost = 5    // pixels aside where an outline still goes on
)

// lines walks a picture by rows, or by columns as if they were.
type lines struct {
	luma       []float32
	mask       []uint8
	length     int    // pixels in a line
	span       [4]int // lines from–to and pixels from–to with all of the mask
	step, next int    // from pixel to pixel and from line to line
}

// outline is a piece of an outline: where a line of pixels enters or leaves what
// was altered, on consecutive lines.
type outline struct {
	first int
	at    []int  // the first pixel beyond
	rises bool   // enters
	moved []int8 // by so many pixels
}

// snap draws the outlines of the mask to steps of the picture.
func snap(mask []uint8, luma *dsp.Plane) {
	b := extent(mask, luma.W)
	rows := lines{luma.Pix, mask, luma.W, b, 1, luma.W}
	rows.snap()
	b = extent(mask, luma.W)
	columns := lines{luma.Pix, mask, luma.H, [4]int{b[2], b[3], b[0], b[1]}, luma.W, 1}
	columns.snap()
}

// extent returns the first row and column of a mask of width w with something in
// it, each with the one after the last.
func extent(mask []uint8, w int) [4]int {
	h := len(mask) / w
	b := [4]int{h, 0, w, 0}
	for y := range h {
		row := mask[y*w : (y+1)*w]
		if x := bytes.IndexByte(row, 1); x >= 0 {
			b = [4]int{min(b[0], y), y + 1, min(b[2], x), max(b[3], bytes.LastIndexByte(row, 1)+1)}
		}
	}
	return b
}

func (l *lines) snap() {
	all := l.outlines()
	for _, o := range all {
		l.settle(o)
	}
	for _, o := range all {
		l.redraw(o)
	}
}

// outlines follows every transition from line to line.
func (l *lines) outlines() (all []*outline) {
	var open, now []*outline
	for i := l.span[0]; i < l.span[1]; i++ {
		now = now[:0]
		from := max(l.span[2], 1)
		was := l.mask[i*l.next+(from-1)*l.step]
		for x, at := from, i*l.next+from*l.step; x < min(l.span[3]+1, l.length); x, at = x+1, at+l.step {
			v := l.mask[at]
			if v == was {
				continue
			}
			was = v
			var best *outline
			for _, o := range open {
				d := o.at[len(o.at)-1] - x
				if o.rises == (v == 1) && o.first+len(o.at) == i && max(d, -d) <= leapMost &&
					(best == nil || max(d, -d) < max(best.at[len(best.at)-1]-x, x-best.at[len(best.at)-1])) {
					best = o
				}
			}
			if best == nil {
				best = &outline{first: i, rises: v == 1}
				all = append(all, best)
			}
			best.at = append(best.at, x)
			now = append(now, best)
		}
		open = append(open[:0], now...)
	}
	return all
}

// settle finds the cheapest path.
func (l *lines) settle(o *outline) {
	n := len(o.at)
	cost := make([][states]float32, n)
	from := make([][states]int8, n)
	for i, x := range o.at {
		for s := range states {
			d := s - reach
			c := farCost*float32(d*d) - l.edge(o.first+i, x+d)
			if i > 0 {
				best := float32(1e9)
				for r := range states {
					aside := x + d - (o.at[i-1] + r - reach)
					if v := cost[i-1][r] + bendCost*float32(max(aside, -aside)); v < best {
						best, from[i][s] = v, int8(r)
					}
				}
				c += best
			}
			cost[i][s] = c
		}
	}
	o.moved = make([]int8, n)
	s := int8(0)
	for r := range cost[n-1] {
		if cost[n-1][r] < cost[n-1][s] {
			s = int8(r)
		}
	}
	for i := n - 1; i >= 0; i-- {
		o.moved[i] = s - reach
		s = from[i][s]
	}
}

// edge says how much of a step there is before pixel x of a line, more than from
// pixel to pixel on either side of it.
func (l *lines) edge(i, x int) float32 {
	if x < 2 || x > l.length-2 {
		return 0
	}
	at := i*l.next + x*l.step
	a, b, c, d := l.luma[at-2*l.step], l.luma[at-l.step], l.luma[at], l.luma[at+l.step]
	step, around := dist(b, c), 0.5*(dist(a, b)+dist(c, d))
	return stepGain * min(max((step-around)/fullStep, 0), 1)
}

func dist(a, b float32) float32 { return max(a-b, b-a) }

// redraw moves the mask to the settled outline.
func (l *lines) redraw(o *outline) {
	for i, d := range o.moved {
		value := uint8(0)
		if (d < 0) == o.rises {
			value = 1
		}
		from, to := o.at[i], o.at[i]+int(d)
		for x := min(from, to); x < max(from, to); x++ {
			if x >= 0 && x < l.length {
				l.mask[(o.first+i)*l.next+x*l.step] = value
			}
		}
	}
}
