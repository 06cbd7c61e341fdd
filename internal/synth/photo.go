// Package synth makes photograph-like pictures with code, the same for the same
// seed: for the demonstration, the tests and the benchmarks, which may not ship
// other people's photographs. The model is dead leaves (overlapping opaque
// shapes with power-law radii, which gives the edges and the scale invariance
// of natural images: Lee, Mumford & Huang, "Occlusion models for natural
// images", IJCV 2001) filled with 1/f texture, lit by a slow field, seen
// through a soft lens and a slightly noisy sensor.
package synth

import (
	"image"
	"math"
	"math/rand/v2"
)

// scene is a picture under construction: three planes of linear light, about
// 0 (black) to 1 (white), w*h samples each.
type scene struct {
	w, h int
	rgb  [3][]float32
	rng  *rand.Rand
	tex  *pink // luminance texture
	hue  *pink // slow tint texture
	pal  palette
}

// Photo returns an opaque w × h picture (both at least 1) that depends on w, h
// and seed alone. Floating point may be contracted differently on another
// architecture, so pixels may differ by a level between architectures.
func Photo(w, h int, seed uint64) *image.NRGBA {
	rng := rand.New(rand.NewPCG(seed, 0x70686f746f))
	s := newScene(w, h, rng)
	s.ground()
	short := float64(min(w, h))
	s.leaves(leafLaw{rMin: short / 20, rMax: short / 1.8, cover: 1.1})
	s.soften(2, 0.25) // far leaves stand out of focus
	s.leaves(leafLaw{rMin: max(1.2, short/200), rMax: short / 3, cover: 1.4})
	s.light()
	s.soften(1, 0.10)
	return s.develop()
}

func newScene(w, h int, rng *rand.Rand) *scene {
	s := &scene{w: w, h: h, rng: rng, pal: newPalette(rng)}
	for c := range s.rgb {
		s.rgb[c] = make([]float32, w*h)
	}
	s.tex, s.hue = newPink(rng), newPink(rng)
	return s
}

// cast fills the scene with one colour under texture of relative contrast rough.
func (s *scene) cast(fill colour, rough float32) {
	for i := range s.w * s.h {
		n := max(1+rough*s.tex.at(i%s.w, i/s.w), 0.05)
		for c := range s.rgb {
			s.rgb[c][i] = fill[c] * n
		}
	}
}

// ground fills the scene with a vertical gradient and weak texture, as a sky or
// a wall is.
func (s *scene) ground() {
	top, bottom := s.pal.pick(s.rng), s.pal.pick(s.rng)
	for y := range s.h {
		t := float32(y) / float32(s.h)
		for x := range s.w {
			n := 1 + 0.06*s.tex.at(x, y)
			for c := range s.rgb {
				s.rgb[c][y*s.w+x] = (top[c]*(1-t) + bottom[c]*t) * n
			}
		}
	}
}

// light multiplies the scene by a slow field between about 0.6 and 1.4 and by
// the fall-off of a lens towards the corners.
func (s *scene) light() {
	ox, oy := s.rng.IntN(pinkSide), s.rng.IntN(pinkSide)
	long := float32(max(s.w, s.h))
	s.shade(func(x, y int) float32 {
		u, v := float32(x)/long, float32(y)/long
		f := 1 + 0.22*s.tex.slow(u*96+float32(ox), v*96+float32(oy))
		u, v = u-float32(s.w)/long/2, v-float32(s.h)/long/2
		return f * (1 - 0.35*(u*u+v*v))
	})
}

// shade multiplies every pixel by f(x, y).
func (s *scene) shade(f func(x, y int) float32) {
	for y := range s.h {
		for x := range s.w {
			k := f(x, y)
			for c := range s.rgb {
				s.rgb[c][y*s.w+x] *= k
			}
		}
	}
}

// soften blurs all planes n times with the kernel k, 1-2k, k in both directions
// (variance 2k each), repeating the border.
func (s *scene) soften(n int, k float32) {
	for c := range s.rgb {
		for range n {
			for y := range s.h {
				softenRow(s.rgb[c][y*s.w:(y+1)*s.w], k)
			}
			softenColumns(s.rgb[c], s.w, s.h, k)
		}
	}
}

func softenRow(row []float32, k float32) {
	before, last := row[0], len(row)-1
	for x, v := range row {
		row[x] = k*(before+row[min(x+1, last)]) + (1-2*k)*v
		before = v
	}
}

// softenColumns is softenRow down the columns, walked row by row.
func softenColumns(p []float32, w, h int, k float32) {
	above := make([]float32, w)
	copy(above, p[:w])
	for y := range h {
		row, below := p[y*w:(y+1)*w], p[min(y+1, h-1)*w:]
		for x, v := range row {
			row[x] = k*(above[x]+below[x]) + (1-2*k)*v
			above[x] = v
		}
	}
}

// develop adds shot and read noise, applies the tone curve of a camera and
// rounds to 8 bits.
func (s *scene) develop() *image.NRGBA {
	const levels = 4096
	var curve [levels + 1]float32
	for i := range curve {
		v := float64(i) / levels
		v = math.Pow(min(v, 1), 1/2.0)
		v += 0.09 * math.Sin(2*math.Pi*v) * (v - 1) // deeper shadows, soft highlights
		curve[i] = float32(255 * min(max(v, 0), 1))
	}
	out := image.NewNRGBA(image.Rect(0, 0, s.w, s.h))
	noise := newNoise(s.rng)
	for i := range s.w * s.h {
		for c := range s.rgb {
			v := s.rgb[c][i]
			v += noise.next() * (0.0015 + 0.010*sqrt32(max(v, 0)))
			k := int(min(max(v*0.9, 0), 1)*levels + 0.5)
			out.Pix[4*i+c] = uint8(curve[k] + 0.5)
		}
		out.Pix[4*i+3] = 255
	}
	return out
}

func sqrt32(v float32) float32 { return float32(math.Sqrt(float64(v))) }

// noise deals standard normal deviates from a table walked at random strides,
// several times faster than drawing each and white enough for a sensor.
type noise struct {
	table [1 << 14]float32
	rng   *rand.Rand
	bits  uint64
	left  int
}

func newNoise(rng *rand.Rand) *noise {
	n := &noise{rng: rng}
	for i := range n.table {
		n.table[i] = float32(rng.NormFloat64())
	}
	return n
}

func (n *noise) next() float32 {
	if n.left == 0 {
		n.bits, n.left = n.rng.Uint64(), 4
	}
	v := n.table[n.bits&(1<<14-1)]
	n.bits >>= 14
	n.left--
	return v
}
