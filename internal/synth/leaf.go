package synth

import "math"

// leafLaw says which leaves to scatter: radii in pixels with density r⁻³
// between rMin and rMax, until their areas sum to cover times the picture.
type leafLaw struct{ rMin, rMax, cover float64 }

// leaf is one opaque shape: a superellipse with half-axes a and b, turned by
// the direction (ux, uy), filled with a colour that is graded across it.
type leaf struct {
	x, y, a, b float32
	ux, uy     float32
	square     bool // exponent 4 instead of 2: a rounded box
	fill       colour
	grade      float32 // relative change of light from one end to the other
	rough      float32 // contrast of the texture inside
	tx, ty     int     // offset into the texture
}

// leaves scatters leaves over the scene, later ones over earlier ones.
func (s *scene) leaves(law leafLaw) {
	area := law.cover * float64(s.w*s.h)
	for area > 0 {
		l := s.newLeaf(law)
		s.paint(l)
		area -= math.Pi * float64(l.a*l.b)
	}
}

func (s *scene) newLeaf(law leafLaw) leaf {
	// The inverse of the cumulative distribution of r⁻³ on [rMin, rMax].
	lo, hi := 1/(law.rMin*law.rMin), 1/(law.rMax*law.rMax)
	r := 1 / math.Sqrt(hi+(lo-hi)*s.rng.Float64())
	turn, stretch := 2*math.Pi*s.rng.Float64(), math.Exp(0.5*s.rng.NormFloat64())
	stretch = min(max(stretch, 0.4), 2.5)
	return leaf{
		x: float32(s.rng.Float64() * float64(s.w)), y: float32(s.rng.Float64() * float64(s.h)),
		a: float32(r * math.Sqrt(stretch)), b: float32(r / math.Sqrt(stretch)),
		ux: float32(math.Cos(turn)), uy: float32(math.Sin(turn)),
		square: s.rng.IntN(3) == 0,
		fill:   s.pal.pick(s.rng),
		grade:  float32(0.3 * s.rng.NormFloat64()),
		rough:  float32(0.04 * math.Exp(1.9*s.rng.Float64())),
		tx:     s.rng.IntN(pinkSide), ty: s.rng.IntN(pinkSide),
	}
}

// paint draws one leaf with an edge that is one pixel soft.
func (s *scene) paint(l leaf) {
	reach := float64(max(l.a, l.b))*1.2 + 1
	if !l.square {
		reach = float64(max(l.a, l.b)) + 1
	}
	x0, x1 := clampSpan(float64(l.x), reach, s.w)
	y0, y1 := clampSpan(float64(l.y), reach, s.h)
	edge := min(l.a, l.b)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			dx, dy := float32(x)-l.x, float32(y)-l.y
			u, v := (dx*l.ux+dy*l.uy)/l.a, (dy*l.ux-dx*l.uy)/l.b
			cover := l.cover(u, v, edge)
			if cover <= 0 {
				continue
			}
			n := (1 + l.grade*u) * (1 + l.rough*s.tex.at(x+l.tx, y+l.ty))
			tint := 0.3 * l.rough * s.hue.at(x-l.ty, y+l.tx)
			i := y*s.w + x
			for c := range s.rgb {
				p := &s.rgb[c][i]
				*p += cover * (l.fill[c]*max(n+tint*float32(c-1), 0.02) - *p)
			}
		}
	}
}

// cover tells how much of the pixel at (u, v), in half-axes, the leaf covers;
// edge is the shorter half-axis in pixels.
func (l *leaf) cover(u, v, edge float32) float32 {
	q := u*u + v*v
	if l.square {
		q = sqrt32(u*u*u*u + v*v*v*v)
	}
	// sqrt(q) is 1 on the rim; (1-q)/2 is 1-sqrt(q) to first order there.
	return min((1-q)/2*edge+0.5, 1)
}

// clampSpan returns the pixels [a, b) of [0, n) within reach of centre.
func clampSpan(centre, reach float64, n int) (a, b int) {
	return max(0, int(math.Floor(centre-reach))), min(n, int(math.Ceil(centre+reach))+1)
}
