package verify

import (
	"context"
	"errors"

	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/tamper"
	"github.com/certana/certana/internal/watermark/fragile"
)

// Track B points, the rendition decides. Comparison works on reduced pictures, where
// a few letters or one sky in place of another are lost; so the places to which the
// track points are held against the rendition at the size of the mark, on the very
// pixels on which it was drawn.

// Excesses of tamper.Site that decide. Where interpolation moved the picture, wear
// alone comes to 0.7; where it did not, the rest of the picture is a fair measure.
// Tones that were changed leave a residual too, most in strong colours, but what they
// leave is still the same picture and correlates.
const (
	differsStraight = 0.5  // a copy that lies pixel on pixel differs from here on,
	agreesStraight  = 0.2  // and agrees below,
	differsMoved    = 1.0  // one that was moved differs from here on,
	strange         = 0.5  // if at most so much correlates;
	alike           = 0.8  // it is the same picture where so much does
	leastShare      = .005 // of the picture, for a region of a moved copy: smaller ones may be wear
	crumb           = 64   // pixels: less cannot be held against anything, nor is an edit
)

// closely holds what the track flags, and a comparison that a better place could mend,
// against the registered rendition. It looks at nothing else, for that takes decoding.
func (v *Verifier) closely(ctx context.Context, r *reading, p *probe, f *found) error {
	replace := r.at.Straight && r.m.Abstain == fragile.Speaks && f.result.Registered && !agrees(f.result.Map)
	if f.absent || r.m.Share == 0 && !replace {
		return nil
	}
	rendition, leave, err := v.Comparer.rendition(ctx, f.chosen.asset)
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var ref fragile.View
	if r.m.Share > 0 {
		ref = fragile.Look(rendition)
	}
	if replace {
		f.recompare(rendition, r.at, p)
	}
	leave()
	if r.m.Share > 0 {
		r.hold(ref)
	}
	return nil
}

// hold drops what agrees with the rendition from the map, and says whether anything
// differs.
func (r *reading) hold(ref fragile.View) {
	pointed := make([]bool, len(r.m.Mask))
	for i, v := range r.m.Mask {
		pointed[i] = v != 0
	}
	labels, sites := tamper.Closely(ref.Luma, r.view.Luma, pointed, seen(r.view))
	left := make([]bool, len(sites))
	untold := false
	for i, s := range sites {
		least, area := differsMoved, int(leastShare*float64(len(pointed)))
		if r.at.Straight {
			least, area = differsStraight, 0
		}
		switch {
		case s.Known && s.Excess >= least && s.Agreement <= strange && s.Area >= area:
			left[i], r.sites = true, r.sites+1
		case !s.Known && s.Area < crumb:
		case r.at.Straight && (!s.Known || s.Excess >= agreesStraight && s.Agreement < alike):
			left[i], untold = true, true
		}
	}
	n := 0
	for i, l := range labels {
		if l < 0 || !left[l] {
			r.m.Mask[i] = 0
			continue
		}
		n++
	}
	r.m.Share = float64(n) / float64(len(labels)) / max(r.m.Known, 1/float64(len(labels)))
	switch {
	case r.sites > 0:
		r.detail = asset.Fail
	case !untold:
		r.detail = asset.Pass
	}
}

// seen spreads what is in view of a marked picture over its pixels; nil is all.
func seen(v fragile.View) []bool {
	if v.Seen == nil {
		return nil
	}
	w, h := v.Luma.W, v.Luma.H
	cw, ch := w/cellSide, h/cellSide
	out := make([]bool, w*h)
	for y := range ch * cellSide {
		for x := range cw * cellSide {
			out[y*w+x] = v.Seen[y/cellSide*cw+x/cellSide] != 0
		}
	}
	return out
}

const cellSide = 4 // pixels of fragile.View's cells

// recompare compares once more, where the track lies pixel on pixel: features place a
// small piece of a picture less exactly, and every edge then seems to differ.
func (f *found) recompare(rendition *raster.Picture, at fragile.Placement, p *probe) {
	back, ok := fragile.Unmoved(rendition.Size()).Map.Inverse()
	if !ok {
		return
	}
	ref := working(rendition)
	w, h := rendition.Size()
	m := align.Resized(p.info.Width, p.info.Height, p.rgb.W, p.rgb.H).Mul(align.Homography(at.Map)).
		Mul(align.Homography(back)).Mul(align.Resized(ref.W, ref.H, w, h)).Normalised()
	if c := tamper.Compare(ref, p.rgb, m); c.SameScene && (agrees(c) || !agrees(f.result.Map) && c.Agreement > f.result.Map.Agreement) {
		f.result.Registration.H, f.result.Map = m, c
	}
}
