package verify

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"slices"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/exif"
	"github.com/certana/certana/internal/tamper"
)

// report fills the answer in; verdict and confidence are the caller's.
func report(p *probe, f *found, w *weighed, o Options) Result {
	r := Result{
		Watermark:   watermarkResult(f),
		Fingerprint: fingerprintResult(f),
		Blockchain:  blockchainResult(w),
		Metadata:    MetadataResult{EXIFIntact: w.metadata == asset.Pass, Modifications: []exif.Modification{}},
		TamperBoxes: []asset.Box{},
		Claimants:   []asset.Issuer{},
		Evidence:    evidence(p, f, w),
	}
	if o.TamperMap && (f.result.Map != nil || f.local() != nil) {
		r.TamperMap = tamperPNG(p, f)
	}
	if f.chosen == nil {
		return r
	}
	a := f.chosen.asset
	r.AssetID, r.Issuer, r.DerivedFrom = &a.ID, w.issuer, a.DerivedFrom
	if f.chosen.derived {
		r.DerivedFrom = nil // its source is not for this caller to know
	}
	r.Claimants = append(r.Claimants, w.claimants...)
	r.Metadata.Modifications = append(r.Metadata.Modifications, disclosed(w.modified, a, o)...)
	r.TamperBoxes = boxes(p, f)
	return r
}

func watermarkResult(f *found) WatermarkResult {
	r := WatermarkResult{Tracks: f.tracks}
	for _, t := range f.tracks {
		switch t.Track {
		case "a":
			r.TrackA = t.Detected
		case "b":
			r.TrackB = t.Detected
		case "c":
			r.TrackC = t.Detected
		}
	}
	if f.payload != nil {
		s := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, *f.payload))
		r.Payload = &s
	}
	return r
}

func fingerprintResult(f *found) FingerprintResult {
	r := FingerprintResult{MatchCount: len(f.near), TopMatches: []asset.Match{}}
	for i, n := range f.near {
		d := float64(n.Distance) / 256
		r.SimilarityScore += (1 - d) / float64(len(f.near))
		if i < 10 {
			r.TopMatches = append(r.TopMatches, asset.Match{AssetID: n.Asset.ID, Similarity: 1 - d, Distance: d})
		}
	}
	return r
}

func blockchainResult(w *weighed) BlockchainResult {
	c := w.commitment
	if c == nil {
		return BlockchainResult{}
	}
	r := BlockchainResult{CommitmentFound: c.LeafIndex != nil,
		SignatureValid: w.checks.Signature == asset.Pass, OnChain: w.checks.Inclusion == asset.Pass}
	if c.TxHash != "" {
		r.TxHash = &c.TxHash
	}
	return r
}

// local is track B's map, as far as it counts.
func (f *found) local() *localMap {
	if f.fragile == nil {
		return nil
	}
	return f.fragile.local
}

// disclosed is what a caller may see of the metadata's differences: outsiders
// learn which fields differ, never the registered values.
func disclosed(all []exif.Modification, a asset.Asset, o Options) []exif.Modification {
	if o.OrgID != nil && *o.OrgID == a.OrganizationID {
		return all
	}
	out := make([]exif.Modification, len(all))
	for i, m := range all {
		m.Registered = ""
		out[i] = m
	}
	return out
}

// boxes are the altered regions in pixels of the submitted picture.
func boxes(p *probe, f *found) []asset.Box {
	var regions []tamper.Box
	if m := f.result.Map; m != nil && m.SameScene {
		regions = m.Regions
	}
	if l := f.local(); l != nil {
		regions = append(slices.Clone(regions), l.apart(regions)...)
	}
	sx, sy := float64(p.info.Width)/float64(p.rgb.W), float64(p.info.Height)/float64(p.rgb.H)
	out := []asset.Box{}
	for _, b := range regions {
		x0, y0 := int(math.Floor(float64(b.X)*sx)), int(math.Floor(float64(b.Y)*sy))
		x1, y1 := int(math.Ceil(float64(b.X+b.W)*sx)), int(math.Ceil(float64(b.Y+b.H)*sy))
		out = append(out, asset.Box{X: x0, Y: y0, Score: b.Score,
			Width: min(x1, p.info.Width) - x0, Height: min(y1, p.info.Height) - y0})
	}
	return out
}

// tamperPNG renders the map in the submitted picture's upright geometry.
func tamperPNG(p *probe, f *found) *string {
	w, h := p.info.Width, p.info.Height
	grey := make([]uint8, w*h)
	if f.result.Map != nil {
		grey = f.result.Map.Gray(w, h)
	}
	if l := f.local(); l != nil {
		l.over(grey, w, h)
	}
	img := &image.Gray{Pix: grey, Stride: w, Rect: image.Rect(0, 0, w, h)}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil // a grey picture in memory always encodes
	}
	s := base64.StdEncoding.EncodeToString(b.Bytes())
	return &s
}

// evidence lists every check in the order in which a reader wants them.
func evidence(p *probe, f *found, w *weighed) []asset.Evidence {
	fs := w.findings(p, f)
	out := []asset.Evidence{{Check: "content_hash", Outcome: fs.Exact, Note: "the file's SHA-256 against the registered renditions"}}
	for _, t := range f.tracks {
		p := t.PValue
		e := asset.Evidence{Check: "track_" + t.Track, Outcome: asset.NotChecked, Figure: &p, Note: t.Status + " (source: " + t.Source + "); the figure is the p-value under no watermark"}
		if t.Detected && f.chosen != nil {
			e.Outcome = outcome(t.Payload == f.chosen.asset.Payload)
		}
		out = append(out, e)
	}
	if f.chosen == nil {
		return out
	}
	e := asset.Evidence{Check: "fingerprint", Outcome: fs.Fingerprint, Note: "Hamming distance of the 256-bit fingerprints; a match is 31 or less"}
	if f.chosen.near {
		d := float64(f.chosen.distance)
		e.Figure = &d
	}
	out = append(out, e)
	scene := asset.Evidence{Check: "alignment", Outcome: fs.Scene, Note: "correlation with the registered rendition after alignment, -1 to 1"}
	pixels := asset.Evidence{Check: "tamper", Outcome: fs.Pixels, Note: "altered share of the compared pixels"}
	if m := f.result.Map; m != nil {
		scene.Figure, pixels.Figure = &m.Agreement, &m.Ratio
		pixels.Note = fmt.Sprintf("altered share of the compared pixels, which are %.0f%% of the picture", 100*m.Coverage)
	}
	out = append(out, scene, pixels)
	if l := f.fragile; l != nil {
		e := asset.Evidence{Check: "localization", Outcome: l.outcome, Note: l.note}
		if l.outcome != asset.NotChecked {
			e.Figure = &l.share
		}
		switch {
		case l.detail == asset.Fail:
			e.Note += "; held against the registered rendition at full size, " + plural(l.sites, "region") + " differing"
		case l.outcome == asset.Fail:
			e.Note += "; that could not be held against the registered rendition at full size, or not with certainty"
		}
		out = append(out, e)
	}
	return append(out,
		asset.Evidence{Check: "metadata", Outcome: w.metadata, Note: "the file's metadata against the registered; benign copies often lose it"},
		asset.Evidence{Check: "signature", Outcome: fs.Signature, Note: "the organization's signature over the statement"},
		asset.Evidence{Check: "record", Outcome: fs.Record, Note: "the stored record against the statement"},
		asset.Evidence{Check: "inclusion", Outcome: fs.Inclusion, Note: "the statement in the ledger, under a signed checkpoint"})
}

// nameless is a result without the names of organizations, which would outlive them
// in others' histories.
func nameless(r Result) Result {
	if r.Issuer != nil {
		issuer := *r.Issuer
		issuer.Name, r.Issuer = "", &issuer
	}
	r.Claimants = slices.Clone(r.Claimants)
	for i := range r.Claimants {
		r.Claimants[i].Name = ""
	}
	return r
}

// remember keeps the answer in the caller's history, under the time at which the
// picture was shown, so that a batch stands in the order of its files however long
// each took, and announces it. The map is left out: it is large and can be made
// again from the picture.
func (v *Verifier) remember(ctx context.Context, r Result, shown time.Time, o Options) error {
	kept := nameless(r)
	kept.TamperMap = nil
	b, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("keep the verification: %w", err)
	}
	row := &db.Verification{ID: r.ID, OrganizationID: o.OrgID, UserID: o.UserID, AssetID: r.AssetID,
		Verdict: r.Verdict, Confidence: r.Confidence, Result: db.JSON(b), VerifiedAt: shown.UTC()}
	return v.Rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.InsertVerification(ctx, row); err != nil {
			return err
		}
		if v.Announcer == nil || o.OrgID == nil {
			return nil
		}
		return v.Announcer.Announce(ctx, tx, asset.Event{Name: "verification.completed", OrganizationID: *o.OrgID, At: v.Now().UTC(),
			Data: map[string]any{"verification_id": r.ID, "verdict": r.Verdict, "confidence": r.Confidence, "asset_id": r.AssetID}})
	})
}
