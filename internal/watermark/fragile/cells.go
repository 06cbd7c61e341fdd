package fragile

import (
	"bytes"
	"slices"
)

// cells are the ⌊W/4⌋ × ⌊H/4⌋ squares of 4×4 pixels that the two grids resolve.
type cells struct {
	w, h int
	p    []float32 // probability that the cell was altered, 0 where prune cleared it
	soft []float32 // the same as the field left it
	ev   []float32 // evidence for it, a quarter of each covering block's
	said []bool    // a block in view covers it; nil when all are in view

	moved bool // see View.Moved

	group  []int32 // after prune: 0 is intact, others count the groups that stayed
	groups int
}

// What a connected group of cells must sum up to, in pictures that lie as they
// were marked and in such that were brought back, where detail looks altered.
const (
	minEvidence      = 16
	minEvidenceMoved = 24
)

// newCells reads a field at rest. A cell that no block in view covers has the
// field's guess from around, for the shape of what is next to it, and nothing is
// said of it. Where all is in view that is only so for two corners of pictures
// with an odd number of cells, and their guess is believed.
func newCells(f *field, s [len(grids)]*sheet) *cells {
	c := &cells{w: f.w, h: f.h, moved: s[0].moved}
	n := c.w * c.h
	c.p, c.soft, c.ev = make([]float32, n), make([]float32, n), make([]float32, n)
	if slices.Contains(s[0].blind, true) || slices.Contains(s[1].blind, true) {
		c.said = make([]bool, n)
	}
	for y := range c.h {
		for x := range c.w {
			at := y*c.w + x
			c.p[at] = 1 - f.u[f.at(x, y)]
			c.soft[at] = c.p[at]
			c.ev[at] = -(f.l[0][y/2*f.lw+x/2] + f.l[1][(y+1)/2*f.lw+(x+1)/2]) / 4
			if c.said != nil {
				c.said[at] = s[0].shows(y/2, x/2) || s[1].shows((y-1)>>1, (x-1)>>1)
			}
		}
	}
	return c
}

// prune clears every cell that is not in a 4-connected group of altered cells
// with enough evidence, and numbers the groups that stay from 1.
func (c *cells) prune() {
	least := float64(minEvidence)
	if c.moved {
		least = minEvidenceMoved
	}
	c.group = make([]int32, len(c.p))
	seen := make([]bool, len(c.p))
	var members []int
	for start := range c.p {
		if c.p[start] <= 0.5 {
			c.p[start] = 0
		}
		if c.p[start] == 0 || seen[start] {
			continue
		}
		members = c.gather(members[:0], start, seen)
		sum := 0.0
		for _, at := range members {
			sum += float64(c.ev[at])
		}
		if sum < least {
			c.clear(members)
			continue
		}
		c.groups++
		for _, at := range members {
			c.group[at] = int32(c.groups)
		}
	}
}

// altered is the share of cells in groups that stayed.
func (c *cells) altered() float64 {
	n := 0
	for _, id := range c.group {
		n += int(min(id, 1))
	}
	return float64(n) / float64(len(c.group))
}

// gather appends the cells of the group that start belongs to.
func (c *cells) gather(members []int, start int, seen []bool) []int {
	members = append(members, start)
	seen[start] = true
	for n := 0; n < len(members); n++ {
		c.neighbours(members[n], func(b int) {
			if c.p[b] > 0.5 && !seen[b] {
				seen[b] = true
				members = append(members, b)
			}
		})
	}
	return members
}

func (c *cells) clear(members []int) {
	for _, at := range members {
		c.p[at] = 0
	}
}

func (c *cells) neighbours(at int, visit func(int)) {
	x := at % c.w
	if x > 0 {
		visit(at - 1)
	}
	if x < c.w-1 {
		visit(at + 1)
	}
	if at >= c.w {
		visit(at - c.w)
	}
	if at < len(c.p)-c.w {
		visit(at + c.w)
	}
}

// mask draws the cells at w × h pixels, 1 for altered: bilinear, cut at one
// half, less one pixel all around, as the grids reach over the edge of an
// alteration.
func (c *cells) mask(w, h int) []uint8 {
	wide := make([]uint8, w*h)
	spans := c.spans()
	for y := range h {
		y0, y1, fy := between(y, c.h)
		for x := cell * max(0, min(spans[y0][0], spans[y1][0])-1); x < min(w, cell*(max(spans[y0][1], spans[y1][1])+1)); x++ {
			x0, x1, fx := between(x, c.w)
			top := c.p[y0*c.w+x0]*(1-fx) + c.p[y0*c.w+x1]*fx
			low := c.p[y1*c.w+x0]*(1-fx) + c.p[y1*c.w+x1]*fx
			if top*(1-fy)+low*fy > 0.5 {
				wide[y*w+x] = 1
			}
		}
	}
	return erode(wide, w, h)
}

// spans returns for each row of cells the first altered one and the one after the
// last; what is beyond the last cell goes with it.
func (c *cells) spans() [][2]int {
	spans := make([][2]int, c.h)
	for y := range spans {
		spans[y] = [2]int{c.w, 0}
		for x, p := range c.p[y*c.w : (y+1)*c.w] {
			if p > 0 {
				spans[y] = [2]int{min(spans[y][0], x), x + 1}
			}
		}
		if spans[y][1] == c.w {
			spans[y][1]++
		}
	}
	return spans
}

// saidMask draws what is said, nil for everything. What is beyond the last cell
// follows it.
func (c *cells) saidMask(w, h int) []uint8 {
	if c.said == nil {
		return nil
	}
	out := make([]uint8, w*h)
	for y := range h {
		row := c.said[min(y/cell, c.h-1)*c.w:]
		for x := range w {
			if row[min(x/cell, c.w-1)] {
				out[y*w+x] = 1
			}
		}
	}
	return out
}

// between returns the cells on both sides of pixel i, at most n, and how far it
// is from the first to the second.
func between(i, n int) (i0, i1 int, f float32) {
	v := (float32(i)+0.5)/cell - 0.5
	v = min(max(v, 0), float32(n-1))
	i0 = int(v)
	return i0, min(i0+1, n-1), v - float32(i0)
}

// erode clears pixels with a 4-neighbour that is clear; beyond the picture the
// edge goes on.
func erode(m []uint8, w, h int) []uint8 {
	out := make([]uint8, len(m))
	for y := range h {
		up, down := max(y-1, 0)*w, min(y+1, h-1)*w
		row := m[y*w : (y+1)*w]
		if bytes.IndexByte(row, 1) < 0 {
			continue
		}
		for x := range row {
			out[y*w+x] = row[x] & row[max(x-1, 0)] & row[min(x+1, w-1)] & m[up+x] & m[down+x]
		}
	}
	return out
}
