package verify

import (
	"bytes"
	"context"
	"slices"

	"github.com/certana/certana/internal/asset"
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
	derived  bool // a copy of an earlier asset that the caller may not know of
}

// found is what identification came to.
type found struct {
	candidates []candidate // that the caller may know of, earliest registered first
	near       []registry.Near
	tracks     []asset.TrackEvidence
	payload    *uint64

	chosen *candidate // the one that the verdict is about; nil is none
	result tamper.Result
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
	return f, v.resolve(ctx, f, o)
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

// resolve puts in the place of each copy the asset that it is a copy of, for
// nobody becomes the author of a picture by registering it again. A source that
// the caller may not know of leaves the copy, marked as one.
func (v *Verifier) resolve(ctx context.Context, f *found, o Options) error {
	for i := 0; i < len(f.candidates); i++ {
		c := &f.candidates[i]
		if err := v.traced(ctx, c); err != nil {
			return err
		}
		if c.asset.DerivedFrom == nil {
			continue
		}
		source, err := v.Rows.AssetByID(ctx, *c.asset.DerivedFrom)
		if asset.Is(err, asset.AssetNotFound) {
			continue // withdrawn: the copy is now the earliest claim
		}
		if err != nil {
			return err
		}
		reasons := *c
		// The copy's bytes are not the source's: it is compared, not believed.
		c.derived = true
		f.add(*source, o, func(s *candidate) { s.track = s.track || reasons.track })
	}
	slices.SortFunc(f.candidates, func(x, y candidate) int {
		return bytes.Compare(x.asset.ID[:], y.asset.ID[:]) // UUIDv7: the order of registration
	})
	return nil
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
// rendition needs no comparing. Otherwise the picture is aligned with the
// candidates in the order of their registration, and the first that shows the
// same scene is chosen; when none does, the one that the strongest evidence
// named.
func (v *Verifier) compare(ctx context.Context, p *probe, f *found, o Options) error {
	if i := slices.IndexFunc(f.candidates, func(c candidate) bool { return c.exact && !c.derived }); i >= 0 {
		f.chosen = &f.candidates[i]
		f.result = untouched(p)
		return nil
	}
	var weak *candidate
	var weakResult tamper.Result
	compared := 0
	for i := range f.candidates {
		c := &f.candidates[i]
		if c.derived || compared == maxCompared {
			continue
		}
		compared++
		r, err := v.Comparer.Compare(ctx, c.asset, p.rgb)
		if err != nil {
			return err
		}
		if r.Registered && r.Map.SameScene {
			f.chosen, f.result = c, r
			return nil
		}
		if weak == nil || c.track && !weak.track {
			weak, weakResult = c, r
		}
	}
	if weak == nil { // only copies, whose sources the caller may not know of
		if i := slices.IndexFunc(f.candidates, func(c candidate) bool { return c.derived }); i >= 0 {
			weak = &f.candidates[i]
		}
	}
	f.chosen, f.result = weak, weakResult
	return nil
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
