package registry_test

import (
	"testing"

	"github.com/certana/certana/internal/app"
	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/registry"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/vault"
	"github.com/certana/certana/internal/watermark"
)

// fresh is a registry over a deployment's rows as another process would open it,
// with an index of its own.
func fresh(t *testing.T, d *apptest.Deployment) *registry.Registry {
	t.Helper()
	v, err := vault.Load(d.Dir + "/master.key")
	if err != nil {
		t.Fatal(err)
	}
	return registry.New(d.Rows, app.MarkKey(v), fingerprint.NewLinear[asset.ID]())
}

// stored is the fingerprint on record.
func stored(t *testing.T, d *apptest.Deployment, a asset.Asset) fingerprint.Hash {
	t.Helper()
	rows, err := d.Rows.Fingerprints(t.Context(), a.ID)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d fingerprints, %v", len(rows), err)
	}
	h, err := fingerprint.Parse(rows[0].PDQ)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func near(t *testing.T, r *registry.Registry, h fingerprint.Hash) []registry.Near {
	t.Helper()
	out, err := r.Similar(t.Context(), []fingerprint.Hash{h})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A registry sees what was registered after it was made, by whatever process,
// and forgets what was deleted by another.
func TestSimilarFollowsTheTable(t *testing.T) {
	d := apptest.Start(t)
	r := fresh(t, d)
	if got := near(t, r, fingerprint.Hash{}); len(got) != 0 {
		t.Fatalf("an empty registry knows %v", got)
	}
	first := d.Register(t, d.Org, apptest.JPEG(t, synth.Photo(320, 240, 1), 92))
	second := d.Register(t, d.Org, apptest.JPEG(t, synth.Photo(320, 240, 2), 92))
	for _, a := range []asset.Asset{first, second} {
		got := near(t, r, stored(t, d, a))
		if len(got) != 1 || got[0].Asset.ID != a.ID || got[0].Distance != 0 {
			t.Errorf("asset %s: %+v", a.ID, got)
		}
	}
	h := stored(t, d, first)
	if err := d.Pipeline.Delete(t.Context(), d.Org, first.ID); err != nil {
		t.Fatal(err)
	}
	for range 2 { // found in the index and dropped, then not there any more
		if got := near(t, r, h); len(got) != 0 {
			t.Errorf("a deleted asset is near: %+v", got)
		}
	}
}

func TestSimilarOrdersByDistance(t *testing.T) {
	d := apptest.Start(t)
	a := d.Register(t, d.Org, apptest.JPEG(t, synth.Photo(320, 240, 1), 92))
	again := d.Register(t, d.Org, apptest.JPEG(t, synth.Photo(320, 240, 1), 60))
	h := stored(t, d, again)
	got := near(t, fresh(t, d), h)
	if len(got) != 2 || got[0].Asset.ID != again.ID || got[0].Distance != 0 || got[1].Asset.ID != a.ID || got[1].Distance < got[0].Distance {
		t.Errorf("%+v", got)
	}
	for i := range fingerprint.MatchDistance + 1 { // one bit too many
		h[i/64] ^= 1 << (i % 64)
	}
	if got := near(t, fresh(t, d), h); len(got) > 0 && got[0].Asset.ID == again.ID {
		t.Errorf("beyond the threshold: %+v", got[0])
	}
}

func TestByPayloadAndBytes(t *testing.T) {
	d := apptest.Start(t)
	r := fresh(t, d)
	a := d.Register(t, d.Org, apptest.JPEG(t, synth.Photo(320, 240, 1), 92))
	got, err := r.ByPayload(t.Context(), watermark.Payload(a.Payload))
	if err != nil || got == nil || got.ID != a.ID {
		t.Errorf("by payload: %v, %v", got, err)
	}
	for name, p := range map[string]watermark.Payload{"another key's": watermark.Payload(a.Payload ^ 1), "zero": 0} {
		if got, err := r.ByPayload(t.Context(), p); err != nil || got != nil {
			t.Errorf("%s payload finds %v, %v", name, got, err)
		}
	}
	for name, hash := range map[string]string{"original": a.ContentHash, "watermarked": a.WatermarkHash} {
		all, err := r.ByBytes(t.Context(), hash)
		if err != nil || len(all) != 1 || all[0].ID != a.ID {
			t.Errorf("by the %s bytes: %v, %v", name, all, err)
		}
	}
	if all, err := r.ByBytes(t.Context(), a.CID); err != nil || len(all) != 0 {
		t.Errorf("by no bytes at all: %v, %v", all, err)
	}
}
