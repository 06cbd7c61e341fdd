package spread

import (
	"math/rand/v2"

	"github.com/certana/certana/internal/dsp"
)

const (
	// roomArea is the area in pixels from which a picture holds the mark many
	// times over, whatever it shows.
	roomArea = 400 * 400
	// roomNoise is the half width of the noise that the mark must stand: its
	// standard deviation, 2.9 levels, is that of a JPEG file of good quality.
	roomNoise = 5
)

// hasRoom tells whether the mark of a small picture can be read again from a
// slightly disturbed copy: a mark that nobody can read is only noise. luma is
// the picture's own, which the trial overwrites.
func (t *Track) hasRoom(luma *dsp.Plane, pattern dsp.Pattern, gain float64, w, h int) bool {
	if w*h >= roomArea || luma.W != w || luma.H != h {
		return true
	}
	gain *= 0.299*float64(weight[0]) + 0.587*float64(weight[1]) + 0.114*float64(weight[2])
	r := rand.New(rand.NewPCG(1, uint64(w)))
	added := make([]float32, w)
	for y := range h {
		pattern(y, added)
		row := luma.Row(y)
		for x, d := range added {
			row[x] = min(max(row[x]+float32(gain)*d, 0), 255) + roomNoise*(2*r.Float32()-1)
		}
	}
	s := &search{track: t, finder: t.finder}
	return s.readPlain(s.look(wholeOf(luma)))
}
