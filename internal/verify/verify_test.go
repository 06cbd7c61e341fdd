package verify_test

import (
	"image"
	"testing"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/verify"
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

func photo(seed uint64) image.Image { return synth.Photo(1200, 900, seed) }

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
