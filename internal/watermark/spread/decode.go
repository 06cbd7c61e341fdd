package spread

import (
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// finder holds what decoding needs of a layout; it is immutable.
type finder struct {
	layout *layout
	fine   *comb // whole pictures
	small  *comb // pictures of at most smallSide samples
	coarse *comb // mean of windows, for pictures stretched or tilted
}

func newFinder(l *layout) *finder {
	return &finder{
		layout: l,
		fine:   newComb(1024, 12, 6, 0.0025, 0.003),
		small:  newComb(512, 12, 6, 0.005, 0.006),
		coarse: newComb(512, 8, 3, 0.0075, 0.009),
	}
}

const (
	maxReads = 32  // list decodes of one picture, which bounds false acceptance
	lookFrom = 4.4 // comb score from which a geometry is looked at
	readFrom = 4.5 // pilot score from which a list decode is worth its time
	hardFrom = 5   // and from which a reading evened and around the pilots' pose is
	luckFrom = 3.9 // of a pose that is only just good enough
	// From this excess on, a residual is taken to repeat with the tile's period at
	// all. Some 3 in 100 unmarked pictures do, mostly those of meshes and façades; a
	// marked one that can just be read has 3.6 and more.
	periodicFrom = 2.5
	// Excess of a mark that is plain to see, and the luck below which it is another
	// key's: one of the 24 pilots' mark and α times as much of others' has a luck of
	// √(48/(1+α)) there, 4.9 under another mark of the same strength and 4.2 under
	// one of 1.7 times its power, when nothing can be read any more. The luckiest
	// of all poses of a foreign mark has 3.6 to 4.3.
	foreignFrom = 40
	foreignLuck = 4.2
	bendFrom    = 5.5 // and from which a fit of the displacement is
	sureFrom    = 12  // pilot score that ends the search for a better candidate
	smallSide   = 400 // long side up to which a picture is small
	minDecoded  = 16  // samples on the short side below which nothing is tried
	leastShown  = 0.7 // of the long side, that a whole picture fills at least when it stands in a frame
)

// Decode looks for any payload, at any scale from about 0.28 to 2.6 of the
// canonical one (to 7.8 where there is a fine tile), any angle, mirrored or not. A
// payload is accepted only when all 40 check bits agree, at most 32·32 times
// for a picture: a picture without a mark is accepted with a chance below
// 2·32·32·2⁻⁴⁰ ≈ 2e-9, the tile's check bits or the fine tile's.
//
// The attempts go from cheap to dear: the geometry of an untouched or merely
// recompressed copy; the comb's best rotations and scales; the same at half
// size, for small parts of large pictures; stretched and tilted pictures.
func (t *Track) Decode(luma *dsp.Plane) watermark.Detection {
	y := finite(dsp.Shrink(luma, canonicalSide))
	if min(y.W, y.H) < minDecoded {
		return watermark.Detection{Track: t.ID(), PValue: 1}
	}
	s := newSearch(t)
	s.run(y)
	return s.detection(luma, y)
}

// search is the state of one decode.
type search struct {
	track  *Track
	finder *finder
	reads  int     // list decodes spent
	looks  int     // geometries oriented by the pilots
	least  float64 // the least chance of a correlation as high as theirs

	found   bool
	payload watermark.Payload
	fine    bool       // it was the fine tile's
	place   dsp.Affine // canonical (or fine) to the shrunk picture, when found
}

func newSearch(t *Track) *search { return &search{track: t, finder: t.finder, least: 1} }

// run tries everything in turn until a payload is found.
func (s *search) run(y *dsp.Plane) {
	id := s.look(wholeOf(y))
	if s.readPlain(id) || s.readHard(id) {
		return
	}
	long := float64(max(y.W, y.H))
	least := leastShown * long / canonicalSide
	fine := s.finder.fine
	if long <= smallSide {
		fine = s.finder.small
	}
	power := fine.spectrumOf(id.white)
	cands := s.evaluate(y, fine, power, fine.search(power, unstrained, least), 4, false)
	if s.found || s.finish(y, append(cands, id), 2) {
		return
	}
	if long >= 560 {
		half := dsp.Halve(y)
		power := s.finder.fine.spectrumOf(residualOf(half).whiten(suppressions[0]))
		cands := s.evaluate(half, s.finder.fine, power, s.finder.fine.search(power, unstrained, 1.2), 4, false)
		if s.found || s.finish(half, cands, 1) {
			s.place = dsp.Affine{2, 0, 0.5, 0, 2, 0.5}.Mul(s.place)
			return
		}
	}
	if long <= smallSide {
		return // the peaks of so small a picture are wide already
	}
	welch, gain := s.finder.coarse.welch(id.white)
	var peaks []peak
	for _, strain := range strains {
		peaks = append(peaks, s.finder.coarse.search(welch, strain, least)...)
	}
	sortPeaks(peaks)
	for i := range peaks {
		peaks[i].score *= gain
	}
	cands = s.evaluate(y, s.finder.coarse, welch, peaks[:min(len(peaks), 10)], 6, true)
	if !s.found {
		s.finish(y, cands, 2)
	}
}
