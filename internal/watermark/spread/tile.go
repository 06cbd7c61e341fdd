package spread

import (
	"encoding/binary"
	"math"
	"math/cmplx"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/polar"
)

// oversample is the number of tile samples for one canonical pixel.
const oversample = 8

const tileSide = period * oversample

// code is the polar code of every key.
var code = polar.New(codeLog, polar.Info104[:])

// The labels of the check bits: a picture's tile and its fine tile differ in
// nothing else, so that a reader knows from the payload which of them it read.
const (
	tileCheck = "certana/a/2/check"
	fineCheck = "certana/a/2/check/fine"
)

// word is the payload followed by its check bits: the first 40 bits of
// PRF(label, payload as 8 big-endian bytes).
func word(key watermark.Key, p watermark.Payload, label string) polar.Word {
	d := key.PRF(label, binary.BigEndian.AppendUint64(nil, uint64(p)))
	return polar.Word{uint64(p), binary.BigEndian.Uint64(d[:]) >> (64 - checkBits)}
}

// symbols returns the ±1 symbols of a payload, two for each code harmonic: bit
// 0 is +1, times the key's sign.
func (t *Track) symbols(p watermark.Payload, label string) []float32 {
	x := code.Encode(word(t.key, p, label))
	s := make([]float32, len(t.layout.sign))
	for i, sign := range t.layout.sign {
		s[i] = sign * float32(1-2*int(x[t.layout.place[i]]))
	}
	return s
}

// band returns the complex amplitude of every harmonic of the band, so that
// Σ 2·Re(a·exp(2πi(ux+vy)/period)) has a variance of 1: the pilots share 15% of
// it evenly, the code harmonics the rest.
func (t *Track) band(p watermark.Payload, label string) (hs []harmonic, as []complex128) {
	l := t.layout
	pilot := math.Sqrt(pilotShare / 2 / float64(len(l.pilots)))
	for k, h := range l.pilots {
		hs, as = append(hs, h), append(as, complex(pilot, 0)*l.phase[k])
	}
	part := math.Sqrt((1 - pilotShare) / 4 / float64(len(l.code)))
	s := t.symbols(p, label)
	for k, h := range l.code {
		hs = append(hs, h)
		as = append(as, complex(part*float64(s[2*k]), part*float64(s[2*k+1])))
	}
	return hs, as
}

// amplitudes returns the amplitudes that the mark of a picture of scale g
// consists of. From fineFrom on a fifth of its energy goes to the fine tile:
// the same band in pixels a third of the size, so that a small part of a large
// picture holds as much of the mark as a whole small one. Harmonics that both
// have are listed twice.
func (t *Track) amplitudes(p watermark.Payload, g float64) (hs []harmonic, as []complex128) {
	hs, as = t.band(p, tileCheck)
	if g < fineFrom {
		return hs, as
	}
	for k := range as {
		as[k] *= complex(math.Sqrt(1-fineShare), 0)
	}
	fh, fa := t.band(p, fineCheck)
	for k, h := range fh {
		// A fine pixel's position is 3x + 1 at the canonical x: pixel centres
		// are whole numbers in both.
		turn := cmplx.Rect(math.Sqrt(fineShare), 2*math.Pi*float64(h.u+h.v)/period)
		hs = append(hs, harmonic{fineRatio * h.u, fineRatio * h.v})
		as = append(as, fa[k]*turn)
	}
	return hs, as
}

// tile renders one period of the mark of a picture of scale g at eight samples
// a canonical pixel: sample (i, j) stands at the canonical position (i/8, j/8).
func (t *Track) tile(p watermark.Payload, g float64) *dsp.Plane {
	f := dsp.NewFFT(tileSide)
	x := make([]complex64, tileSide*tileSide)
	hs, as := t.amplitudes(p, g)
	for k, h := range hs {
		// The forward transform has a negative exponent: the frequency is
		// entered as −(u, v), once, and the real part of the sum doubled.
		u, v := -h.u&(tileSide-1), -h.v&(tileSide-1)
		x[v*tileSide+u] += complex64(2 * as[k])
	}
	return f.RealTransform2D(x)
}
