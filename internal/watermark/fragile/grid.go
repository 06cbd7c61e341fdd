package fragile

import "math"

// side is the side of a block and cell the side of a map cell, in pixels.
const (
	side = 8
	cell = 4
)

// minSide is the least width and height that carries the track: 64 blocks of
// grid A and 49 of grid B, of which a fit and a p-value can still be had.
const minSide = 64

// fewestBlocks of each grid must be in view.
const fewestBlocks = 49

// markedSide is the long side that large pictures are marked at, about.
const markedSide = 2048

// Scale returns the side, in real pixels, of a pixel of the mark in a picture of
// w × h: 1 up to a long side of 3071.
func Scale(w, h int) int { return max(1, (max(w, h)+markedSide/2)/markedSide) }

// MarkedSize returns the size of a picture of w × h in pixels of the mark, each
// the mean of Scale × Scale real ones; what is left over at the right and at the
// bottom carries nothing.
func MarkedSize(w, h int) (mw, mh int) {
	k := Scale(w, h)
	return w / k, h / k
}

// stepScales are the factors of the lattice step that Embed tries, in order.
var stepScales = [...]float64{1, 0.96, 0.92, 0.88, 0.84, 0.80, 0.76}

// baseStep is the lattice step at 45 dB and scale 1. Coefficients are moved only
// the share pull of their way to the lattice: what is left is less of a loss to
// the reader than what the wider step gains it against noise (the scalar Costa
// scheme: Eggers, Bäuml, Tzschoppe & Girod, IEEE Trans. Signal Process. 2003).
// Four coefficients for 64 pixels with a uniform error then make a mean squared
// error of (pull·Δ)²/192, to which rounding adds 1/12.
const (
	baseStep = 22.7
	pull     = 0.85
)

func steps(psnr float64) (s [len(stepScales)]float32) {
	for i, f := range stepScales {
		s[i] = float32(baseStep * math.Pow(10, (45-psnr)/20) * f)
	}
	return s
}

// grid is one lattice of blocks: its offset in x and y, its one vertical
// frequency and its two horizontal ones. A basis function of a block is
// v[y]·h[k][x], with unit norm.
type grid struct {
	offset int
	v      [side]float32
	h      [2][side]float32
}

// grids are A and B. A is constant down a column, and over each half of its
// height B's column sums to zero, so that every basis function of the one is
// orthogonal to every one of the other: drawing one grid leaves the other.
var grids = [2]grid{newGrid(0, 0, 1, 2), newGrid(4, 2, 0, 1)}

func newGrid(offset, v, h0, h1 int) grid {
	return grid{offset: offset, v: cosine(v), h: [2][side]float32{cosine(h0), cosine(h1)}}
}

// cosine returns the orthonormal DCT-II basis vector of frequency k.
func cosine(k int) (c [side]float32) {
	norm := math.Sqrt(2.0 / side)
	if k == 0 {
		norm = math.Sqrt(1.0 / side)
	}
	for n := range c {
		c[n] = float32(norm * math.Cos(math.Pi*float64((2*n+1)*k)/(2*side)))
	}
	return c
}

// blocks returns how many whole blocks lie side by side in n pixels.
func (g *grid) blocks(n int) int { return max(0, (n-g.offset)/side) }

// project returns the two coefficients of a block whose rows were already
// summed with weights v: acc has 8 samples.
func (g *grid) project(acc []float32) (c [2]float32) {
	acc = acc[:side]
	for x, a := range acc {
		c[0] += a * g.h[0][x]
		c[1] += a * g.h[1][x]
	}
	return c
}
