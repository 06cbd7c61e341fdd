package spread

import (
	"cmp"
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// candidate is one geometry under test.
type candidate struct {
	frame   frame
	whole   frame      // of which frame may be the middle
	place   dsp.Affine // of the frame's samples in the picture, any bend left out
	res     residual
	valid   span
	white   *dsp.Plane
	spectra [readings]*spectrum // made when first asked for
	excess  float64             // of spectra[0]
	pose    pose
}

// The readings of a residual: under each of the suppressions, and evened.
const (
	evened   = len(suppressions)
	readings = evened + 1
)

// wholeOf is a picture as it stands.
func wholeOf(y *dsp.Plane) *candidate {
	unit := dsp.Affine{1, 0, 0, 0, 1, 0}
	return candidateOf(frame{unit, y.W, y.H}, unit, residualOf(y), everything(y))
}

// candidateOf folds a frame's residual.
func candidateOf(f frame, place dsp.Affine, res residual, valid span) *candidate {
	c := &candidate{frame: f, whole: f, place: place, res: res, valid: valid, white: res.whiten(suppressions[0])}
	c.spectra[0] = foldOf(c.white, valid)
	c.excess = c.spectra[0].excess()
	return c
}

// periodic tells whether anything repeats with the tile's period at all.
func (c *candidate) periodic() bool { return c.excess >= periodicFrom }

// foreign tells that what repeats so strongly is another key's mark: of this
// key's pilots no more is seen than of any key's.
func (c *candidate) foreign() bool { return c.excess >= foreignFrom && c.pose.luck < foreignLuck }

// look orients a candidate and counts it for the p-value.
func (s *search) look(c *candidate) *candidate {
	c.pose = s.orient(c.spectra[0], upright)
	return c
}

// orient is a look at a geometry nobody has fitted to the pilots.
func (s *search) orient(sp *spectrum, r ring) pose {
	p := s.finder.orient(sp, r)
	s.looks++
	s.least = min(s.least, s.finder.chance(sp, p))
	return p
}

// spectrum returns the candidate's spectrum in one of the readings.
func (c *candidate) spectrum(reading int) *spectrum {
	if c.spectra[reading] == nil {
		if reading == evened {
			c.spectra[reading] = evenFold(c.white, c.valid)
		} else {
			c.spectra[reading] = foldOf(c.res.whiten(suppressions[reading]), c.valid)
		}
	}
	return c.spectra[reading]
}

// read spends one list decode on a spectrum of a candidate.
func (s *search) read(c *candidate, sp *spectrum, at pose) bool {
	if s.found || s.reads >= maxReads || !at.likely(readFrom) {
		return s.found
	}
	s.reads++
	if s.payload, s.fine, s.found = s.track.read(sp, at); s.found {
		s.place = c.place.Mul(s.fromTile(c, at))
	}
	return s.found
}

// fromTile maps tile positions to the candidate's frame. With the payload known
// every harmonic is a pilot: an affine map is fitted to all of them in every
// tile.
func (s *search) fromTile(c *candidate, at pose) dsp.Affine {
	label := tileCheck
	if s.fine {
		label = fineCheck
	}
	hs, as := s.track.band(s.payload, label)
	t := pilotsOf(c.white, c.valid, c.spectra[0], at, hs, as)
	b, _ := t.fit(bend{at.shift[0], 0, 0, at.shift[1]}, affineTerms, math.Inf(1))
	return t.toTile(b).Inverse()
}

// readPlain reads a candidate as it stands, upright and inverted, and under the
// other suppression.
func (s *search) readPlain(c *candidate) bool {
	if s.read(c, c.spectrum(0), c.pose) {
		return true
	}
	if c.periodic() {
		if p := s.orient(c.spectrum(0), inverted); p.z > c.pose.z {
			c.pose = p
			if s.read(c, c.spectrum(0), p) {
				return true
			}
		}
	}
	if c.foreign() || !c.pose.likely(readFrom) {
		return false
	}
	sp := c.spectrum(1)
	return s.read(c, sp, s.finder.orient(sp, c.pose.ring))
}

// readHard reads the candidate evened, at the pilots' best pose, around it and
// at the next best: where the pilots are weak they miss the shift by half a
// pixel, which costs the higher harmonics their phase.
func (s *search) readHard(c *candidate) bool {
	if !c.periodic() || c.foreign() || !c.pose.likely(hardFrom) {
		return false
	}
	sp := c.spectrum(evened)
	poses := s.finder.poses(sp, upright)
	if other := s.finder.poses(sp, inverted); other[0].z > poses[0].z {
		poses = other
	}
	if s.read(c, sp, poses[0]) {
		return true
	}
	for _, p := range append(s.finder.around(sp, poses[0]), poses[1:]...) {
		if s.read(c, sp, p) {
			return true
		}
	}
	return false
}

// evaluate climbs from every peak, drops those that meet, and tests the best
// few; it stops at once when one can be read.
func (s *search) evaluate(y *dsp.Plane, c *comb, power *dsp.Plane, peaks []peak, most int, centred bool) []*candidate {
	type climbed struct {
		a     matrix
		score float64
	}
	var tops []climbed
	for _, p := range peaks {
		a, score := c.climb(power, p)
		tops = append(tops, climbed{a, score})
	}
	slices.SortStableFunc(tops, func(a, b climbed) int { return cmp.Compare(b.score, a.score) })
	var kept []matrix
	var cands []*candidate
	for _, p := range tops {
		f, ok := frameOf(p.a, y.W, y.H)
		if p.score < lookFrom {
			break
		}
		if !ok || slices.ContainsFunc(kept, p.a.near) {
			continue
		}
		if len(kept) == most {
			break
		}
		kept = append(kept, p.a)
		shown := f
		if centred {
			shown, _, _ = f.middle()
		}
		res, valid := shown.read(y, shown.straight())
		cand := s.look(candidateOf(shown, shown.toPicture, res, valid))
		cand.whole = f
		cands = append(cands, cand)
		if cand.pose.z > 7 && s.readPlain(cand) {
			return cands
		}
		if cand.pose.z > sureFrom {
			break
		}
	}
	return cands
}

// near tells maps of almost the same scale and angle, the latter modulo a
// quarter turn.
func (m matrix) near(o matrix) bool {
	turn := math.Atan2(m[2], m[0]) - math.Atan2(o[2], o[0])
	turn -= math.Round(turn/(math.Pi/2)) * math.Pi / 2
	return math.Abs(math.Log(m.scale()/o.scale())) < 0.004 && math.Abs(turn) < 0.006
}

// finish fits the local displacement of the best candidates, straightens them
// and reads them; then it reads the hard way what has the best pose.
func (s *search) finish(y *dsp.Plane, cands []*candidate, most int) bool {
	slices.SortStableFunc(cands, byPose)
	for _, c := range cands[:min(len(cands), most)] {
		if c.foreign() || !c.pose.likely(bendFrom) {
			continue
		}
		straight := s.straighten(y, c)
		if s.found {
			return true
		}
		cands = append(cands, straight)
	}
	slices.SortStableFunc(cands, byPose)
	return len(cands) > 0 && s.readHard(cands[0])
}

func byPose(a, b *candidate) int { return cmp.Compare(b.pose.z, a.pose.z) }

// widened is the candidate over its whole frame, in the pose of its middle.
func (c *candidate) widened(y *dsp.Plane) *candidate {
	if c.whole == c.frame {
		return c
	}
	_, dx, dy := c.whole.middle()
	res, valid := c.whole.read(y, c.whole.straight())
	w := candidateOf(c.whole, c.whole.toPicture, res, valid)
	w.pose = c.pose
	sx, sy := c.pose.turn.apply(dx, dy)
	w.pose.shift[0] += float64(sx)
	w.pose.shift[1] += float64(sy)
	return w
}

// straighten fits a displacement field to the candidate's tiles, as an affine
// map, as a perspective, and as a perspective grown from the centre, and reads
// the two that gather most. It returns the one with the better pose.
func (s *search) straighten(y *dsp.Plane, c *candidate) *candidate {
	c = c.widened(y)
	t := pilotsOf(c.white, c.valid, c.spectra[0], c.pose, s.finder.layout.pilots, s.finder.layout.phase)
	start := bend{c.pose.shift[0], 0, 0, c.pose.shift[1]}
	type fit struct {
		b     bend
		score float64
	}
	var fits []fit
	add := func(b bend, score, trust float64) { fits = append(fits, fit{b, score * trust}) }
	b, sum := t.fit(start, affineTerms, math.Inf(1))
	add(b, sum, 1)
	if len(t.x) >= 20 {
		b, sum = t.fit(start, bendTerms, math.Inf(1))
		add(b, sum, 0.99)
		b = start
		for _, reach := range []float64{0.4, 0.7, math.Inf(1)} {
			b, sum = t.fit(b, bendTerms, reach)
		}
		add(b, sum, 0.985)
	}
	slices.SortStableFunc(fits, func(a, b fit) int { return cmp.Compare(b.score, a.score) })
	var best *candidate
	for i, f := range fits[:min(len(fits), 2)] {
		if i > 0 && t.apart(f.b, fits[0].b) < 0.25 {
			break // not another field
		}
		res, valid := c.frame.read(y, t.along(c.frame, f.b))
		straight := candidateOf(c.frame, t.straightened(c.frame, f.b), res, valid)
		straight.pose = s.finder.orient(straight.spectra[0], c.pose.ring)
		if s.readPlain(straight) {
			return straight
		}
		if best == nil || straight.pose.z > best.pose.z {
			best = straight
		}
	}
	return best
}
