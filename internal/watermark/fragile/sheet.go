package fragile

import (
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// sheet is what one grid's blocks say: bw × bh of them, row by row.
type sheet struct {
	bw, bh  int
	coef    [2][]float32 // in luma levels
	dither  [2][]float32 // in steps
	lost    []uint8      // pixels that clipped
	clipped []bool       // clipping may have kept the mark out
	blind   []bool       // not wholly in view: its other values mean nothing
	detail  []float32    // see details
	luma    *dsp.Plane
	offset  int
	intact  []bool // by a first map, where a codec wiped the mark out; see setApart
	uneven  bool   // intact blocks stray more or less by their detail
	moved   bool   // see View.Moved
}

// clippedShare is the share of a block's pixels beyond which it counts as
// clipped.
const clippedShare = 0.05

func (t *Track) sheet(v View, p watermark.Payload, g int) *sheet {
	l := &grids[g]
	s := &sheet{bw: l.blocks(v.Luma.W), bh: l.blocks(v.Luma.H), moved: v.Moved, luma: v.Luma, offset: l.offset}
	n := s.bw * s.bh
	for k := range s.coef {
		s.coef[k], s.dither[k] = make([]float32, n), make([]float32, n)
	}
	s.lost = make([]uint8, n)
	s.clipped, s.blind = make([]bool, n), make([]bool, n)
	sum := make([]float32, s.bw*side)
	cw, o := v.Luma.W/cell, l.offset/cell
	for i := range s.bh {
		lo, hi := i*s.bw, (i+1)*s.bw
		t.ditherRow(p, g, i, s.dither[0][lo:hi], s.dither[1][lo:hi])
		clear(sum)
		for y := range side {
			w, row := l.v[y], v.Luma.Row(i*side + l.offset + y)[l.offset:]
			for x := range sum {
				sum[x] += w * row[x]
			}
		}
		for j := range s.bw {
			q := l.project(sum[j*side:])
			s.coef[0][lo+j], s.coef[1][lo+j] = q[0], q[1]
			c := (2*i+o)*cw + 2*j + o
			n := int(v.Clipped[c]) + int(v.Clipped[c+1]) + int(v.Clipped[c+cw]) + int(v.Clipped[c+cw+1])
			s.lost[lo+j] = uint8(n)
			s.clipped[lo+j] = float64(n) > clippedShare*side*side
			s.blind[lo+j] = v.Seen != nil && v.Seen[c]&v.Seen[c+1]&v.Seen[c+cw]&v.Seen[c+cw+1] == 0
		}
	}
	return s
}

// fewClipped is the number of clipped pixels that a block may have in a picture
// whose contrast was raised.
const fewClipped = 3

// blindClipped takes blocks with clipped pixels out of view.
func (s *sheet) blindClipped() {
	for b, n := range s.lost {
		s.blind[b] = s.blind[b] || n > fewClipped
	}
}

// mostBurnt is the share of blocks that may be clipped in every pixel.
const mostBurnt = 0.4

// burntOut says that so much of the picture is clipped through and through that
// it was brightened, whatever its pitch says: the mark itself leaves no block so,
// and a lattice drawn with one of the finer steps looks, once brightened, like
// that of a wider one.
func burntOut(s [len(grids)]*sheet) bool {
	burnt, all := 0, 0
	for _, f := range s {
		for b, n := range f.lost {
			if !f.blind[b] {
				all++
				if n == side*side {
					burnt++
				}
			}
		}
	}
	return float64(burnt) > mostBurnt*float64(all)
}

// inView counts the blocks that are not blind.
func (s *sheet) inView() (n int) {
	for _, b := range s.blind {
		if !b {
			n++
		}
	}
	return n
}

// shows says whether block (i, j) exists and is in view.
func (s *sheet) shows(i, j int) bool {
	return i >= 0 && j >= 0 && i < s.bh && j < s.bw && !s.blind[i*s.bw+j]
}

// residual is the signed distance of coefficient k of block b from the lattice,
// in steps, in [−½, ½). With no mark under this key and payload it is uniform,
// whatever the picture, because the dither is.
func (s *sheet) residual(k, b int, step float32) float32 {
	return wrap(s.coef[k][b]/step - s.dither[k][b])
}

// details is the mean absolute step from a pixel to the next, in levels, of every
// block. It is worked out when first asked for.
func (s *sheet) details() []float32 {
	if s.detail == nil {
		s.detail = make([]float32, len(s.clipped))
		for b := range s.detail {
			s.detail[b] = detail(s.luma, b/s.bw*side+s.offset, b%s.bw*side+s.offset)
		}
	}
	return s.detail
}

// detail is the mean absolute difference of horizontal neighbours in the block
// that starts at (x0, y0).
func detail(luma *dsp.Plane, y0, x0 int) float32 {
	sum := float32(0)
	for y := y0; y < y0+side; y++ {
		row := luma.Row(y)[x0 : x0+side]
		for x := 1; x < side; x++ {
			sum += max(row[x]-row[x-1], row[x-1]-row[x])
		}
	}
	return sum / (side * (side - 1))
}
