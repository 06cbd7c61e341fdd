package fragile

import "slices"

// cells are the ⌊W/4⌋ × ⌊H/4⌋ squares of 4×4 pixels that the two grids resolve.
type cells struct {
	w, h int
	p    []float32 // probability that the cell was altered
	ev   []float32 // evidence for it, a quarter of each covering block's
	said []bool    // a block in view covers it

	group  []int32 // after prune: 0 is intact, others count the groups that stayed
	groups int
}

// minEvidence is what a connected group of cells must sum up to.
const minEvidence = 16

// newCells joins the blocks of both grids: a cell is altered only if every
// block that covers it is. Two corners of pictures with an odd number of cells
// are covered by no block; they follow the nearest one of B.
//
// A blind block does not vote where another one sees; where none does the field's
// guess from around stands, for the shape of what is next to it, and nothing is
// said.
func newCells(w, h int, blocks [len(grids)]*sheet, f [len(grids)]*spins, l [len(grids)][]float32) *cells {
	c := &cells{w: w / cell, h: h / cell}
	n := c.w * c.h
	c.p, c.ev, c.said = make([]float32, n), make([]float32, n), make([]bool, n)
	for y := range c.h {
		for x := range c.w {
			p, guess, ev, seen := float32(1), float32(1), float32(0), false
			for g, s := range f {
				o := grids[g].offset / cell
				if x < o || y < o || (x-o)/2 >= s.bw || (y-o)/2 >= s.bh {
					continue
				}
				i, j := (y-o)/2, (x-o)/2
				guess = min(guess, s.altered(i, j))
				if b := i*s.bw + j; !blocks[g].blind[b] {
					p = min(p, s.altered(i, j))
					ev += capped(l[g][b]) / 4
					seen = true
				}
			}
			at := y*c.w + x
			if seen {
				c.p[at], c.ev[at], c.said[at] = p, ev, true
				continue
			}
			i, j := min(max(y-1, 0)/2, f[1].bh-1), min(max(x-1, 0)/2, f[1].bw-1)
			c.p[at], c.said[at] = min(guess, f[1].altered(i, j)), !blocks[1].blind[i*f[1].bw+j] && c.uncovered(x, y, f)
		}
	}
	return c
}

// uncovered says whether cell (x, y) is one that no block reaches.
func (*cells) uncovered(x, y int, f [len(grids)]*spins) bool {
	a, b := f[0], f[1]
	return (x/2 >= a.bw || y/2 >= a.bh) && (x < 1 || y < 1 || (x-1)/2 >= b.bw || (y-1)/2 >= b.bh)
}

// prune clears every cell that is not in a 4-connected group of altered cells
// with enough evidence, and numbers the groups that stay from 1.
func (c *cells) prune() {
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
		if sum < minEvidence {
			c.clear(members)
			continue
		}
		c.groups++
		for _, at := range members {
			c.group[at] = int32(c.groups)
		}
	}
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
	for y := range h {
		y0, y1, fy := c.between(y, c.h)
		for x := range w {
			x0, x1, fx := c.between(x, c.w)
			top := c.p[y0*c.w+x0]*(1-fx) + c.p[y0*c.w+x1]*fx
			low := c.p[y1*c.w+x0]*(1-fx) + c.p[y1*c.w+x1]*fx
			if top*(1-fy)+low*fy > 0.5 {
				wide[y*w+x] = 1
			}
		}
	}
	return erode(wide, w, h)
}

// saidMask draws what is said, nil for everything. What is beyond the last cell
// follows it.
func (c *cells) saidMask(w, h int) []uint8 {
	if !slices.Contains(c.said, false) {
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
func (*cells) between(i, n int) (i0, i1 int, f float32) {
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
		for x := range row {
			out[y*w+x] = row[x] & row[max(x-1, 0)] & row[min(x+1, w-1)] & m[up+x] & m[down+x]
		}
	}
	return out
}
