// Package align finds the geometry between a registered picture (the
// reference) and a received one (the probe): oriented binary features, robust
// registration, sub-pixel refinement. It is deterministic: the same planes give
// the same transform.
//
// Coordinates are those of package dsp: pixel centres are integers, x runs to
// the right, y down. A Homography maps reference pixels to probe pixels.
package align

import "math"

// Homography is a 3 × 3 projective map, row-major:
//
//	x' = (h0·x + h1·y + h2) / (h6·x + h7·y + h8)
//	y' = (h3·x + h4·y + h5) / (h6·x + h7·y + h8)
type Homography [9]float64

// Identity maps every point to itself.
func Identity() Homography { return Homography{1, 0, 0, 0, 1, 0, 0, 0, 1} }

// Apply maps one point. Points on the vanishing line map to infinities.
func (h Homography) Apply(x, y float64) (float64, float64) {
	w := h[6]*x + h[7]*y + h[8]
	return (h[0]*x + h[1]*y + h[2]) / w, (h[3]*x + h[4]*y + h[5]) / w
}

// Mul is the map that applies g first, then h.
func (h Homography) Mul(g Homography) (m Homography) {
	for i := range 3 {
		for j := range 3 {
			m[3*i+j] = h[3*i]*g[j] + h[3*i+1]*g[3+j] + h[3*i+2]*g[6+j]
		}
	}
	return m
}

// Invert returns the inverse map, normalised; ok is false when there is none.
func (h Homography) Invert() (inv Homography, ok bool) {
	a := h[4]*h[8] - h[5]*h[7]
	b := h[5]*h[6] - h[3]*h[8]
	c := h[3]*h[7] - h[4]*h[6]
	det := h[0]*a + h[1]*b + h[2]*c
	if det == 0 || math.IsNaN(det) || math.IsInf(det, 0) {
		return inv, false
	}
	inv = Homography{
		a, h[2]*h[7] - h[1]*h[8], h[1]*h[5] - h[2]*h[4],
		b, h[0]*h[8] - h[2]*h[6], h[2]*h[3] - h[0]*h[5],
		c, h[1]*h[6] - h[0]*h[7], h[0]*h[4] - h[1]*h[3],
	}
	for i := range inv {
		inv[i] /= det
	}
	return inv.Normalised(), true
}

// Normalised divides by the last element, unless that is 0.
func (h Homography) Normalised() Homography {
	if h[8] != 0 {
		for i := range h {
			h[i] /= h[8]
		}
		h[8] = 1
	}
	return h
}

// Resized maps pixels of a w0 × h0 picture to those of the same picture
// resampled to w1 × h1: edges fall on edges, x' = (x+½)·w1/w0 − ½.
func Resized(w0, h0, w1, h1 int) Homography {
	sx, sy := float64(w1)/float64(w0), float64(h1)/float64(h0)
	return Homography{sx, 0, (sx - 1) / 2, 0, sy, (sy - 1) / 2, 0, 0, 1}
}

// Jacobian returns the derivative of the map at (x, y):
// ∂x'/∂x, ∂x'/∂y, ∂y'/∂x, ∂y'/∂y.
func (h Homography) Jacobian(x, y float64) (a, b, c, d float64) {
	w := h[6]*x + h[7]*y + h[8]
	px, py := h.Apply(x, y)
	return (h[0] - px*h[6]) / w, (h[1] - px*h[7]) / w, (h[3] - py*h[6]) / w, (h[4] - py*h[7]) / w
}
