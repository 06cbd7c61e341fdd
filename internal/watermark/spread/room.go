package spread

import (
	"math/rand/v2"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

const (
	// roomArea is the area in canonical pixels from which a picture holds the mark
	// many times over, whatever it shows.
	roomArea = 400 * 400
	// roomNoise is the half width of the noise that the mark must stand: its
	// standard deviation, 2.9 levels, is that of a JPEG file of good quality.
	roomNoise = 5
)

// fits tells whether a picture of scale g has the canonical pixels to carry
// anything; the error says what it lacks.
func fits(w, h int, g float64) error {
	switch {
	case float64(min(w, h)) >= minSide*g && float64(w)*float64(h) >= minArea*g*g:
		return nil
	case min(w, h) >= minSide && w*h >= minArea:
		return watermark.ErrTooNarrow
	}
	return watermark.ErrTooSmall
}

// hasRoom tells whether the mark of a picture of few canonical pixels, a small
// one or a strip, can be read again from a slightly disturbed copy: a mark that
// nobody can read is only noise. luma is the picture's own at the size it is read
// at, which the trial overwrites.
func (t *Track) hasRoom(luma *dsp.Plane, pattern dsp.Pattern, gain float64, w, h int) bool {
	if luma.W*luma.H >= roomArea {
		return true
	}
	gain *= 0.299*float64(weight[0]) + 0.587*float64(weight[1]) + 0.114*float64(weight[2])
	added := reducedPattern(pattern, w, h, luma.W, luma.H)
	r := rand.New(rand.NewPCG(1, uint64(w)))
	for i, v := range luma.Pix {
		luma.Pix[i] = min(max(v+float32(gain)*added.Pix[i], 0), 255) + roomNoise*(2*r.Float32()-1)
	}
	s := newSearch(t)
	return s.readPlain(s.look(wholeOf(luma)))
}

// reducedPattern is a pattern over w × h pixels as a picture shows it that is
// reduced to rw × rh.
func reducedPattern(pattern dsp.Pattern, w, h, rw, rh int) *dsp.Plane {
	row := make([]float32, w)
	a := dsp.NewAreaShrinker(w, h, rw, rh)
	for y := range h {
		pattern(y, row)
		a.Push(row)
	}
	return a.Plane()
}
