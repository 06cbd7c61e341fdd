package verify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/registry"
	"github.com/certana/certana/internal/tamper"
)

// candidate is a registered asset that the picture may be a copy of, and why.
type candidate struct {
	asset    asset.Asset
	exact    bool // the bytes are one of its renditions
	track    bool // a watermark payload names it
	near     bool // its fingerprint is within the match threshold
	distance int  // bits of 256, when near
	derived  bool // a copy of an earlier asset, so that it vouches for nothing
}

// found is what identification came to.
type found struct {
	candidates []candidate // that the caller may know of, the best named first
	near       []registry.Near
	tracks     []asset.TrackEvidence
	payload    *uint64

	chosen *candidate // the one that the verdict is about; nil is none
	result tamper.Result
	absent bool // its rendition is not there to be compared with

	fragile *reading // nil where track B was not looked at
}

// identify gathers the candidates: by exact bytes, by watermark, by
// fingerprint. Private assets of others are dropped as if they were not there.
func (v *Verifier) identify(ctx context.Context, p *probe, o Options) (*found, error) {
	f := &found{}
	exact, err := v.Registry.ByBytes(ctx, p.sha256)
	if err != nil {
		return nil, err
	}
	for _, a := range exact {
		f.add(a, o, func(c *candidate) { c.exact = true })
	}

	if len(f.candidates) > 0 {
		if f.tracks, err = v.certifiedTracks(ctx, f.candidates[0].asset); err != nil {
			return nil, err
		}
	} else {
		v.decode(p)
		f.tracks = v.tracks(p)
	}
	for _, t := range f.tracks {
		if !t.Detected {
			continue
		}
		payload := t.Payload
		f.payload = &payload
		a, err := v.Registry.ByPayload(ctx, watermarkPayload(t))
		if err != nil {
			return nil, err
		}
		if a != nil {
			f.add(*a, o, func(c *candidate) { c.track = true })
		}
	}

	near, err := v.Registry.Similar(ctx, p.hashes)
	if err != nil {
		return nil, err
	}
	for _, n := range near {
		if f.add(n.Asset, o, func(c *candidate) { c.near, c.distance = true, n.Distance }) {
			f.near = append(f.near, n)
		}
	}
	f.sort()
	return f, nil
}

// add notes one reason for a candidate; it answers false when the caller may
// not know of the asset.
func (f *found) add(a asset.Asset, o Options, reason func(*candidate)) bool {
	if !visible(a, o) {
		return false
	}
	i := slices.IndexFunc(f.candidates, func(c candidate) bool { return c.asset.ID == a.ID })
	if i < 0 {
		f.candidates = append(f.candidates, candidate{asset: a, distance: 256})
		i = len(f.candidates) - 1
	}
	reason(&f.candidates[i])
	return true
}

// visible tells whether a caller may learn of an asset from a picture.
func visible(a asset.Asset, o Options) bool {
	if a.Status != asset.Completed {
		return false
	}
	return a.Visibility != asset.Private || o.OrgID != nil && *o.OrgID == a.OrganizationID
}

// sort puts the candidates into the order in which they are looked at: exact
// bytes, then a watermark's word, then the nearest fingerprint, then the
// earliest registered (ids are UUIDv7).
func (f *found) sort() {
	rank := func(c candidate) int {
		switch {
		case c.exact:
			return 0
		case c.track:
			return 1
		}
		return 2 + c.distance
	}
	slices.SortStableFunc(f.candidates, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), bytes.Compare(x.asset.ID[:], y.asset.ID[:]))
	})
}

// resolve looks whether a candidate is a copy of an earlier asset and, if so,
// makes that one a candidate too, for nobody becomes the author of a picture by
// registering it again. It answers false for a copy.
func (v *Verifier) resolve(ctx context.Context, f *found, c *candidate, o Options) (original bool, err error) {
	if err := v.traced(ctx, c); err != nil {
		return false, err
	}
	if c.asset.DerivedFrom == nil {
		return true, nil
	}
	source, err := v.Rows.AssetByID(ctx, *c.asset.DerivedFrom)
	if asset.Is(err, asset.AssetNotFound) {
		return true, nil // withdrawn: the copy is now the earliest claim
	}
	if err != nil {
		return false, err
	}
	// The copy's bytes are not the source's: that is compared, not believed.
	c.derived = true
	track := c.track
	f.add(*source, o, func(s *candidate) { s.track = s.track || track })
	return false, nil
}

// traced makes sure that it was looked whether a candidate is a copy. Right
// after an upload the pipeline may not have come to it yet, and until then the
// asset vouches for nothing.
func (v *Verifier) traced(ctx context.Context, c *candidate) error {
	if c.asset.TracedAt != nil {
		return nil
	}
	if err := v.Pipeline.Trace(ctx, c.asset.ID); err != nil {
		return err
	}
	a, err := v.Rows.AssetByID(ctx, c.asset.ID)
	if err == nil {
		c.asset = *a
	}
	return err
}

// certifiedTracks is what certification itself decoded from a rendition; there
// is no need to decode the same bytes again.
func (v *Verifier) certifiedTracks(ctx context.Context, a asset.Asset) ([]asset.TrackEvidence, error) {
	rows, err := v.Rows.Tracks(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	var out []asset.TrackEvidence
	for _, id := range []string{"a", "b", "c"} {
		e := asset.TrackEvidence{Track: id, Status: "unavailable", PValue: 1, Source: "certification"}
		if i := slices.IndexFunc(rows, func(r db.Track) bool { return r.Track == id }); i >= 0 {
			e.Status, e.Detected, e.PValue = rows[i].Status, rows[i].Detected, rows[i].PValue
			if e.Detected {
				e.Payload = a.Payload
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// maxCompared bounds how many candidates a picture is held against.
const maxCompared = 4

// compare chooses the candidate that the verdict is about. A file that is a
// rendition needs no comparing. Otherwise the picture is aligned with the best
// named candidates, and the one that it agrees with best is chosen; when it
// shows the scene of none, the best named.
func (v *Verifier) compare(ctx context.Context, p *probe, f *found, o Options) error {
	var best *compared
	for i, n := 0, 0; i < len(f.candidates) && n < maxCompared; i++ { // resolve may append
		original, err := v.resolve(ctx, f, &f.candidates[i], o)
		if err != nil {
			return err
		}
		if !original {
			continue
		}
		c := &f.candidates[i]
		if c.exact {
			best = &compared{i, untouched(p), false}
			break
		}
		r, err := v.Comparer.Compare(ctx, c.asset, p.rgb)
		absent := errors.Is(err, blob.ErrNotFound)
		if err != nil && !absent {
			return err
		}
		n++
		if next := (&compared{i, r, absent}); best == nil || next.better(best) {
			best = next
		}
		if c.track && r.Registered && r.Map.SameScene {
			break // mark and pixels agree on whose it is
		}
	}
	switch {
	case best != nil:
		f.chosen, f.result, f.absent = &f.candidates[best.index], best.result, best.absent
	case len(f.candidates) > 0: // only copies, of sources that the caller may not know of
		f.chosen = &f.candidates[0]
	}
	return nil
}

// compared is a candidate, by index, and how the picture compares with it.
type compared struct {
	index  int
	result tamper.Result
	absent bool // the rendition is lost
}

// better tells whether the picture agrees more with c than with d. Agreement
// that differs by less than it is worth leaves the better named one in front.
func (c *compared) better(d *compared) bool {
	rank := func(c *compared) float64 {
		switch m := c.result.Map; {
		case !c.result.Registered || !m.SameScene:
			return 0
		case !agrees(m):
			return 1 + m.Agreement
		default:
			return 3 + m.Agreement
		}
	}
	return rank(c) > rank(d)+0.02
}

// untouched is the comparison of a rendition with itself.
func untouched(p *probe) tamper.Result {
	n := p.rgb.W * p.rgb.H
	covered := make([]bool, n)
	for i := range covered {
		covered[i] = true
	}
	return tamper.Result{Registered: true, Map: &tamper.Map{
		W: p.rgb.W, H: p.rgb.H, FullW: p.rgb.W, FullH: p.rgb.H,
		Score: make([]uint8, n), Covered: covered, Coverage: 1, Agreement: 1, SameScene: true, ReferencePart: 1,
	}}
}

// strong tells whether a picture has enough detail for a failed alignment to
// mean another scene.
func strong(p *probe) bool { return p.quality > fingerprint.WeakQuality }
