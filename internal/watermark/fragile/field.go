package fragile

import "math"

// The field is a Markov random field on cells of 4×4 pixels, each altered or
// not. A block is intact only if all four of its cells are: then its evidence
// counts. Neighbouring cells are drawn to agree, diagonal ones half as much. It
// is solved by mean-field iteration for u, the probability that a cell is
// intact, in place and in tiles, of which those at rest are left alone.
const (
	sweeps  = 30
	couple  = 1.3
	damping = 0.6   // less comes to rest sooner and worse
	start   = 0.5   // of the evidence, for the first guess
	leanTop = 0.2   // of the prior, towards altered
	most    = 6     // of the evidence of one block
	tile    = 16    // cells on a side
	resting = 0.015 // the largest change in a tile at rest
	sure    = 0.85  // of being intact: tiles of such cells need no work
)

// field holds w × h cells. u has a border of one that repeats the edge, so that
// cell (x, y) is at (y+1)·(w+2) + x + 1. l is the capped evidence for the mark of
// the block of each grid that covers the cell, by pairs of cells: that of A is
// (x/2, y/2), that of B ((x+1)/2, (y+1)/2); 0 where there is none.
type field struct {
	w, h   int
	u      []float32
	l      [len(grids)][]float32
	lw     int // pairs in a row of l
	lean   float32
	awake  []bool // by tile, with a border of one
	tw, th int
}

func newField(w, h int, s [len(grids)]*sheet, l [len(grids)][]float32) *field {
	f := &field{w: w / cell, h: h / cell, lean: lean(s, l)}
	f.lw = f.w/2 + 1
	for g := range l {
		f.l[g] = make([]float32, f.lw*(f.h/2+1))
		for i := range s[g].bh {
			dst := f.l[g][(i+g)*f.lw+g:]
			for j, v := range l[g][i*s[g].bw : (i+1)*s[g].bw] {
				dst[j] = min(max(v, -most), most)
			}
		}
	}
	f.u = make([]float32, (f.w+2)*(f.h+2))
	for y := range f.h {
		for x := range f.w {
			f.u[f.at(x, y)] = logistic(start * (f.l[0][y/2*f.lw+x/2] + f.l[1][(y+1)/2*f.lw+(x+1)/2]))
		}
	}
	f.tw, f.th = (f.w+tile-1)/tile, (f.h+tile-1)/tile
	f.awake = make([]bool, (f.tw+2)*(f.th+2))
	for y := range f.h {
		for x := range f.w {
			if f.u[f.at(x, y)] < sure {
				f.awake[(y/tile+1)*(f.tw+2)+x/tile+1] = true
			}
		}
	}
	return f
}

// at is the place of cell (x, y) in u.
func (f *field) at(x, y int) int { return (y+1)*(f.w+2) + x + 1 }

// lean is the prior for altered. It is withdrawn as the evidence of a typical
// block falls to nothing: then the prior alone would decide.
func lean(s [len(grids)]*sheet, l [len(grids)][]float32) float32 {
	g := 0.0
	for i, v := range l {
		g += medianSeen(v, s[i].blind) / float64(len(l))
	}
	return float32(leanTop * min(max((g-1)/1.5, 0), 1))
}

// medianSeen is the median evidence of the blocks that are not blind, to 1/32.
func medianSeen(l []float32, blind []bool) float64 {
	const per, top = 32, 16 // evidence is within ±16
	var count [2 * per * top]int
	n := 0
	for b, v := range l {
		if !blind[b] {
			count[min(max(int((v+top)*per), 0), len(count)-1)]++
			n++
		}
	}
	for i, c := range count {
		if n -= 2 * c; n <= 0 {
			return (float64(i)+0.5)/per - top
		}
	}
	return 0
}

// logistics is 1/(1+exp(−x)) from −8 to 8 in steps of 1/32.
var logistics = func() (t [514]float32) {
	for i := range t {
		t[i] = float32(1 / (1 + math.Exp(8-float64(i)/32)))
	}
	return t
}()

func logistic(x float32) float32 {
	v := (min(max(x, -8), 8) + 8) * 32
	i := int(v)
	return logistics[i] + (v-float32(i))*(logistics[i+1]-logistics[i])
}

// relax runs the field to rest.
func (f *field) relax() {
	was := make([]bool, len(f.awake))
	for range sweeps {
		f.border()
		was, f.awake = f.awake, was
		clear(f.awake)
		for ty := range f.th {
			for tx := range f.tw {
				if f.stirred(was, tx, ty) && f.sweep(tx*tile, ty*tile) > resting {
					f.awake[(ty+1)*(f.tw+2)+tx+1] = true
				}
			}
		}
	}
}

// border repeats the edge.
func (f *field) border() {
	st := f.w + 2
	for y := 1; y <= f.h; y++ {
		row := f.u[y*st : (y+1)*st]
		row[0], row[f.w+1] = row[1], row[f.w]
	}
	copy(f.u[:st], f.u[st:2*st])
	copy(f.u[(f.h+1)*st:], f.u[f.h*st:(f.h+1)*st])
}

// stirred says whether a tile or one next to it moved.
func (f *field) stirred(was []bool, tx, ty int) bool {
	for i := range 3 {
		at := (ty+i)*(f.tw+2) + tx
		if was[at] || was[at+1] || was[at+2] {
			return true
		}
	}
	return false
}

// sweep updates the tile that starts at cell (x0, y0) and returns its largest
// change.
func (f *field) sweep(x0, y0 int) (moved float32) {
	st := f.w + 2
	for y := y0; y < min(y0+tile, f.h); y++ {
		dy := st - 2*st*(y&1) // to the other row of A's block; B's is opposite
		la, lb := f.l[0][y/2*f.lw:], f.l[1][(y+1)/2*f.lw:]
		for x := x0; x < min(x0+tile, f.w); x++ {
			at, dx := f.at(x, y), 1-2*(x&1)
			u, m := f.u[at-st-1:at+st+2], st+1
			v := la[x/2]*u[m+dx]*u[m+dy]*u[m+dx+dy] + lb[(x+1)/2]*u[m-dx]*u[m-dy]*u[m-dx-dy]
			n := u[m-1] + u[m+1] + u[m-st] + u[m+st] + 0.5*(u[m-st-1]+u[m-st+1]+u[m+st-1]+u[m+st+1])
			q := damping*u[m] + (1-damping)*logistic(v+couple*(2*n-6)-f.lean)
			moved = max(moved, q-u[m], u[m]-q)
			u[m] = q
		}
	}
	return moved
}
