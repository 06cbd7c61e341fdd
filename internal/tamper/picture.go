package tamper

import (
	"math"

	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/dsp"
)

// ycc is a picture as Y (0 to 255) and, at half its size, Cb and Cr (about −128
// to 128), as JPEG defines them.
type ycc struct{ y, cb, cr *dsp.Plane }

// planes returns the picture reduced to w × h by area averaging.
func (p Picture) planes(w, h int) ycc {
	y, cb, cr := dsp.NewPlane(p.W, p.H), dsp.NewPlane(p.W, p.H), dsp.NewPlane(p.W, p.H)
	dsp.Strips(p.H, func(lo, hi int) {
		for i := lo * p.W; i < hi*p.W; i++ {
			r, g, b := float32(p.Pix[3*i]), float32(p.Pix[3*i+1]), float32(p.Pix[3*i+2])
			l := 0.299*r + 0.587*g + 0.114*b
			y.Pix[i] = l
			cb.Pix[i] = (b - l) * 0.564
			cr.Pix[i] = (r - l) * 0.713
		}
	})
	if w != p.W || h != p.H {
		y, cb, cr = dsp.ResizeArea(y, w, h), dsp.ResizeArea(cb, w, h), dsp.ResizeArea(cr, w, h)
	}
	return ycc{y, dsp.Halve(cb), dsp.Halve(cr)}
}

// edge is how far, in pixels, the border of the reference is kept away from where
// it runs through the probe: blurs and resamplings mix the two sides.
const edge = 4

// warped brings ref into the geometry of a w × t probe by bicubic interpolation,
// h maps ref to probe. covered tells which probe pixels the reference shows.
func (p ycc) warped(h align.Homography, w, t int) (out ycc, covered []bool, ok bool) {
	inv, ok := h.Invert()
	if !ok {
		return out, nil, false
	}
	a, b, c, d := inv.Jacobian(float64(w-1)/2, float64(t-1)/2)
	scale := math.Sqrt(math.Abs(a*d - b*c))
	covered = make([]bool, w*t)
	out.y = dsp.WarpMap(p.y, positions(inv), scale, w, t)
	half := align.Resized(p.y.W, p.y.H, p.cb.W, p.cb.H).Mul(inv).Mul(align.Resized((w+1)/2, (t+1)/2, w, t))
	out.cb = dsp.WarpMap(p.cb, positions(half), scale, (w+1)/2, (t+1)/2)
	out.cr = dsp.WarpMap(p.cr, positions(half), scale, (w+1)/2, (t+1)/2)
	outside := dsp.NewPlane(w, t)
	dsp.Strips(t, func(lo, hi int) {
		for v := lo; v < hi; v++ {
			for u := range w {
				x, y := inv.Apply(float64(u), float64(v))
				if !(x > -0.75 && y > -0.75 && x < float64(p.y.W)-0.25 && y < float64(p.y.H)-0.25) {
					outside.Set(u, v, 1)
				}
			}
		}
	})
	for i, v := range dsp.BoxMean(outside, edge, edge).Pix {
		covered[i] = v < 1e-3/((2*edge+1)*(2*edge+1))
	}
	return out, covered, true
}

// positions is inv as a map of rows.
func positions(inv align.Homography) dsp.Map {
	return func(y int, xs, ys []float32) {
		for x := range xs {
			a, b := inv.Apply(float64(x), float64(y))
			xs[x], ys[x] = float32(a), float32(b)
		}
	}
}
