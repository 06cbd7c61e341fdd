package spread

import (
	"math"
	"slices"

	"github.com/certana/certana/internal/watermark"
)

// The mark's constants. They are part of its format: a change makes pictures
// already marked unreadable, so a change is a new track.
const (
	period     = 64 // canonical pixels of one tile
	pilotCount = 24
	pilotShare = 0.15 // of the tile's energy
	codeLog    = 9    // code length 512
	checkBits  = 40
	infoBits   = 64 + checkBits
	pilotDraws = 64 // drawings of the pilots, of which the least symmetric is kept

	canonicalSide = 1088 // long side, in canonical pixels, of pictures larger than that
	fineRatio     = 3    // fine pixels for one canonical pixel
	fineFrom      = 2.5  // scale from which a picture has a fine tile
	fineShare     = 0.2  // of its energy
)

// harmonic is a spatial frequency of the tile: u cycles per period along x, v
// along y. u > 0, as a real tile has −(u, v) with it.
type harmonic struct{ u, v int }

func (h harmonic) norm2() int { return h.u*h.u + h.v*h.v }

func (h harmonic) radius() float64 { return math.Sqrt(float64(h.norm2())) }

// layout is what the key decides: which harmonics are pilots and their phases,
// where each code bit goes, and the signs that whiten the symbols.
type layout struct {
	pilots []harmonic
	phase  []complex128 // unit value of each pilot
	code   []harmonic   // the other harmonics, by radius; each carries two symbols
	place  []int        // symbol i (2k real part, 2k+1 imaginary part of code[k]) carries codeword bit place[i]
	sign   []float32    // ±1 by symbol
}

// bandHarmonics is band, made once.
var bandHarmonics = band()

// band lists the 252 harmonics with 4.5 ≤ r ≤ 16 and |u|, |v| ≥ 3 of the half
// plane u > 0, in order of r², then u, then v.
func band() []harmonic {
	var hs []harmonic
	for u := 3; u <= 16; u++ {
		for v := -16; v <= 16; v++ {
			h := harmonic{u, v}
			if v*v >= 9 && 4*h.norm2() >= 81 && h.norm2() <= 256 {
				hs = append(hs, h)
			}
		}
	}
	slices.SortStableFunc(hs, func(a, b harmonic) int { return a.norm2() - b.norm2() })
	return hs
}

// newLayout draws a layout from the key's streams, in this order of use:
//
//	"certana/a/2/pilots"     pilotDraws drawings, each an Intn for every group
//	"certana/a/2/phases"     one Intn(4) for each pilot
//	"certana/a/2/interleave" a Perm(512): symbol i carries codeword bit perm[i]
//	"certana/a/2/signs"      one Intn(2) for each symbol, 1 inverts
func newLayout(key watermark.Key) *layout {
	hs := band()
	l := &layout{pilots: drawPilots(key.Stream("certana/a/2/pilots"), hs)}
	phases := key.Stream("certana/a/2/phases")
	quarter := [4]complex128{complex(math.Sqrt2/2, math.Sqrt2/2), complex(-math.Sqrt2/2, math.Sqrt2/2),
		complex(-math.Sqrt2/2, -math.Sqrt2/2), complex(math.Sqrt2/2, -math.Sqrt2/2)}
	for range l.pilots {
		l.phase = append(l.phase, quarter[phases.Intn(4)])
	}
	for _, h := range hs {
		if !slices.Contains(l.pilots, h) {
			l.code = append(l.code, h)
		}
	}
	symbols := 2 * len(l.code)
	l.place = key.Stream("certana/a/2/interleave").Perm(1 << codeLog)[:symbols]
	signs := key.Stream("certana/a/2/signs")
	for range symbols {
		l.sign = append(l.sign, float32(1-2*signs.Intn(2)))
	}
	return l
}

// drawPilots picks one harmonic from each of pilotCount groups of neighbouring
// angle among those with 6 ≤ r ≤ 13, so that the pilots spread all around. Of
// pilotDraws drawings it keeps the first that coincides least with its own
// images under the eight symmetries of the square, which the decoder has to
// tell apart.
func drawPilots(s *watermark.Stream, hs []harmonic) []harmonic {
	var ring []harmonic
	for _, h := range hs {
		if n := h.norm2(); n >= 36 && n <= 169 {
			ring = append(ring, h)
		}
	}
	// u > 0, so the angle grows with v/u; compared without division.
	slices.SortStableFunc(ring, func(a, b harmonic) int { return a.v*b.u - b.v*a.u })
	var best []harmonic
	fewest := pilotCount + 1
	for range pilotDraws {
		var draw []harmonic
		for g := range pilotCount {
			lo, hi := g*len(ring)/pilotCount, (g+1)*len(ring)/pilotCount
			draw = append(draw, ring[lo+s.Intn(hi-lo)])
		}
		if n := coincidences(draw); n < fewest {
			best, fewest = draw, n
		}
	}
	return best
}

// coincidences counts the pilots that a symmetry of the square, other than the
// identity and the half turn, maps onto pilots; the worst symmetry counts.
func coincidences(pilots []harmonic) int {
	const reach = 16
	var taken [reach + 1][2*reach + 1]bool
	for _, h := range pilots {
		taken[h.u][h.v+reach] = true
	}
	worst := 0
	for _, q := range symmetries[1:4] {
		n := 0
		for _, h := range pilots {
			u, v := q.apply(h.u, h.v)
			if u < 0 {
				u, v = -u, -v
			}
			if taken[u][v+reach] {
				n++
			}
		}
		worst = max(worst, n)
	}
	return worst
}

// symmetry is a signed permutation of the axes, (x, y) → (a·x + b·y, c·x + d·y).
type symmetry struct{ a, b, c, d int }

// symmetries are the eight symmetries of the square: the identity, the quarter
// turn and the two mirrorings, then each followed by a half turn.
var symmetries = [8]symmetry{
	{1, 0, 0, 1}, {0, -1, 1, 0}, {1, 0, 0, -1}, {0, 1, 1, 0},
	{-1, 0, 0, -1}, {0, 1, -1, 0}, {-1, 0, 0, 1}, {0, -1, -1, 0},
}

func (q symmetry) apply(x, y int) (int, int) { return q.a*x + q.b*y, q.c*x + q.d*y }

// transposed is the inverse.
func (q symmetry) transposed() symmetry { return symmetry{q.a, q.c, q.b, q.d} }
