package spread

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

// maxFrameArea bounds the canonical planes that a candidate geometry may ask
// for.
const maxFrameArea = 2_200_000

// frame is a canonical plane over the picture: sample x of its w × h samples
// is read at toPicture(x).
type frame struct {
	toPicture dsp.Affine
	w, h      int
}

// frameOf encloses a picture of w × h samples under a linear map from
// canonical to picture; ok is false when the plane would be too large or
// empty.
func frameOf(a matrix, w, h int) (f frame, ok bool) {
	inv := dsp.Affine{a[0], a[1], 0, a[2], a[3], 0}.Inverse()
	loX, loY, hiX, hiY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range [4][2]float64{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		x, y := inv.Apply(c[0]*float64(w)-0.5, c[1]*float64(h)-0.5)
		loX, loY, hiX, hiY = min(loX, x), min(loY, y), max(hiX, x), max(hiY, y)
	}
	fw, fh := math.Ceil(hiX-loX), math.Ceil(hiY-loY)
	if !(fw >= 16 && fh >= 16 && fw*fh <= maxFrameArea) {
		return frame{}, false
	}
	m := dsp.Affine{a[0], a[1], 0, a[2], a[3], 0}
	m[2], m[5] = m.Apply(loX+0.5, loY+0.5)
	return frame{m, int(fw), int(fh)}, true
}

// straight is the frame's map without any bend.
func (f frame) straight() dsp.Map {
	m := f.toPicture
	return func(y int, xs, ys []float32) {
		x0, y0 := m.Apply(0, float64(y))
		for x := range xs {
			xs[x] = float32(x0 + m[0]*float64(x))
			ys[x] = float32(y0 + m[3]*float64(x))
		}
	}
}

// read warps the picture into the frame and returns the residual with, row by
// row, the samples that lie inside the picture by two canonical pixels.
func (f frame) read(y *dsp.Plane, m dsp.Map) (residual, span) {
	a := f.toPicture
	mx, my := float32(2*(math.Abs(a[0])+math.Abs(a[1]))), float32(2*(math.Abs(a[3])+math.Abs(a[4])))
	maxX, maxY := float32(y.W)-0.5-mx, float32(y.H)-0.5-my
	mx, my = mx-0.5, my-0.5
	from, to := make([]int, f.h), make([]int, f.h)
	z := dsp.WarpMap(y, func(v int, xs, ys []float32) {
		m(v, xs, ys)
		inside := func(x int) bool { return xs[x] >= mx && ys[x] >= my && xs[x] <= maxX && ys[x] <= maxY }
		lo, hi := 0, f.w
		for lo < hi && !inside(lo) {
			lo++
		}
		for hi > lo && !inside(hi-1) {
			hi--
		}
		from[v], to[v] = lo, hi
	}, a.Scale(), f.w, f.h)
	return residualOf(z), func(v int) (int, int) { return from[v], to[v] }
}

// middle is the frame's middle 60% both ways, where a bent picture is nearest to
// straight; its first sample is (dx, dy) of the frame.
func (f frame) middle() (m frame, dx, dy int) {
	dx, dy = f.w/5, f.h/5
	at := f.toPicture.Mul(dsp.Affine{1, 0, float64(dx), 0, 1, float64(dy)})
	return frame{at, f.w - 2*dx, f.h - 2*dy}, dx, dy
}
