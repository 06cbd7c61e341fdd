package fragile

import (
	"cmp"
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// Prior is what is known of where a marked picture lies in a received one.
type Prior struct {
	W, H int        // of the marked picture, in real pixels
	Map  Projection // its real pixels to those of the received picture
	// Period is 0 when Map is meant as it is, within some pixels; otherwise the
	// marked picture may lie further by any whole multiples of so many of its
	// real pixels, along both of its axes.
	Period float64
}

// Placement says where a marked picture lies in a received one.
type Placement struct {
	W, H  int        // of the marked picture, in pixels of the mark
	Map   Projection // those to real pixels of the received picture
	Score float64    // standard deviations by which the sampled blocks agree
}

// Place finds where the marked picture of payload p lies in a received one, to a
// tenth of a pixel, by how well its own lattice fits there. ok is false where
// nothing fits: no such mark, or too little is left of it.
func (t *Track) Place(s *Source, p watermark.Payload, prior Prior) (best Placement, ok bool) {
	w, h := MarkedSize(prior.W, prior.H)
	if min(w, h) < minSide || min(s.luma.W, s.luma.H) < side {
		return Placement{}, false
	}
	k := float64(Scale(prior.W, prior.H))
	base := prior.Map.after(dsp.Affine{k, 0, (k - 1) / 2, 0, k, (k - 1) / 2})
	f := fitting{track: t, payload: p, source: s, w: w, h: h}
	var top []probed
	for _, m := range f.candidates(base, prior.Period/k) {
		c := f.probe(m, 3, firstReach, firstStep)
		if c.score > leastSum {
			top = append(top, c)
		}
		if c.good >= 4 {
			break
		}
	}
	if len(top) == 0 {
		return Placement{}, false
	}
	c := slices.MaxFunc(top, func(a, b probed) int { return cmp.Compare(a.score, b.score) })
	m := c.corrected()
	for _, r := range []struct {
		side        int
		reach, step float64
	}{{4, 0.75, 0.25}, {5, 0.3, 0.1}} {
		c = f.probe(m, r.side, r.reach, r.step)
		m = c.corrected()
	}
	c = f.probe(m, 5, 0, 1)
	return Placement{W: w, H: h, Map: m, Score: c.score}, c.score > leastSum
}

// View brings a received picture back to where it was marked.
func (pl Placement) View(s *Source) View {
	x, y := float64(pl.W)/2, float64(pl.H)/2
	l := s.look(pl.Map, x, y)
	return l.view(pl.W, pl.H)
}

// The first search of each window: how far, in pixels of the mark, and how fine.
const (
	firstReach = 1.5
	firstStep  = 0.5
)

const (
	windowSide   = 64 // pixels of the mark
	windowBlocks = 48 // that are read of a window
	leastWindow  = 5  // deviations at which a window is believed
	leastSum     = 8  // and the sum over windows, root mean
)

// fitting is a search for one mark in one picture.
type fitting struct {
	track   *Track
	payload watermark.Payload
	source  *Source
	w, h    int
}

// candidates are the maps that bring the received picture into the marked one,
// those that show most of it first.
func (f *fitting) candidates(m Projection, period float64) []Projection {
	if period == 0 {
		return []Projection{m}
	}
	x0, y0, x1, y1, ok := f.seen(m)
	if !ok {
		return nil
	}
	type shifted struct {
		m     Projection
		share float64
	}
	var all []shifted
	fit := func(lo, hi, side float64) float64 { // of the possible overlap
		return (min(hi, side) - max(lo, 0)) / min(hi-lo, side)
	}
	for b := math.Floor(-y1 / period); b*period < float64(f.h)-y0; b++ {
		fy := fit(y0+b*period, y1+b*period, float64(f.h))
		for a := math.Floor(-x1 / period); a*period < float64(f.w)-x0; a++ {
			fx := fit(x0+a*period, x1+a*period, float64(f.w))
			if min(fx, fy) > 0.6 {
				all = append(all, shifted{m.after(dsp.Affine{1, 0, -a * period, 0, 1, -b * period}), fx * fy})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b shifted) int { return cmp.Compare(b.share, a.share) })
	var out []Projection
	for _, s := range all[:min(len(all), mostCandidates)] {
		out = append(out, s.m)
	}
	return out
}

// mostCandidates bounds the work on a small piece of a picture.
const mostCandidates = 200

// seen is the box of the received picture in pixels of the mark.
func (f *fitting) seen(m Projection) (x0, y0, x1, y1 float64, ok bool) {
	inv, ok := m.inverse()
	if !ok {
		return
	}
	w, h := float64(f.source.luma.W*f.source.f), float64(f.source.luma.H*f.source.f)
	x0, y0, x1, y1 = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range [4][2]float64{{-0.5, -0.5}, {w - 0.5, -0.5}, {-0.5, h - 0.5}, {w - 0.5, h - 0.5}} {
		x, y := inv.Apply(c[0], c[1])
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	return x0, y0, x1, y1, !math.IsNaN(x0+x1+y0+y1) && !math.IsInf(x0+x1+y0+y1, 0)
}
