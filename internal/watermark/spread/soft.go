package spread

import (
	"math"
	"math/cmplx"

	"github.com/certana/certana/internal/watermark"
)

const (
	listSize    = 32
	llrLimit    = 30
	radiusReach = 20 // harmonics on either side, by radius, whose strength is averaged
)

// llrs returns the log-likelihood ratio of every codeword bit, 0 for the
// punctured ones. The strength of the mark at a radius is the running mean of
// |v|² − noise over 41 harmonics.
func (f *finder) llrs(s *spectrum, at pose) []float32 {
	l := f.layout
	n := len(l.code)
	values, noise, excess := make([]complex128, n), make([]float64, n), make([]float64, n)
	back := at.turn.transposed()
	for k, h := range l.code {
		v, q := s.at(back.apply(h.u, h.v))
		angle := 2 * math.Pi / period * (float64(h.u)*at.shift[0] + float64(h.v)*at.shift[1])
		values[k] = complex128(v) * cmplx.Rect(at.ring.sign(h), angle)
		noise[k] = float64(q)
		excess[k] = float64(real(v)*real(v)+imag(v)*imag(v)) - noise[k]
	}
	power := runningMean(excess, radiusReach)
	top := 0.0
	for _, p := range power {
		top = max(top, p)
	}
	out := make([]float32, 1<<codeLog)
	for k, v := range values {
		// The two symbols of a harmonic share its amplitude, 1/√2 each, in
		// noise of half the power each.
		g := 2 * math.Sqrt2 * math.Sqrt(max(power[k], 0.02*top, 1e-12)) / noise[k]
		out[l.place[2*k]] = limit(g*real(v)) * l.sign[2*k]
		out[l.place[2*k+1]] = limit(g*imag(v)) * l.sign[2*k+1]
	}
	return out
}

func limit(v float64) float32 { return float32(min(max(v, -llrLimit), llrLimit)) }

// runningMean averages ±reach neighbours, mirrored about the end samples.
func runningMean(v []float64, reach int) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		sum := 0.0
		for d := -reach; d <= reach; d++ {
			j := i + d
			if j < 0 {
				j = -j
			}
			if j >= len(v) {
				j = 2*len(v) - 2 - j
			}
			sum += v[j]
		}
		out[i] = sum / float64(2*reach+1)
	}
	return out
}

// read decodes a spectrum at a pose and accepts the first path whose 40 check
// bits agree with those of the tile or of the fine tile.
func (t *Track) read(s *spectrum, at pose) (p watermark.Payload, fine, ok bool) {
	if s.blank() {
		return 0, false, false
	}
	for _, w := range code.Decode(t.finder.llrs(s, at), listSize) {
		p := watermark.Payload(w[0])
		if w == word(t.key, p, tileCheck) {
			return p, false, true
		}
		if w == word(t.key, p, fineCheck) {
			return p, true, true
		}
	}
	return 0, false, false
}
