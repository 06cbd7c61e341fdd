package fragile

import "math"

// straightLoss is the share of the score that pixels on pixels may cost.
const straightLoss = 0.98

// straightened is the map that puts pixels on pixels next to m, k real ones for one
// of the mark; ok is false when there is none within a pixel and a half.
func (f *fitting) straightened(m Projection, k float64) (out Projection, ok bool) {
	x0, y0, x1, y1, ok := f.seen(m)
	if !ok {
		return out, false
	}
	x, y := math.Round((x0+x1)/2), math.Round((y0+y1)/2)
	cx, cy := m.Apply(x, y)
	dx, dy := m.Apply(x+1, y)
	ex, ey := m.Apply(x, y+1)
	a, b := math.Round((dx-cx)/k), math.Round((ex-cx)/k)
	c, d := math.Round((dy-cy)/k), math.Round((ey-cy)/k)
	if math.Abs(a*d-b*c) != 1 || a*b != 0 {
		return out, false
	}
	// A pixel of the mark is centred (k−1)/2 from the first of its real ones.
	half := (k - 1) / 2
	tx := math.Round(cx-k*(a*x+b*y)-(a+b)*half) + (a+b)*half
	ty := math.Round(cy-k*(c*x+d*y)-(c+d)*half) + (c+d)*half
	out = Projection{k * a, k * b, tx, k * c, k * d, ty, 0, 0, 1}
	for _, p := range [4][2]float64{{x0, y0}, {x1, y0}, {x0, y1}, {x1, y1}} {
		u, v := m.Apply(p[0], p[1])
		s, t := out.Apply(p[0], p[1])
		if math.Hypot(u-s, v-t) > 1.5*k {
			return out, false
		}
	}
	return out, true
}
