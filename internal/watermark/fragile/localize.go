package fragile

import (
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// Reason says why a Map is silent.
type Reason string

// The reasons to abstain. None of them means that the picture was altered.
const (
	Speaks    Reason = ""          // it does not abstain
	TooSmall  Reason = "too small" // under 64 pixels on a side
	Absent    Reason = "absent"    // no mark of this key and payload on this pixel grid
	Unseen    Reason = "unseen"    // too little of the marked picture is in view
	TooWeak   Reason = "too weak"  // too little of the mark is left: strong noise or compression
	Processed Reason = "processed" // filtered or recoloured as a whole: that cannot be told from alterations
)

// Map says where a picture was altered since it was marked.
type Map struct {
	W, H int
	// Mask is W×H, row by row, 1 where altered; all 0 when nothing was, nil
	// when the track abstains. Of alterations, those of about 12 pixels and
	// more are seen in an untouched file, of 32 after JPEG 70.
	Mask []uint8
	// Said is W×H, 1 where the track can tell, altered or not; nil, unless it
	// abstains, when that is everywhere.
	Said []uint8
	// Probability is that of an alteration, 0 to 1, for each of the ⌊W/4⌋ × ⌊H/4⌋
	// cells of 4×4 pixels, row by row, small groups and all; nil when the track
	// abstains. See At.
	Probability []float32
	// Known is the share of the area of which something is said, 0 to 1.
	Known float64
	// Share is the altered share of what is known, 0 to 1.
	Share float64
	// Abstain is Speaks when Mask is meant, else why nothing is said.
	Abstain Reason
	// PValue bounds the chance of as much of the mark in a picture without it.
	PValue float64
	// Quality is the mean log-likelihood of the fitted mixture over uniform, in
	// nats for each coefficient: 1.7 untouched, 0.6 at JPEG 70, 0 without a mark.
	// It falls with the altered share too.
	Quality float64
	// Intact is the deviation of intact coefficients from the lattice, in
	// steps: 0.015 untouched, 0.15 at JPEG 70.
	Intact float64
	// Uneven is how much stronger the deviation (its square) is where there is
	// most detail than where there is least: 1 after noise, up to 1.7 after
	// JPEG, mostly more after filters and changes of tone. It is 0
	// where nothing is flagged: then nobody asks.
	Uneven float64
}

// Limits of speaking, from Kodak pictures under the attack suite. With a fifth of
// the area replaced JPEG 50, noise of σ 5 and WebP 80 are still on the speaking
// side, with half of it JPEG 60 and noise of σ 5; JPEG 30, noise of σ 10 and WebP 50
// are on the silent side, altered or not.
const (
	presentP    = 1e-6  // greatest p-value at which the mark counts as present
	leastSpeak  = 0.045 // least Quality
	leastMoved  = 0.04  // the same where every coefficient has a spread of its own
	mostUneven  = 2.3   // greatest Uneven at which an alteration is believed
	codedUneven = 3.5   // the same after JPEG, where calm pictures hardly change
	someUneven  = 1.4   // Uneven and
	someWear    = 0.08  // Intact from which half-erased marks are not alterations, but
	mostPartial = 0.02  // of which more than this share means that the picture was processed
	wideUneven  = 1.9   // Uneven beyond which an alteration of more than
	mostWide    = 0.3   // this share of the area is a filter's rather than an editor's
)

// LocalizeView maps the alterations of a picture that claims payload p. The view
// must lie on the pixel grid that was marked: whoever knows the geometry has undone
// scale, rotation and crop. Brightness and contrast may have changed. Knowing where
// colours clipped lowers false alarms in pictures with much pure black, white or
// colour. It takes about 3 bytes for each pixel beside the view.
func (t *Track) LocalizeView(v View, p watermark.Payload) Map {
	m := Map{W: v.Luma.W, H: v.Luma.H, PValue: 1}
	if min(m.W, m.H) < minSide {
		m.Abstain = TooSmall
		return m
	}
	s := t.sheets(lookAtLuma(v), p)
	if min(s[0].inView(), s[1].inView()) < fewestBlocks {
		m.Abstain = Unseen
		return m
	}
	r := t.find(s)
	m.Quality, m.Intact = r.quality, r.intact
	m.PValue = presence(s, r.pitch, r.tries)
	switch {
	case m.PValue > presentP:
		m.Abstain = Absent
	case m.Quality < leastSpeak && !(v.Moved && m.Quality >= leastMoved):
		m.Abstain = TooWeak
	default:
		if r.gained(t) || burntOut(s) {
			s[0].blindClipped()
			s[1].blindClipped()
		}
		m.draw(v.Luma, s, r)
	}
	return m
}

// draw makes the mask, or abstains where its groups are doubtful.
func (m *Map) draw(luma *dsp.Plane, s [len(grids)]*sheet, r reading) {
	p := r.pitch
	c := solve(m.W, m.H, s, p)
	if c.groups > 0 {
		m.Uneven = c.unevenness(s, p)
	}
	if c.groups > 0 && !c.moved && r.coded && m.Uneven > someUneven {
		s[0].uneven, s[1].uneven = true, true
		if c = solve(m.W, m.H, s, p); c.groups > 0 {
			m.Uneven = c.unevenness(s, p)
		}
	}
	if c.wiped(s, r) {
		c.setApart(s)
		m.Uneven = 0
		if c = solve(m.W, m.H, s, p); c.groups > 0 {
			m.Uneven = c.unevenness(s, p)
		}
	}
	limit := mostUneven
	if r.coded {
		limit = codedUneven
	}
	// In an otherwise fresh picture a half-erased mark is a local retouch.
	worn := m.Uneven > someUneven || m.Intact > someWear
	if c.moved { // uneven as it is: what is half-erased is not altered
		c.dropPartial(s, p)
	} else if c.groups > 0 && (m.Uneven > limit || worn && c.dropPartial(s, p) > mostPartial ||
		!r.coded && m.Uneven > wideUneven && c.altered() > mostWide) {
		m.Abstain = Processed
		return
	}
	m.Mask, m.Known, m.Probability = c.mask(m.W, m.H), 1, c.soft
	if c.groups > 0 {
		snap(m.Mask, luma)
	}
	if m.Said = c.saidMask(m.W, m.H); m.Said != nil {
		for i, v := range m.Said {
			m.Mask[i] &= v
		}
		m.Known = share(m.Said)
	}
	m.Share = share(m.Mask) / max(m.Known, 1/float64(len(m.Mask)))
}

// share is the share of ones.
func share(mask []uint8) float64 {
	n := 0
	for _, v := range mask {
		n += int(v)
	}
	return float64(n) / float64(len(mask))
}

// solve weighs the evidence of both grids against each other.
func solve(w, h int, s [len(grids)]*sheet, p pitch) *cells {
	var l [len(grids)][]float32
	for g := range s {
		l[g] = s[g].weigh(p[g])
	}
	f := newField(w, h, s, l)
	f.relax()
	c := newCells(f, s)
	c.prune()
	return c
}
