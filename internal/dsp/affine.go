package dsp

import "math"

// Affine maps (x, y) to (A[0]x + A[1]y + A[2], A[3]x + A[4]y + A[5]).
type Affine [6]float64

// Apply maps one point.
func (a Affine) Apply(x, y float64) (float64, float64) {
	return a[0]*x + a[1]*y + a[2], a[3]*x + a[4]*y + a[5]
}

// Det returns the determinant of the linear part: negative mirrors.
func (a Affine) Det() float64 { return a[0]*a[4] - a[1]*a[3] }

// Mul returns the map that applies b first, then a.
func (a Affine) Mul(b Affine) Affine {
	x, y := a.Apply(b[2], b[5])
	return Affine{
		a[0]*b[0] + a[1]*b[3], a[0]*b[1] + a[1]*b[4], x,
		a[3]*b[0] + a[4]*b[3], a[3]*b[1] + a[4]*b[4], y,
	}
}

// Inverse returns the inverse map; its entries are not finite when Det is 0.
func (a Affine) Inverse() Affine {
	d := 1 / a.Det()
	b := Affine{a[4] * d, -a[1] * d, 0, -a[3] * d, a[0] * d, 0}
	x, y := b.Apply(a[2], a[5])
	b[2], b[5] = -x, -y
	return b
}

// Scale returns the square root of the area that the map gives a unit square.
func (a Affine) Scale() float64 { return math.Sqrt(math.Abs(a.Det())) }
