package verify_test

import (
	"image"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/verify"
	"github.com/certana/certana/internal/watermark"
)

// check verifies bytes as an anonymous caller and reports what the evidence
// was when the verdict is another.
func check(t *testing.T, d *apptest.Deployment, data []byte, o verify.Options, want asset.Verdict) verify.Result {
	t.Helper()
	r, err := d.Verifier.Verify(t.Context(), d.Spool(t, data), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != want {
		t.Errorf("verdict %s, want %s: %s", r.Verdict, want, r.Details)
		for _, e := range r.Evidence {
			f := -1.0
			if e.Figure != nil {
				f = *e.Figure
			}
			t.Logf("  %-12s %-12s %8.4g  %s", e.Check, e.Outcome, f, e.Note)
		}
	}
	return r
}

func attacked(t *testing.T, data []byte, name string, strength float64) []byte {
	t.Helper()
	p, err := raster.Decode(data, raster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := attack.Apply(p.RGB(0), name, strength, 1)
	if err != nil {
		t.Fatal(err)
	}
	if r.Encoded != nil {
		return r.Encoded
	}
	b, err := raster.EncodePNG(r.RGB.Image())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A verdict goes by the evidence; that the issuer was stopped is said, without a name.
// No name is kept, to outlive its organization.
func TestIssuerThatEnded(t *testing.T) {
	d := apptest.Start(t)
	a := d.Register(t, d.Org, apptest.JPEG(t, photo(1), 92))
	rendition := d.Rendition(t, a)
	o, err := d.Rows.OrganizationByID(t.Context(), d.Org)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := d.NewOrganization(t, "asking")
	now := time.Now()
	for _, c := range []struct {
		status             asset.IssuerStatus
		suspended, deleted *time.Time
		name, said         string
	}{
		{asset.IssuerActive, nil, nil, o.Name, ""},
		{asset.IssuerSuspended, &now, nil, "", "suspended"},
		{asset.IssuerDeleted, nil, &now, "", "deleted"},
		{asset.IssuerDeleted, &now, &now, "", "deleted"},
	} {
		o.SuspendedAt, o.DeletedAt = c.suspended, c.deleted
		if err := d.Rows.UpdateOrganization(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		r := check(t, d, rendition, verify.Options{OrgID: &other}, asset.Authentic)
		if r.Issuer.Status != c.status || r.Issuer.Name != c.name || (c.said != "") != strings.Contains(r.Details, "The organization that registered the asset was "+c.said) {
			t.Errorf("%s: %+v, %s", c.status, r.Issuer, r.Details)
		}
	}
	kept, _, err := d.Rows.VerificationHistory(t.Context(), db.HistoryFilter{OrganizationID: other, Page: db.Page{Number: 1, Size: 10}})
	if err != nil || len(kept) != 4 {
		t.Fatalf("%d kept, %v", len(kept), err)
	}
	for _, v := range kept {
		if strings.Contains(string(v.Result), o.Name) || !strings.Contains(string(v.Result), d.Org.String()) {
			t.Errorf("kept: %s", v.Result)
		}
	}
}

func pasted(t *testing.T, data []byte, share float64) []byte {
	t.Helper()
	p, err := raster.Decode(data, raster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	img := p.RGB(0).Image()
	synth.PasteObject(img, 7, share)
	return apptest.JPEG(t, img, 90)
}

func photo(seed uint64) image.Image { return synth.Photo(960, 720, seed) }

func TestVerdicts(t *testing.T) {
	d := apptest.Start(t)
	a := d.Register(t, d.Org, apptest.JPEG(t, photo(1), 92))
	rendition := d.Rendition(t, a)

	t.Run("the rendition itself", func(t *testing.T) {
		r := check(t, d, rendition, verify.Options{TamperMap: true}, asset.Authentic)
		if !r.Watermark.TrackA || r.Watermark.Payload == nil || r.TamperMap == nil || !r.Blockchain.SignatureValid {
			t.Errorf("fields are not filled: %+v", r)
		}
		if *r.AssetID != a.ID || r.Issuer.OrganizationID != d.Org {
			t.Errorf("identified %s of %s", r.AssetID, r.Issuer.OrganizationID)
		}
	})
	for _, c := range []struct {
		attack   string
		strength float64
	}{{"jpeg", 70}, {"jpeg", 30}, {"resize", 0.75}, {"crop", 0.5}, {"rotate", 5}, {"rotate", 90}, {"hflip", 0}, {"brightness", 1.2}, {"social", 1080}, {"screenshot", 0.8}} {
		t.Run(attack.Attack{Name: c.attack, Strength: c.strength}.Label(), func(t *testing.T) {
			r := check(t, d, attacked(t, rendition, c.attack, c.strength), verify.Options{}, asset.Authentic)
			if r.TamperMap != nil {
				t.Error("a tamper map was not asked for")
			}
		})
	}
	t.Run("an object pasted in", func(t *testing.T) {
		r := check(t, d, pasted(t, rendition, 0.04), verify.Options{TamperMap: true}, asset.Forged)
		if len(r.TamperBoxes) == 0 || r.TamperMap == nil {
			t.Error("it is not said where")
		}
	})
	t.Run("an unrelated photograph", func(t *testing.T) {
		r := check(t, d, apptest.JPEG(t, photo(2), 92), verify.Options{TamperMap: true}, asset.Unknown)
		if r.AssetID != nil || r.Issuer != nil {
			t.Error("an asset is named")
		}
	})
}

// A mark that was read off one picture and drawn on another names the first
// asset, and the pixels give it away.
func TestTransplantIsForged(t *testing.T) {
	d := apptest.Start(t)
	a := d.Register(t, d.Org, apptest.JPEG(t, photo(1), 92))
	p, err := raster.Decode(apptest.JPEG(t, photo(3), 92), raster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Tracks[0].Embed(p, watermark.Payload(a.Payload)); err != nil {
		t.Fatal(err)
	}
	b, err := raster.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	r := check(t, d, b, verify.Options{}, asset.Forged)
	if r.AssetID == nil || *r.AssetID != a.ID {
		t.Errorf("the mark names %v, want %s", r.AssetID, a.ID)
	}
}

// Whoever registers another's picture later does not become its author: the
// earlier asset is the one that is identified, and the later claim is listed.
func TestLaterClaimantIsNotAuthentic(t *testing.T) {
	d := apptest.Start(t)
	first := d.Register(t, d.Org, apptest.JPEG(t, photo(1), 92))
	other, _ := d.NewOrganization(t, "second")
	later := d.Register(t, other, d.Rendition(t, first))

	r := check(t, d, d.Rendition(t, later), verify.Options{OrgID: &other}, asset.Authentic)
	if *r.AssetID != first.ID || r.Issuer.OrganizationID != d.Org {
		t.Errorf("issued by %s, asset %s; want the earlier claim %s", r.Issuer.Name, r.AssetID, first.ID)
	}
	if len(r.Claimants) != 1 || r.Claimants[0].OrganizationID != other {
		t.Errorf("the later claimant is not listed: %+v", r.Claimants)
	}

	// The source turns private: outsiders may not learn of it, and the copy
	// still is not authentic in its own right.
	private := asset.Private
	if _, err := d.Rows.UpdateAsset(t.Context(), d.Org, first.ID, db.AssetPatch{Visibility: &private}); err != nil {
		t.Fatal(err)
	}
	r = check(t, d, d.Rendition(t, later), verify.Options{}, asset.Unknown)
	if r.DerivedFrom != nil {
		t.Error("the private source is named")
	}
}

func TestPrivateAssetIsUnknownToOutsiders(t *testing.T) {
	d := apptest.Start(t)
	a, err := d.Pipeline.Accept(t.Context(), pipeline.Upload{OrganizationID: d.Org, Options: apptest.AllTracks, Visibility: asset.Private,
		File: d.Spool(t, apptest.JPEG(t, photo(1), 92))})
	if err != nil {
		t.Fatal(err)
	}
	if a, err = d.Pipeline.Wait(t.Context(), a.ID, time.Minute); err != nil || a.Status != asset.Completed {
		t.Fatalf("%+v, %v", a, err)
	}
	other, _ := d.NewOrganization(t, "second")
	rendition := d.Rendition(t, a)
	for name, o := range map[string]verify.Options{"anonymous": {}, "another organization": {OrgID: &other}} {
		for kind, data := range map[string][]byte{"bytes": rendition, "copy": attacked(t, rendition, "jpeg", 80)} {
			r := check(t, d, data, o, asset.Unknown)
			if r.AssetID != nil || r.Issuer != nil || len(r.Fingerprint.TopMatches) > 0 || r.TamperMap != nil {
				t.Errorf("%s learns of it by its %s", name, kind)
			}
		}
	}
	check(t, d, rendition, verify.Options{OrgID: &d.Org}, asset.Authentic)
}

// Outsiders see which metadata differs, never what is registered.
func TestMetadataValuesStayInside(t *testing.T) {
	d := apptest.Start(t)
	data := sharedFile(t, "corpus/highres/Canon_EOS_5D.jpg")
	a := d.Register(t, d.Org, data)
	stripped := attacked(t, d.Rendition(t, a), "jpeg", 90)
	for _, c := range []struct {
		o     verify.Options
		shown bool
	}{{verify.Options{}, false}, {verify.Options{OrgID: &d.Org}, true}} {
		r := check(t, d, stripped, c.o, asset.Authentic)
		if len(r.Metadata.Modifications) == 0 || r.Metadata.EXIFIntact {
			t.Fatal("a stripped copy has its metadata intact")
		}
		if got := r.Metadata.Modifications[0].Registered != ""; got != c.shown {
			t.Errorf("registered value shown: %v, want %v", got, c.shown)
		}
	}
	if r := check(t, d, d.Rendition(t, a), verify.Options{}, asset.Authentic); !r.Metadata.EXIFIntact {
		t.Errorf("the rendition's metadata differs: %+v", r.Metadata.Modifications)
	}
}

// sharedFile reads a file of the corpora beside the repository.
func sharedFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(corpus.Need(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
