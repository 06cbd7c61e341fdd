package verify

import (
	"context"
	"encoding/hex"
	"encoding/json"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/exif"
	"github.com/certana/certana/internal/ledger"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/tamper"
	"github.com/certana/certana/internal/watermark"
)

// weighed is what the chosen asset's record is worth, and how the file's
// metadata compares with it. Without a chosen asset nothing is checked.
type weighed struct {
	commitment *asset.Commitment
	checks     pipeline.Checks
	record     asset.Outcome
	issuer     *asset.Issuer
	claimants  []asset.Issuer // of the other candidates
	metadata   asset.Outcome
	modified   []exif.Modification
}

func (v *Verifier) weigh(ctx context.Context, p *probe, f *found) (*weighed, error) {
	w := &weighed{record: asset.NotChecked, metadata: asset.NotChecked,
		checks: pipeline.Checks{Signature: asset.NotChecked, Inclusion: asset.NotChecked, Checkpoint: asset.NotChecked}}
	if f.chosen == nil {
		return w, nil
	}
	a := f.chosen.asset
	c, err := v.Rows.CommitmentByAsset(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	w.commitment = c
	if w.checks, err = v.Pipeline.Check(ctx, *c); err != nil {
		return nil, err
	}
	digest, err := v.metadataDigest(ctx, a)
	if err != nil {
		return nil, err
	}
	w.record = stated(a, digest, c.Statement)
	if err := v.issuers(ctx, w, f); err != nil {
		return nil, err
	}
	return w, v.compareMetadata(ctx, w, a, p)
}

// metadataDigest is the salted digest of an asset's metadata, computed anew; ""
// when there is none on record.
func (v *Verifier) metadataDigest(ctx context.Context, a asset.Asset) (string, error) {
	row, err := v.Rows.Metadata(ctx, a.ID)
	if asset.Is(err, asset.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	digest, err := pipeline.MetadataDigest(row)
	return hex.EncodeToString(digest[:]), err
}

// stated tells whether a statement is about the asset as it is on record.
func stated(a asset.Asset, metadataDigest string, statement []byte) asset.Outcome {
	s, err := ledger.ParseStatement(statement)
	if err != nil {
		return asset.Fail
	}
	content, cerr := ledger.ParseHash(a.ContentHash)
	marked, merr := ledger.ParseHash(a.WatermarkHash)
	if cerr != nil || merr != nil || s.AssetID != a.ID || s.OrganizationID != a.OrganizationID ||
		s.ContentHash != content || s.WatermarkHash != marked || s.CID.String() != a.CID ||
		hex.EncodeToString(s.MetadataDigest[:]) != metadataDigest || s.RegisteredAt.UnixMilli() != a.CreatedAt.UnixMilli() {
		return asset.Fail
	}
	return asset.Pass
}

// issuers says who vouches for the chosen asset and who else claims the picture.
func (v *Verifier) issuers(ctx context.Context, w *weighed, f *found) error {
	for i := range f.candidates {
		c := &f.candidates[i]
		org, err := v.Rows.OrganizationByID(ctx, c.asset.OrganizationID)
		if err != nil {
			return err
		}
		issuer := asset.Issuer{OrganizationID: org.ID, Status: standing(org), RegisteredAt: c.asset.CreatedAt}
		if issuer.Status == asset.IssuerActive {
			issuer.Name = org.Name
		}
		if commitment, err := v.Rows.CommitmentByAsset(ctx, c.asset.ID); err == nil {
			issuer.KeyID = commitment.KeyID
		}
		if c == f.chosen {
			w.issuer = &issuer
		} else {
			w.claimants = append(w.claimants, issuer)
		}
	}
	return nil
}

// standing is how an organization stands now.
func standing(o *db.Organization) asset.IssuerStatus {
	switch {
	case o.DeletedAt != nil || o.ErasedAt != nil:
		return asset.IssuerDeleted
	case o.SuspendedAt != nil:
		return asset.IssuerSuspended
	}
	return asset.IssuerActive
}

// aside is what the details add to the verdict, which goes by the evidence alone: the
// issuer may not stand behind it any more.
func aside(i *asset.Issuer) string {
	switch {
	case i == nil || i.Status == asset.IssuerActive:
		return ""
	case i.Status == asset.IssuerSuspended:
		return " The organization that registered the asset was suspended by the operator; its record is shown as it was made."
	}
	return " The organization that registered the asset was deleted; its record is shown as it was made."
}

// compareMetadata lists what the file says otherwise than the registered one.
func (v *Verifier) compareMetadata(ctx context.Context, w *weighed, a asset.Asset, p *probe) error {
	if !a.Options.MetadataTracking {
		return nil
	}
	row, err := v.Rows.Metadata(ctx, a.ID)
	if asset.Is(err, asset.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var registered exif.Fields
	if err := json.Unmarshal(row.Fields, &registered); err != nil {
		return err
	}
	w.modified = exif.Diff(registered, p.metadata)
	w.metadata = asset.Pass
	if len(w.modified) > 0 {
		w.metadata = asset.Fail
	}
	return nil
}

// findings turns what was found into what the verdict is made of.
func (w *weighed) findings(p *probe, f *found) Findings {
	n := asset.NotChecked
	out := Findings{Exact: n, Track: n, Fingerprint: n, Scene: n, Pixels: n, Local: n, Detail: n,
		Signature: w.checks.Signature, Record: w.record, Inclusion: w.checks.Inclusion}
	if w.checks.Checkpoint == asset.Fail {
		out.Inclusion = asset.Fail
	}
	c := f.chosen
	if c == nil {
		return out
	}
	out.Identified, out.Derived = true, c.derived
	if c.exact {
		out.Exact = asset.Pass
	}
	switch {
	case c.track:
		out.Track = asset.Pass
	case f.payload != nil && *f.payload != c.asset.Payload:
		out.Track = asset.Fail
	}
	if len(p.hashes) > 0 {
		out.Fingerprint = outcome(c.near)
	}
	m := f.result.Map
	switch {
	case f.result.Registered && m.SameScene:
		out.Scene, out.Pixels = asset.Pass, outcome(agrees(m))
		out.AlteredShare, out.Regions = m.Ratio, len(m.Regions)
	case strong(p) && !f.absent:
		out.Scene = asset.Fail
	}
	if f.fragile != nil {
		out.Local, out.LocalShare = f.fragile.outcome, f.fragile.share
		out.Detail, out.Sites = f.fragile.detail, f.fragile.sites
	}
	return out
}

// agrees tells whether the pixels are those of the registered rendition: nothing
// stands out, and most of them correlate. Where most were replaced it is they that
// stand for the rule, and nothing stands out from them.
func agrees(m *tamper.Map) bool { return !m.Altered && m.Agreement >= leastAgreement }

// leastAgreement is far below what faithful copies reach: 0.7 after a blur of two
// pixels.
const leastAgreement = 0.5

func outcome(pass bool) asset.Outcome {
	if pass {
		return asset.Pass
	}
	return asset.Fail
}

func watermarkPayload(t asset.TrackEvidence) watermark.Payload { return watermark.Payload(t.Payload) }
