package fragile

import (
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// hit is the place at which a window of the mark fits best: its centre, and how
// far from the map its pixels are, in pixels of the mark.
type hit struct {
	x, y   float64
	dx, dy float64
	z      float64 // deviations
}

// probed is what windows say of a map.
type probed struct {
	m     Projection
	hits  []hit // those that fit
	score float64
}

// probe looks at windows of what is in view of a map.
func (f *fitting) probe(m Projection, r pace) probed {
	out := probed{m: m}
	x0, y0, x1, y1, ok := f.seen(m)
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, float64(f.w)), min(y1, float64(f.h))
	if !ok || x1-x0 < 2*side || y1-y0 < 2*side {
		return out
	}
	l := f.source.look(m, (x0+x1)/2, (y0+y1)/2)
	xs, ys := windows(x0, x1, r.windows), windows(y0, y1, r.windows)
	together, apart := make([]float64, r.tries()), 0.0
	for _, y := range ys {
		for _, x := range xs {
			z := f.shifts(&l, x, y, r)
			for i, v := range z {
				together[i] += v
			}
			if h := r.top(z); h.z >= leastWindow {
				h.x, h.y = float64(x)+windowSide/2, float64(y)+windowSide/2
				out.hits = append(out.hits, h)
				apart += h.z
			}
		}
	}
	out.score = max(apart, slices.Max(together)) / math.Sqrt(float64(len(xs)*len(ys)))
	return out
}

// windows are the starts of at most n windows side by side between lo and hi.
func windows(lo, hi float64, n int) (starts []int) {
	room := hi - lo - windowSide
	n = max(1, min(n, int((hi-lo)/windowSide)))
	for i := range n {
		at := lo
		if room > 0 {
			at += room * (float64(i) + 0.5) / float64(n)
		}
		starts = append(starts, int(at))
	}
	return starts
}

// tries is the number of shifts.
func (r pace) tries() int { return r.side() * r.side() }

func (r pace) side() int { return 2*int(math.Round(r.reach/r.step)) + 1 }

// shift is the i-th shift.
func (r pace) shift(i int) (dx, dy float64) {
	n := r.side()
	return float64(i%n-n/2) * r.step, float64(i/n-n/2) * r.step
}

// shifts says how well a window agrees at every shift, in deviations.
func (f *fitting) shifts(l *lens, x, y int, r pace) []float64 {
	s := f.track.Sample(f.payload, f.w, f.h, x, y, x+windowSide, y+windowSide, windowBlocks)
	z := make([]float64, r.tries())
	for i := range z {
		dx, dy := r.shift(i)
		z[i] = s.Score(func(bx, by int, block *[side * side]float32) bool {
			return l.block(float64(bx)+dx, float64(by)+dy, block)
		})
	}
	return z
}

// top is the shift at which a window agrees best, between the steps.
func (r pace) top(z []float64) hit {
	best := 0
	for i, v := range z {
		if v > z[best] {
			best = i
		}
	}
	n := r.side()
	h := hit{z: z[best]}
	h.dx, h.dy = r.shift(best)
	if i := best % n; i > 0 && i < n-1 {
		h.dx += r.step * vertex(z[best-1], z[best], z[best+1])
	}
	if j := best / n; j > 0 && j < n-1 {
		h.dy += r.step * vertex(z[best-n], z[best], z[best+n])
	}
	return h
}

// vertex is where the parabola through three values, at −1, 0 and 1, is highest.
func vertex(a, b, c float64) float64 {
	d := a - 2*b + c
	if d >= 0 {
		return 0
	}
	return min(max((a-c)/(2*d), -0.5), 0.5)
}

// corrected moves the map by the affine shift that the windows agree on.
func (p probed) corrected() Projection {
	hits := p.hits
	var d dsp.Affine
	for range 3 {
		d = shiftOf(hits)
		var kept []hit
		for _, h := range p.hits {
			x, y := d.Apply(h.x, h.y)
			if math.Hypot(h.dx-x, h.dy-y) < outlier {
				kept = append(kept, h)
			}
		}
		if len(kept) < 3 || len(kept) == len(hits) {
			break
		}
		hits = kept
	}
	d[0]++
	d[4]++
	return p.m.after(d)
}

// outlier is how far from the common shift a window is not asked, in pixels.
const outlier = 0.6

// shiftOf fits shifts that are affine in the place, weighted by how sure they
// are. Slopes that the windows cannot tell, few or in a line, stay near 0.
func shiftOf(hits []hit) (d dsp.Affine) {
	if len(hits) == 0 {
		return d
	}
	var sw, cx, cy, spread float64
	for _, h := range hits {
		w := h.z * h.z
		sw, cx, cy = sw+w, cx+w*h.x, cy+w*h.y
	}
	cx, cy = cx/sw, cy/sw
	for _, h := range hits {
		spread += h.z * h.z * ((h.x-cx)*(h.x-cx) + (h.y-cy)*(h.y-cy))
	}
	// Two unknown slopes for each coordinate, about the weighted centre.
	ridge := 0.01*spread + 64*64*sw/100
	sxx, syy, sxy := ridge, ridge, 0.0
	var sx, sy [3]float64 // Σ w·(x, y, 1)·(dx, dy)
	for _, h := range hits {
		w, x, y := h.z*h.z, h.x-cx, h.y-cy
		sxx, syy, sxy = sxx+w*x*x, syy+w*y*y, sxy+w*x*y
		sx[0], sx[1], sx[2] = sx[0]+w*x*h.dx, sx[1]+w*y*h.dx, sx[2]+w*h.dx
		sy[0], sy[1], sy[2] = sy[0]+w*x*h.dy, sy[1]+w*y*h.dy, sy[2]+w*h.dy
	}
	det := sxx*syy - sxy*sxy
	slope := func(s [3]float64) (a, b, c float64) {
		a, b = (s[0]*syy-s[1]*sxy)/det, (s[1]*sxx-s[0]*sxy)/det
		return a, b, s[2]/sw - a*cx - b*cy
	}
	d[0], d[1], d[2] = slope(sx)
	d[3], d[4], d[5] = slope(sy)
	return d
}

// Inverse is the inverse map; ok is false when there is none.
func (m Projection) Inverse() (inv Projection, ok bool) {
	inv = Projection{
		m[4]*m[8] - m[5]*m[7], m[2]*m[7] - m[1]*m[8], m[1]*m[5] - m[2]*m[4],
		m[5]*m[6] - m[3]*m[8], m[0]*m[8] - m[2]*m[6], m[2]*m[3] - m[0]*m[5],
		m[3]*m[7] - m[4]*m[6], m[1]*m[6] - m[0]*m[7], m[0]*m[4] - m[1]*m[3],
	}
	det := m[0]*inv[0] + m[1]*inv[3] + m[2]*inv[6]
	if det == 0 || math.IsNaN(det) || math.IsInf(det, 0) {
		return inv, false
	}
	for i := range inv {
		inv[i] /= det
	}
	return inv, true
}
