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
	// Straight is set where pixels fall on pixels: a copy that was cropped,
	// mirrored or turned by quarters and no more.
	Straight bool
}

// Unmoved is the placement of a picture of w × h real pixels that lies as it was
// marked.
func Unmoved(w, h int) Placement {
	k := float64(Scale(w, h))
	mw, mh := MarkedSize(w, h)
	return Placement{W: mw, H: mh, Straight: true, Map: Projection{k, 0, (k - 1) / 2, 0, k, (k - 1) / 2, 0, 0, 1}}
}

// PlacedTries bounds among how many places that differ Place chooses: what a map
// says of the chance that the mark is there by accident is to be multiplied by it.
// Six numbers, each in ±1.5 pixels by steps of 0.1, at mostCandidates candidates.
const PlacedTries = 2e11

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
	look := pace{3, 0.4, 0.4}
	if prior.Period == 0 {
		look = pace{4, 1.5, 0.5}
	}
	maps := f.candidates(base, prior.Period/k)
	c, ok := f.best(maps, look)
	if !ok { // once more, where the picture most likely lies
		c, ok = f.best(maps[:min(len(maps), 4)], pace{6, 0.45, 0.15})
	}
	if !ok {
		return Placement{}, false
	}
	for _, r := range []pace{{4, 0.5, 0.25}, {5, 0.2, 0.1}} {
		c = f.refined(c.m, r)
	}
	pl := Placement{W: w, H: h, Map: c.m, Score: c.score}
	if m, ok := f.straightened(c.m, k); ok {
		if d := f.probe(m, pace{5, 0, 1}); d.score > straightLoss*c.score {
			pl.Map, pl.Score, pl.Straight = m, d.score, true
		}
	}
	return pl, pl.Score >= leastSum
}

// best looks at each map and returns the one that fits best.
func (f *fitting) best(maps []Projection, r pace) (best probed, ok bool) {
	for _, m := range maps {
		if c := f.probe(m, r); c.score > best.score {
			best = c
		}
		if best.score > sureSum {
			break
		}
	}
	return best, best.score >= leastSum
}

// refined moves a map to where its windows fit better, if they then do.
func (f *fitting) refined(m Projection, r pace) probed {
	was := f.probe(m, r)
	still := pace{r.windows, 0, 1}
	before, after := f.probe(m, still), f.probe(was.corrected(), still)
	if after.score > before.score {
		return after
	}
	return before
}

// View brings a received picture back to where it was marked.
func (pl Placement) View(s *Source) View {
	x, y := float64(pl.W)/2, float64(pl.H)/2
	l := s.look(pl.Map, x, y)
	v := l.view(pl.W, pl.H)
	v.Moved = !pl.Straight
	return v
}

// pace is how a map is looked at: so many windows on a side, each moved up to
// reach, by step, in pixels of the mark.
type pace struct {
	windows     int
	reach, step float64
}

const (
	windowSide   = 64 // pixels of the mark
	windowBlocks = 48 // that are read of a window
	leastWindow  = 4  // deviations at which a window is believed
	leastSum     = 7  // sum over the windows that are, over the root of their number
	sureSum      = 20 // that ends the search
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
	inv, ok := m.Inverse()
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
