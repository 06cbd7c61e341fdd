package fragile

import (
	"math"

	"github.com/certana/certana/internal/watermark"
)

// The drawing is a sequence of projections: each grid in turn is brought
// to its targets, the same change for R, G and B, and every channel is clipped to
// [0, 255]. Without clipping the first round is exact, as the grids are
// orthogonal; near black and white the rounds share the loss out.
const (
	rounds = 10
	// From round patient on only blocks further than slack steps from their
	// targets are corrected, by a little more than they need.
	patient = 3
	slack   = 0.06
	gain    = 1.3
	// proneMargin is how near to 0 or 255, in steps, a channel is that the mark
	// may clip: the largest change of both grids together is 0.4.
	proneMargin = 0.55
)

// ring is how many rows of pixels and of blocks are in flight: round k of grid
// A works on block row t−k while block row t is read, and B follows one behind,
// so every projection sees exactly what a pass over the whole picture would.
const (
	ringBlocks = rounds + 2
	ringRows   = ringBlocks * side
)

// pass draws one picture with one step into delta, the whole levels to add to
// each pixel of the mark.
type pass struct {
	t       *Track
	in      *reducer
	payload watermark.Payload
	step    float32
	margin  uint8 // levels from black or white
	w, h    int
	delta   []int8
	rows    [ringRows]line
	grids   [len(grids)]lattice
	sse     float64
}

// line is one row of pixels in flight.
type line struct {
	rgb  []uint8   // as read
	luma []float32 // of rgb
	add  []float32 // what is to be added
	// prone holds, for each 4 pixels, whether one of their channels is so near
	// black or white that it may clip.
	prone []bool
	// veiled holds, for each 4 pixels, whether something shows through one.
	veiled []bool
}

// lattice is one grid's block rows in flight.
type lattice struct {
	grid
	bw, bh int
	open   int // blocks that carry the mark
	rows   [ringBlocks]struct {
		target [2][]float32
		prone  []bool       // may clip
		error  [2][]float32 // of what was read
	}
}

func newPass(t *Track, c Rows, p watermark.Payload, step float32, delta []int8) *pass {
	w, h := MarkedSize(c.Size())
	s := &pass{t: t, in: newReducer(c), payload: p, step: step, margin: uint8(min(proneMargin*step, 127)), w: w, h: h, delta: delta}
	for i := range s.rows {
		s.rows[i] = line{make([]uint8, 3*w), make([]float32, w), make([]float32, w), make([]bool, w/cell+1), make([]bool, w/cell+1)}
	}
	for i := range s.grids {
		l := &s.grids[i]
		l.grid = grids[i]
		l.bw, l.bh = l.blocks(w), l.blocks(h)
		for j := range l.rows {
			l.rows[j].target = [2][]float32{make([]float32, l.bw), make([]float32, l.bw)}
			l.rows[j].error = [2][]float32{make([]float32, l.bw), make([]float32, l.bw)}
			l.rows[j].prone = make([]bool, l.bw)
		}
	}
	return s
}

// run returns the sum of squared errors over R, G and B of pixels of the mark.
func (s *pass) run() float64 {
	for t := 0; (t-rounds)*side < s.h; t++ {
		s.read(t)
		s.aim(0, t)
		s.aim(1, t-1)
		for k := range rounds {
			s.project(0, t-k, k)
			s.project(1, t-k-1, k)
		}
		s.write(t - rounds)
	}
	return s.sse
}

func (s *pass) line(y int) *line { return &s.rows[y%ringRows] }

// read takes the pixels of block row t in.
func (s *pass) read(t int) {
	for y := t * side; y < min((t+1)*side, s.h); y++ {
		l := s.line(y)
		s.in.read(y, l.rgb, l.luma)
		clear(l.add)
		clear(l.prone)
		clear(l.veiled)
		s.in.veiled(y, s.w, func(x int) { l.veiled[x/cell] = true })
		for x := range s.w {
			q := l.rgb[3*x : 3*x+3 : 3*x+3]
			if min(q[0], q[1], q[2]) < s.margin || max(q[0], q[1], q[2]) > 255-s.margin {
				l.prone[x/cell] = true
			}
		}
	}
}

// aim fixes the targets of block row i of grid g: from what was read, the share
// pull of the way to the nearest point of step·(ℤ + dither).
func (s *pass) aim(g, i int) {
	l := &s.grids[g]
	if i < 0 || i >= l.bh {
		return
	}
	r := &l.rows[i%ringBlocks]
	s.t.ditherRow(s.payload, g, i, r.target[0], r.target[1])
	inverse := 1 / s.step
	for j := range l.bw {
		y0, x0 := i*side+l.offset, j*side+l.offset
		var acc [side]float32
		prone, veiled := false, false
		for y := range side {
			line, v := s.line(y0+y), l.v[y]
			row := line.luma[x0 : x0+side : x0+side]
			for x := range acc {
				acc[x] += v * row[x]
			}
			prone = prone || line.prone[x0/cell] || line.prone[x0/cell+1]
			veiled = veiled || line.veiled[x0/cell] || line.veiled[x0/cell+1]
		}
		if veiled { // left as it is, and its neighbours do not reach into it
			r.prone[j], r.error[0][j], r.error[1][j] = false, 0, 0
			continue
		}
		r.prone[j] = prone
		l.open++
		for k, c := range l.project(acc[:]) {
			e := -pull * wrap(c*inverse-r.target[k][j]) * s.step
			r.error[k][j], r.target[k][j] = e, c+e
		}
	}
}

// wrap returns t less the nearest integer, in [−½, ½], for |t| below 2²². So far
// from 0 float32 has no fractions: adding and subtracting rounds.
func wrap(t float32) float32 {
	const far = 3 << 22
	return t - ((t + far) - far)
}

// project brings block row i of grid g to its targets, in round k. Blocks that
// cannot clip are there after the first round, as the other grid leaves them be.
func (s *pass) project(g, i, k int) {
	l := &s.grids[g]
	if i < 0 || i >= l.bh {
		return
	}
	r := &l.rows[i%ringBlocks]
	for j := range l.bw {
		if !r.prone[j] {
			if k == 0 {
				s.place(l, i, j, r.error[0][j], r.error[1][j])
			}
			continue
		}
		c := l.project(s.sum(l, i, j))
		e0, e1 := r.target[0][j]-c[0], r.target[1][j]-c[1]
		if k >= patient {
			if max(e0, -e0, e1, -e1) <= slack*s.step {
				continue
			}
			e0, e1 = e0*gain, e1*gain
		}
		s.move(l, i, j, e0, e1)
	}
}

// sum returns block (i, j) as it stands now, its rows summed with weights v.
func (s *pass) sum(l *lattice, i, j int) []float32 {
	var acc [side]float32
	x0 := j*side + l.offset
	for y := range side {
		line := s.line(i*side + l.offset + y)
		add, v := line.add[x0:x0+side], l.v[y]
		rgb := line.rgb[3*x0 : 3*(x0+side)]
		for x, d := range add {
			q := rgb[3*x : 3*x+3 : 3*x+3]
			acc[x] += v * (0.299*clamp(float32(q[0])+d) + 0.587*clamp(float32(q[1])+d) + 0.114*clamp(float32(q[2])+d))
		}
	}
	return acc[:]
}

func clamp(v float32) float32 { return min(max(v, 0), 255) }

// place adds e0 and e1 of the two basis functions to block (i, j).
func (s *pass) place(l *lattice, i, j int, e0, e1 float32) {
	x0 := j*side + l.offset
	var p [side]float32
	for x := range p {
		p[x] = e0*l.h[0][x] + e1*l.h[1][x]
	}
	for y, v := range l.v {
		add := s.line(i*side + l.offset + y).add[x0 : x0+side : x0+side]
		for x := range p {
			add[x] += v * p[x]
		}
	}
}

// move is place where colours may clip. A change is
// held where all channels would be black or white: more would be undone first
// when the next round wants less.
func (s *pass) move(l *lattice, i, j int, e0, e1 float32) {
	x0 := j*side + l.offset
	for y := range side {
		line := s.line(i*side + l.offset + y)
		a0, a1 := e0*l.v[y], e1*l.v[y]
		add, rgb := line.add[x0:x0+side], line.rgb[3*x0:3*(x0+side)]
		for x := range add {
			q := rgb[3*x : 3*x+3 : 3*x+3]
			low, high := -float32(max(q[0], q[1], q[2])), 255-float32(min(q[0], q[1], q[2]))
			add[x] = min(max(add[x]+a0*l.h[0][x]+a1*l.h[1][x], low), high)
		}
	}
}

// write rounds the finished block row i and counts its error.
func (s *pass) write(i int) {
	if i < 0 {
		return
	}
	for y := i * side; y < min((i+1)*side, s.h); y++ {
		l, out, sum := s.line(y), s.delta[y*s.w:(y+1)*s.w], 0
		for x, v := range l.add {
			d := int(min(max(v, math.MinInt8), math.MaxInt8)+128.5) - 128
			out[x] = int8(d)
			if !l.prone[x/cell] {
				sum += 3 * d * d
				continue
			}
			for _, o := range l.rgb[3*x : 3*x+3] {
				e := min(max(int(o)+d, 0), 255) - int(o)
				sum += e * e
			}
		}
		s.sse += float64(sum)
	}
}
