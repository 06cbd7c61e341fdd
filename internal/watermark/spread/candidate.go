package spread

import (
	"cmp"
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// candidate is one geometry under test.
type candidate struct {
	frame    frame
	res      residual
	valid    span
	white    *dsp.Plane
	spectrum *spectrum
	pose     pose
}

// candidateOf folds a frame's residual and orients it. The spectrum is that of
// the samples in view, or of all that are valid when view is nil.
func (s *search) candidateOf(f frame, res residual, valid, view span) *candidate {
	if view == nil {
		view = valid
	}
	c := &candidate{frame: f, res: res, valid: valid, white: res.whiten(suppressions[0])}
	c.spectrum = foldOf(c.white, view)
	c.pose = s.finder.orient(c.spectrum)
	s.poses++
	s.luck = max(s.luck, c.pose.luck)
	return c
}

// read spends one list decode on a spectrum; place is where its frame lies.
func (s *search) read(sp *spectrum, at pose, place dsp.Affine) bool {
	if s.found || s.reads >= maxReads || at.z < readFrom {
		return s.found
	}
	s.reads++
	if s.payload, s.found = s.track.read(sp, at); s.found {
		s.place = place.Mul(at.fromTile())
	}
	return s.found
}

// fromTile maps tile positions X to the frame: x = turnᵀ·(X + shift).
func (p pose) fromTile() dsp.Affine {
	q := p.turn.transposed()
	m := dsp.Affine{float64(q.a), float64(q.b), 0, float64(q.c), float64(q.d), 0}
	m[2], m[5] = m.Apply(p.shift[0], p.shift[1])
	return m
}

// readPlain reads a candidate as it stands, under both suppressions.
func (s *search) readPlain(c *candidate) bool {
	if s.read(c.spectrum, c.pose, c.frame.toPicture) {
		return true
	}
	if c.pose.z < readFrom {
		return false
	}
	sp := foldOf(c.res.whiten(suppressions[1]), c.valid)
	return s.read(sp, s.finder.orient(sp), c.frame.toPicture)
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
		res, valid := f.read(y, f.straight())
		var view span
		if centred {
			view = f.centre(valid)
		}
		cand := s.candidateOf(f, res, valid, view)
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
// and reads them.
func (s *search) finish(y *dsp.Plane, cands []*candidate, most int) bool {
	slices.SortStableFunc(cands, func(a, b *candidate) int { return cmp.Compare(b.pose.z, a.pose.z) })
	for _, c := range cands[:min(len(cands), most)] {
		if c.pose.z < bendFrom {
			break
		}
		if s.straighten(y, c) {
			return true
		}
	}
	return false
}

// straighten fits a displacement field to the candidate's tiles, as an affine
// map, with an xy term, and with an xy term grown from the centre, and reads
// the two that gather most.
func (s *search) straighten(y *dsp.Plane, c *candidate) bool {
	t := s.finder.pilotsOf(c.white, c.valid, c.spectrum, c.pose.turn)
	start := bend{{c.pose.shift[0]}, {c.pose.shift[1]}}
	type fit struct {
		b     bend
		score float64
	}
	var fits []fit
	add := func(b bend, score, trust float64) { fits = append(fits, fit{b, score * trust}) }
	b, sum := t.fit(start, 3, math.Inf(1))
	add(b, sum, 1)
	if len(t.x) >= 20 {
		b, sum = t.fit(start, 4, math.Inf(1))
		add(b, sum, 0.99)
		b = start
		for _, reach := range []float64{0.4, 0.7, math.Inf(1)} {
			b, sum = t.fit(b, 4, reach)
		}
		add(b, sum, 0.985)
	}
	slices.SortStableFunc(fits, func(a, b fit) int { return cmp.Compare(b.score, a.score) })
	for _, f := range fits[:min(len(fits), 2)] {
		res, valid := c.frame.read(y, t.along(c.frame, c.pose.turn, f.b))
		for _, sup := range suppressions {
			sp := foldOf(res.whiten(sup), valid)
			if s.read(sp, s.finder.orient(sp), t.straightened(c.frame, c.pose.turn, f.b)) {
				return true
			}
		}
	}
	return false
}
