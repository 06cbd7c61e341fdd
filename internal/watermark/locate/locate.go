// Package locate brings a received picture back onto the pixels that were marked,
// so that track B can be read: as it lies, by the geometry that track A found, or
// by an alignment with the registered rendition.
package locate

import (
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
	"github.com/certana/certana/internal/watermark/spread"
)

// FromRobust makes a prior of what track A found. g maps canonical pixels to real
// pixels of the received picture (see Enlarge); w × h is the size of the picture
// that was marked, in real pixels.
func FromRobust(g watermark.Geometry, w, h int) fragile.Prior {
	s := spread.Scale(w, h)
	canonical := dsp.Affine{1 / s, 0, 0.5/s - 0.5, 0, 1 / s, 0.5/s - 0.5}
	m := dsp.Affine(g.M).Mul(canonical)
	return fragile.Prior{W: w, H: h, Period: spread.Period * s,
		Map: fragile.Projection{m[0], m[1], m[2], m[3], m[4], m[5], 0, 0, 1}}
}

// Enlarge turns a geometry that was found in a luma plane of lw × lh into one of
// the picture of w × h that it was reduced from: sample i of the plane is pixel
// (i+½)·s−½ of the picture.
func Enlarge(g watermark.Geometry, lw, lh, w, h int) watermark.Geometry {
	sx, sy := float64(w)/float64(lw), float64(h)/float64(lh)
	m := dsp.Affine{sx, 0, (sx - 1) / 2, 0, sy, (sy - 1) / 2}.Mul(dsp.Affine(g.M))
	g.M, g.Scale = m, m.Scale()
	return g
}

// Place reads a received picture back onto the pixels of a marked one of w × h real
// pixels, by the geometry that track A found in it (in real pixels of the picture,
// see Enlarge). ok is false when track B's mark of p is not found there: then
// nothing can be said, which is no sign of an alteration. The view is for
// LocalizeView, whose map lies on the marked picture's pixels; the placement maps
// those to the received picture.
func Place(t *fragile.Track, r fragile.Rows, p watermark.Payload, g watermark.Geometry, w, h int) (fragile.View, fragile.Placement, bool) {
	s := fragile.NewSource(r)
	pl, ok := t.Place(s, p, FromRobust(g, w, h))
	if !ok {
		return fragile.View{}, pl, false
	}
	return pl.View(s), pl, true
}

// Read maps what was altered in a picture of which w × h real pixels were marked
// with p: as it lies, if it has that size, and else where the first prior that fits
// puts it. A map that is fragile.Absent says that no place was found; otherwise the
// placement tells where the map lies in the picture.
func Read(t *fragile.Track, r fragile.Rows, p watermark.Payload, w, h int, priors ...fragile.Prior) (fragile.Map, fragile.Placement) {
	if rw, rh := r.Size(); rw == w && rh == h {
		if m := t.LocalizeView(fragile.Look(r), p); m.Abstain != fragile.Absent {
			return m, fragile.Unmoved(w, h)
		}
	}
	var source *fragile.Source
	for _, prior := range priors {
		if source == nil {
			source = fragile.NewSource(r)
		}
		at, ok := t.Place(source, p, prior)
		if !ok {
			continue
		}
		m := t.LocalizeView(at.View(source), p)
		m.PValue = min(1, m.PValue*fragile.PlacedTries)
		if m.Abstain != fragile.Absent && m.PValue <= fragile.PresentP {
			return m, at
		}
	}
	return fragile.Map{Abstain: fragile.Absent, PValue: 1}, fragile.Placement{}
}
