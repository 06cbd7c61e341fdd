package align

import "math"

// spot is a correspondence: (x, y) of ref lies at (u, v) of probe, with a
// weight and a tolerance in probe pixels.
type spot struct{ x, y, u, v, weight, tolerance float64 }

// similarity maps two spots exactly: a turn, a scale, a shift; mirrored turns
// the picture over first. ok is false when the spots coincide.
func similarity(a, b spot, mirrored bool) (h Homography, ok bool) {
	s := 1.0
	if mirrored {
		s = -1
	}
	dx, dy := s*(b.x-a.x), b.y-a.y
	du, dv := b.u-a.u, b.v-a.v
	n := dx*dx + dy*dy
	if n == 0 {
		return h, false
	}
	c, d := (du*dx+dv*dy)/n, (dv*dx-du*dy)/n
	h = Homography{s * c, -d, 0, s * d, c, 0, 0, 0, 1}
	x, y := h.Apply(a.x, a.y)
	h[2], h[5] = a.u-x, a.v-y
	return h, true
}

// frame is the change of coordinates that centres points and brings their
// spread to 1, for the sake of the normal equations.
type frame struct{ cx, cy, s float64 }

func (f frame) to() Homography {
	return Homography{1 / f.s, 0, -f.cx / f.s, 0, 1 / f.s, -f.cy / f.s, 0, 0, 1}
}

func (f frame) from() Homography { return Homography{f.s, 0, f.cx, 0, f.s, f.cy, 0, 0, 1} }

// frames returns those of the two sides.
func frames(spots []spot) (a, b frame) {
	var n float64
	for _, p := range spots {
		a.cx, a.cy = a.cx+p.weight*p.x, a.cy+p.weight*p.y
		b.cx, b.cy = b.cx+p.weight*p.u, b.cy+p.weight*p.v
		n += p.weight
	}
	a.cx, a.cy, b.cx, b.cy = a.cx/n, a.cy/n, b.cx/n, b.cy/n
	for _, p := range spots {
		a.s += p.weight * (sq(p.x-a.cx) + sq(p.y-a.cy))
		b.s += p.weight * (sq(p.u-b.cx) + sq(p.v-b.cy))
	}
	a.s, b.s = math.Sqrt(a.s/n)+1e-9, math.Sqrt(b.s/n)+1e-9
	return a, b
}

func sq(v float64) float64 { return v * v }

// fit is the weighted least-squares map of the spots: a homography, or without
// perspective an affine map. The perspective is held towards 0 by a small prior
// so that few or clustered spots do not bend it. ok is false when the spots do
// not determine a map.
func fit(spots []spot, perspective bool) (h Homography, ok bool) {
	a, b := frames(spots)
	if len(spots) < 4 || math.IsNaN(a.s) || math.IsNaN(b.s) {
		return h, false
	}
	n := 6
	if perspective {
		n = 8
	}
	var m [8][9]float64
	var total float64
	for _, p := range spots {
		x, y := (p.x-a.cx)/a.s, (p.y-a.cy)/a.s
		u, v := (p.u-b.cx)/b.s, (p.v-b.cy)/b.s
		accumulate(&m, [9]float64{x, y, 1, 0, 0, 0, -u * x, -u * y, u}, p.weight, n)
		accumulate(&m, [9]float64{0, 0, 0, x, y, 1, -v * x, -v * y, v}, p.weight, n)
		total += p.weight
	}
	for i := 6; i < n; i++ {
		m[i][i] += 0.002 * total
	}
	z, ok := solve(&m, n)
	if !ok {
		return h, false
	}
	h = Homography{z[0], z[1], z[2], z[3], z[4], z[5], z[6], z[7], 1}
	return b.from().Mul(h).Mul(a.to()).Normalised(), true
}

// accumulate adds the equation e[:n]·z = e[8] to the normal equations.
func accumulate(m *[8][9]float64, e [9]float64, weight float64, n int) {
	for i := range n {
		w := weight * e[i]
		for j := i; j < n; j++ {
			m[i][j] += w * e[j]
		}
		m[i][8] += w * e[8]
	}
}

// solve is Cholesky's method on the upper triangle of the n × n normal
// equations; ok is false when they are singular.
func solve(m *[8][9]float64, n int) (z [8]float64, ok bool) {
	var l [8][8]float64
	for i := range n {
		for j := 0; j <= i; j++ {
			s := m[j][i]
			for k := range j {
				s -= l[i][k] * l[j][k]
			}
			if i != j {
				l[i][j] = s / l[j][j]
				continue
			}
			if !(s > 1e-12*m[i][i]) {
				return z, false
			}
			l[i][i] = math.Sqrt(s)
		}
	}
	for i := range n {
		s := m[i][8]
		for k := range i {
			s -= l[i][k] * z[k]
		}
		z[i] = s / l[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		s := z[i]
		for k := i + 1; k < n; k++ {
			s -= l[k][i] * z[k]
		}
		z[i] = s / l[i][i]
	}
	return z, true
}
