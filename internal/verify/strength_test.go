package verify_test

import (
	"testing"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/verify"
	"github.com/certana/certana/internal/watermark"
)

// Who changes the strength of track B still reads what was marked before.
func TestStrengthOutlivesItsSetting(t *testing.T) {
	corpus.Kodak(t)
	d := apptest.Start(t)
	a := d.Register(t, d.Org, kodak(t, 2))
	rendition := d.Rendition(t, a)
	rows, err := d.Rows.Tracks(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if want := map[string]float64{"b": watermark.DefaultConfig().FragilePSNR}[r.Track]; r.Strength != want {
			t.Errorf("track %s is kept as drawn at %g dB, want %g", r.Track, r.Strength, want)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	finer := watermark.DefaultConfig()
	finer.FragilePSNR = 54
	d = apptest.ReopenWith(t, d.Dir, finer)
	crop, q80 := attack.Attack{Name: "crop", Strength: .75}, attack.Attack{Name: "jpeg", Strength: 80}
	for name, way := range map[string][]attack.Attack{"as it lies": {q80}, "a crop": {crop, q80}} {
		clean, _ := travelled(t, rendition, way...)
		r := check(t, d, clean, verify.Options{}, asset.Authentic)
		if e := evidenceOf(t, r, "localization"); e.Outcome != asset.Pass {
			t.Errorf("%s, untouched: %s, %s", name, e.Outcome, e.Note)
		}
	}
}
