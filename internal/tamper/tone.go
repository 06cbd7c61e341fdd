package tamper

import (
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// A copy may be brighter, flatter, greyer or of another hue. Its colours are
// predicted from the reference's by polynomials in (Y, Cb, Cr), fitted by
// weighted least squares whose weights fall with the residual (Tukey), so that
// an altered part does not count. What the prediction drives out of the cube of
// R, G, B is clipped as an editor clips it.

const terms = 17

// monomials of a colour; y, cb, cr are scaled to about ±1.
func monomials(y, cb, cr float32) [terms]float64 {
	a, b, c := float64(y)/127.5-1, float64(cb)/128, float64(cr)/128
	return [terms]float64{1, a, b, c, a * a, a * a * a, a * b, a * c, a * a * b, a * a * c, b * b, c * c, b * c,
		b * b * b, b * b * c, b * c * c, c * c * c}
}

// tone predicts the probe's Y, Cb and Cr.
type tone [3][terms]float64

// sample is one place, at half resolution, of both pictures.
type sample struct {
	x      [terms]float64
	to     [3]float64
	prior  float64
	weight float64

	clipped bool // the prediction left the cube of R, G, B
}

// softly is p at half size and blurred: two pictures of different sharpness
// would otherwise seem to differ in contrast.
func softly(halfY *dsp.Plane, p ycc) ycc {
	const sigma = 0.7
	return ycc{dsp.GaussianBlur(halfY, sigma), dsp.GaussianBlur(p.cb, sigma), dsp.GaussianBlur(p.cr, sigma)}
}

// clippedNear is positive within 5 pixels of half size of a colour at the border
// of the cube of R, G, B, which has most likely been clipped. It is 0 everywhere
// when hardly a colour came to the border that was inside in the reference: what
// lies there then was so before.
func clippedNear(halfY, probeHalf *dsp.Plane, ref, probe ycc) *dsp.Plane {
	out := dsp.NewPlane(halfY.W, halfY.H)
	atBorder := func(y, cb, cr float32) bool {
		r, g, b := rgb(y, cb, cr)
		return min(r, g, b) < 3 || max(r, g, b) > 252
	}
	fresh := 0
	for i, y := range probeHalf.Pix {
		if atBorder(y, probe.cb.Pix[i], probe.cr.Pix[i]) {
			out.Pix[i] = 1
			if !atBorder(halfY.Pix[i], ref.cb.Pix[i], ref.cr.Pix[i]) {
				fresh++
			}
		}
	}
	if 50*fresh < len(out.Pix) {
		clear(out.Pix)
		return out
	}
	return dsp.BoxMean(out, 5, 5)
}

// fitTone fits the map from ref to probe, both softly and of the same size, over
// covered pixels. agreement is the local NCC of their luma, the first guess of
// what is unaltered; clipped is from clippedNear.
func fitTone(ref, probe ycc, agreement, clipped *dsp.Plane, covered []bool) (tone, bool) {
	var samples []sample
	w, h := ref.y.W, ref.y.H
	detail := energy(1, difference(ref.y, dsp.GaussianBlur(ref.y, 2)))
	step := max(1, int(math.Sqrt(float64(w*h)/6000)))
	for y := 0; y < h; y += step {
		for x := 0; x < w; x += step {
			i := y*w + x
			if !covered[i] {
				continue
			}
			s := sample{x: monomials(ref.y.Pix[i], ref.cb.Pix[i], ref.cr.Pix[i])}
			s.to = [3]float64{float64(probe.y.Pix[i]), float64(probe.cb.Pix[i]), float64(probe.cr.Pix[i])}
			s.prior = (0.1 + math.Pow(max(0, float64(agreement.Pix[i])), 2)) / (1 + float64(detail.Pix[i])/50)
			if clipped.Pix[i] > 1e-3 {
				s.prior *= 0.02
			}
			s.weight = s.prior
			samples = append(samples, s)
		}
	}
	if len(samples) < 10*terms {
		return tone{}, false
	}
	return iterateTone(samples)
}

func iterateTone(samples []sample) (t tone, ok bool) {
	errs := make([]float64, len(samples))
	for range 8 {
		if t, ok = solveTone(samples); !ok {
			return t, false
		}
		for i := range samples {
			s := &samples[i]
			p := t.apply(s.x)
			y, b, r := clip(float32(p[0]), float32(p[1]), float32(p[2]))
			s.clipped = math.Abs(float64(y)-p[0])+math.Abs(float64(b)-p[1])+math.Abs(float64(r)-p[2]) > 1
			e := [3]float64{float64(y) - s.to[0], float64(b) - s.to[1], float64(r) - s.to[2]}
			errs[i] = math.Sqrt(e[0]*e[0] + 2*(e[1]*e[1]+e[2]*e[2]))
		}
		cut := max(6, 4*weightedMedian(errs, samples))
		for i := range samples {
			s := &samples[i]
			s.weight = 0
			if r := errs[i] / cut; r < 1 && !s.clipped { // clipped colours teach nothing
				s.weight = s.prior * (1 - r*r) * (1 - r*r)
			}
		}
	}
	return t, true
}

// weightedMedian of errs by the samples' priors.
func weightedMedian(errs []float64, samples []sample) float64 {
	order := make([]int, len(errs))
	var total float64
	for i := range order {
		order[i] = i
		total += samples[i].prior
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case errs[a] < errs[b]:
			return -1
		case errs[a] > errs[b]:
			return 1
		}
		return 0
	})
	var sum float64
	for _, i := range order {
		if sum += samples[i].prior; sum >= total/2 {
			return errs[i]
		}
	}
	return 0
}

// apply is the prediction before clipping.
func (t *tone) apply(x [terms]float64) (p [3]float64) {
	for c := range p {
		for k, v := range x {
			p[c] += t[c][k] * v
		}
	}
	return p
}

// solveTone is ridge regression towards the identity.
func solveTone(samples []sample) (t tone, ok bool) {
	var m [terms][terms]float64
	var v [3][terms]float64
	var total float64
	for i := range samples {
		s := &samples[i]
		total += s.weight
		for j, a := range s.x {
			wa := s.weight * a
			for k := j; k < terms; k++ {
				m[j][k] += wa * s.x[k]
			}
			for c := range v {
				v[c][j] += wa * s.to[c]
			}
		}
	}
	identity := tone{{0: 127.5, 1: 127.5}, {2: 128}, {3: 128}}
	for j := range terms {
		ridge := 1e-5*total + 1e-9
		m[j][j] += ridge
		for c := range v {
			v[c][j] += ridge * identity[c][j]
		}
	}
	l, ok := cholesky(&m)
	if !ok {
		return t, false
	}
	for c := range v {
		t[c] = l.solve(v[c])
	}
	return t, true
}

type lower [terms][terms]float64

// cholesky factors the upper triangle of a symmetric matrix.
func cholesky(m *[terms][terms]float64) (l lower, ok bool) {
	for i := range terms {
		for j := 0; j <= i; j++ {
			s := m[j][i]
			for k := range j {
				s -= l[i][k] * l[j][k]
			}
			if i == j {
				if !(s > 0) {
					return l, false
				}
				l[i][i] = math.Sqrt(s)
			} else {
				l[i][j] = s / l[j][j]
			}
		}
	}
	return l, true
}

func (l *lower) solve(v [terms]float64) (z [terms]float64) {
	for i := range terms {
		s := v[i]
		for k := range i {
			s -= l[i][k] * z[k]
		}
		z[i] = s / l[i][i]
	}
	for i := terms - 1; i >= 0; i-- {
		s := z[i]
		for k := i + 1; k < terms; k++ {
			s -= l[k][i] * z[k]
		}
		z[i] = s / l[i][i]
	}
	return z
}

// cubic holds, for one chroma, the polynomials of the three predictions in the
// luma a = Y/127.5 − 1.
type cubic [3][4]float32

// at fixes the chroma of t.
func (t *tone) at(cb, cr float32) (q cubic) {
	b, c := float64(cb)/128, float64(cr)/128
	for i := range q {
		k := &t[i]
		q[i] = [4]float32{
			float32(k[0] + k[2]*b + k[3]*c + k[10]*b*b + k[11]*c*c + k[12]*b*c +
				k[13]*b*b*b + k[14]*b*b*c + k[15]*b*c*c + k[16]*c*c*c),
			float32(k[1] + k[6]*b + k[7]*c), float32(k[4] + k[8]*b + k[9]*c), float32(k[5]),
		}
	}
	return q
}

func (q *cubic) eval(y float32) (float32, float32, float32) {
	a := y/127.5 - 1
	return q[0][0] + a*(q[0][1]+a*(q[0][2]+a*q[0][3])),
		q[1][0] + a*(q[1][1]+a*(q[1][2]+a*q[1][3])),
		q[2][0] + a*(q[2][1]+a*(q[2][2]+a*q[2][3]))
}

// clipped is eval brought into the cube of R, G, B, less the way that the
// colour itself has to go there: a luma under a chroma of half the resolution
// may lie outside without ever having been clipped.
func (q *cubic) clipped(y, cb, cr float32) (float32, float32, float32) {
	l, b, r := clip(q.eval(y))
	ly, lb, lr := clip(y, cb, cr)
	return l + y - ly, b + cb - lb, r + cr - lr
}

// toned applies t to the whole picture, clipped to the cube of R, G, B.
func (t *tone) toned(p ycc) ycc {
	w := p.y.W
	out := ycc{dsp.NewPlane(w, p.y.H), dsp.NewPlane(p.cb.W, p.cb.H), dsp.NewPlane(p.cb.W, p.cb.H)}
	dsp.Strips(p.cb.H, func(lo, hi int) {
		for j := lo; j < hi; j++ {
			for i := range p.cb.W {
				k := j*p.cb.W + i
				cb, cr := p.cb.Pix[k], p.cr.Pix[k]
				q := t.at(cb, cr)
				var sb, sr, n float32
				for y := 2 * j; y < min(2*j+2, p.y.H); y++ {
					for x := 2 * i; x < min(2*i+2, w); x++ {
						l, b, r := q.clipped(p.y.Pix[y*w+x], cb, cr)
						out.y.Pix[y*w+x] = l
						sb, sr, n = sb+b, sr+r, n+1
					}
				}
				out.cb.Pix[k], out.cr.Pix[k] = sb/n, sr/n
			}
		}
	})
	return out
}

// clip brings a colour into the cube of R, G, B, each channel by itself.
func clip(y, cb, cr float32) (float32, float32, float32) {
	r, g, b := rgb(y, cb, cr)
	if min(r, g, b) >= 0 && max(r, g, b) <= 255 {
		return y, cb, cr
	}
	r, g, b = min(max(r, 0), 255), min(max(g, 0), 255), min(max(b, 0), 255)
	y = 0.299*r + 0.587*g + 0.114*b
	return y, (b - y) * 0.564, (r - y) * 0.713
}

func rgb(y, cb, cr float32) (r, g, b float32) {
	r, b = y+cr/0.713, y+cb/0.564
	return r, (y - 0.299*r - 0.114*b) / 0.587, b
}
