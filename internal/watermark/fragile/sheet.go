package fragile

import "github.com/certana/certana/internal/watermark"

// sheet is what one grid's blocks say: bw × bh of them, row by row.
type sheet struct {
	bw, bh  int
	coef    [2][]float32 // in luma levels
	dither  [2][]float32 // in steps
	clipped []bool       // clipping may have kept the mark out
}

// clippedShare is the share of a block's pixels beyond which it counts as
// clipped.
const clippedShare = 0.15

func (t *Track) sheet(v View, p watermark.Payload, g int) *sheet {
	l := &grids[g]
	s := &sheet{bw: l.blocks(v.Luma.W), bh: l.blocks(v.Luma.H)}
	n := s.bw * s.bh
	for k := range s.coef {
		s.coef[k], s.dither[k] = make([]float32, n), make([]float32, n)
	}
	s.clipped = make([]bool, n)
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
			s.coef[0][lo+j], s.coef[1][lo+j] = l.project(sum[j*side:])
			c := (2*i+o)*cw + 2*j + o
			n := int(v.Clipped[c]) + int(v.Clipped[c+1]) + int(v.Clipped[c+cw]) + int(v.Clipped[c+cw+1])
			s.clipped[lo+j] = float64(n) > clippedShare*side*side
		}
	}
	return s
}

// residual is the signed distance of coefficient k of block b from the lattice,
// in steps, in [−½, ½). With no mark under this key and payload it is uniform,
// whatever the picture, because the dither is.
func (s *sheet) residual(k, b int, step float32) float32 {
	return wrap(s.coef[k][b]/step - s.dither[k][b])
}
