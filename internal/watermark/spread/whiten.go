package spread

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

const (
	highpassSigma = 3.0
	localSigma    = 2.5
	clipAt        = 2.5 // local standard deviations
)

// residual is a picture less its Gaussian mean (σ = 3), and the local mean of
// its square under another (σ = 2.5) at half size: what is left to suppress
// the host with.
type residual struct {
	r        *dsp.Plane
	variance *dsp.Plane // half size
}

// residualOf works at half size where nothing finer is needed: the blurred
// picture and the variance are taken from, and read back to, 2×2 means.
func residualOf(y *dsp.Plane) residual {
	low := dsp.GaussianBlur(dsp.Halve(y), dsp.HalfSigma(highpassSigma))
	r := dsp.NewPlane(y.W, y.H)
	power := dsp.NewPlane(low.W, low.H)
	dsp.Strips(low.H, func(lo, hi int) {
		tmp, sq0, sq1 := make([]float32, low.W), make([]float32, 2*low.W), make([]float32, 2*low.W)
		for v := lo; v < hi; v++ {
			subtractBlur(r, y, low, 2*v, tmp, sq0)
			if 2*v+1 < y.H {
				subtractBlur(r, y, low, 2*v+1, tmp, sq1)
			} else {
				copy(sq1, sq0)
			}
			dst := power.Row(v)
			for x := range dst {
				dst[x] = 0.25 * (sq0[2*x] + sq0[2*x+1] + sq1[2*x] + sq1[2*x+1])
			}
		}
	})
	return residual{r, dsp.GaussianBlur(power, dsp.HalfSigma(localSigma))}
}

// subtractBlur writes row v of y less the blur to r and its squares to sq,
// whose last entry repeats when the width is odd.
func subtractBlur(r, y, low *dsp.Plane, v int, tmp, sq []float32) {
	dst, src := r.Row(v), y.Row(v)
	dsp.UpsampleRow(low, v, dst, tmp)
	s := sq[:len(dst)]
	for x, b := range dst {
		d := src[x] - b
		dst[x] = d
		s[x] = d * d
	}
	if len(dst)&1 == 1 {
		sq[len(dst)] = sq[len(dst)-1]
	}
}

// suppression is one way of taming the host: samples are clipped at clipAt
// local standard deviations s (plus floor) and weighted by (4/s)^exponent,
// between the matched filter for a mark of constant strength and for one that
// follows the texture.
type suppression struct{ floor, exponent float64 }

// suppressions are tried in turn: the first is better on clean copies, the
// second after strong compression.
var suppressions = [2]suppression{{1, 0.6}, {2.5, 0.2}}

// whiten returns clip(r/s, ±2.5)·(4/s)^exponent, s = sqrt(variance) + floor.
func (q residual) whiten(sup suppression) *dsp.Plane {
	scale, limit := dsp.NewPlane(q.variance.W, q.variance.H), dsp.NewPlane(q.variance.W, q.variance.H)
	table := sup.table()
	for i, v := range q.variance.Pix {
		s := float32(math.Sqrt(float64(max(v, 0)))) + float32(sup.floor)
		g := table.at(s)
		scale.Pix[i] = g / s
		limit.Pix[i] = g * clipAt
	}
	out := dsp.NewPlane(q.r.W, q.r.H)
	dsp.Strips(out.H, func(lo, hi int) {
		tmp, k, top := make([]float32, scale.W), make([]float32, out.W), make([]float32, out.W)
		for y := lo; y < hi; y++ {
			dsp.UpsampleRow(scale, y, k, tmp)
			dsp.UpsampleRow(limit, y, top, tmp)
			dst, src := out.Row(y), q.r.Row(y)
			k, top := k[:len(dst)], top[:len(dst)]
			for x, v := range src[:len(dst)] {
				dst[x] = max(min(v*k[x], top[x]), -top[x])
			}
		}
	})
	return out
}

// gainTable is (4/s)^exponent over s in [0, 512) at steps of 1/16, read
// linearly: s is at least 1, where the curve is straight within 0.1%.
type gainTable [512*16 + 1]float32

func (sup suppression) table() *gainTable { return gainTables[sup] }

var gainTables = func() map[suppression]*gainTable {
	m := map[suppression]*gainTable{}
	for _, sup := range suppressions {
		t := new(gainTable)
		for i := range t {
			t[i] = float32(math.Pow(4/(float64(max(i, 1))/16), sup.exponent))
		}
		m[sup] = t
	}
	return m
}()

func (t *gainTable) at(s float32) float32 {
	v := min(s*16, 512*16-1)
	i := int(v)
	return t[i] + (v-float32(i))*(t[i+1]-t[i])
}
