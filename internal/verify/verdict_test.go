package verify

import (
	"testing"

	"github.com/certana/certana/internal/asset"
)

// The table is meant to be read by somebody who has to defend a verdict.
func TestJudge(t *testing.T) {
	const p, f, n = asset.Pass, asset.Fail, asset.NotChecked
	for _, c := range []struct {
		name string
		in   Findings
		want asset.Verdict
	}{
		{"nothing is identified", Findings{Identified: false, Exact: n, Track: n, Fingerprint: n, Scene: n, Pixels: n, Signature: n, Record: n, Inclusion: n}, asset.Unknown},
		{"the registered rendition itself", Findings{Identified: true, Exact: p, Track: p, Fingerprint: p, Scene: p, Pixels: p, Signature: p, Record: p, Inclusion: p}, asset.Authentic},
		{"the rendition, its commitment still pending", Findings{Identified: true, Exact: p, Track: p, Fingerprint: p, Scene: p, Pixels: p, Signature: p, Record: p, Inclusion: n}, asset.Authentic},
		{"the rendition, but the signature is wrong", Findings{Identified: true, Exact: p, Signature: f, Record: p, Inclusion: p}, asset.Forged},
		{"the rendition, but the statement names another", Findings{Identified: true, Exact: p, Signature: p, Record: f, Inclusion: p}, asset.Forged},
		{"the rendition, but the log does not hold it", Findings{Identified: true, Exact: p, Signature: p, Record: p, Inclusion: f}, asset.Forged},
		{"a faithful copy with its watermark", Findings{Identified: true, Exact: n, Track: p, Fingerprint: p, Scene: p, Pixels: p, Signature: p, Record: p, Inclusion: p}, asset.Authentic},
		{"a faithful copy whose watermark is lost", Findings{Identified: true, Exact: n, Track: n, Fingerprint: p, Scene: p, Pixels: p, Signature: p, Record: p, Inclusion: p}, asset.Authentic},
		{"a crop that only its watermark names", Findings{Identified: true, Exact: n, Track: p, Fingerprint: f, Scene: p, Pixels: p, Signature: p, Record: p, Inclusion: p}, asset.Authentic},
		{"a copy with a region altered", Findings{Identified: true, Exact: n, Track: p, Fingerprint: p, Scene: p, Pixels: f, Signature: p, Record: p, Inclusion: p, Regions: 1}, asset.Forged},
		{"a watermark on another picture", Findings{Identified: true, Exact: n, Track: p, Fingerprint: f, Scene: f, Pixels: n, Signature: p, Record: p, Inclusion: p}, asset.Forged},
		{"a fingerprint near, the scene another", Findings{Identified: true, Exact: n, Track: n, Fingerprint: p, Scene: f, Pixels: n, Signature: p, Record: p, Inclusion: p}, asset.Unknown},
		{"a watermark on a picture too flat to compare", Findings{Identified: true, Exact: n, Track: p, Fingerprint: n, Scene: n, Pixels: n, Signature: p, Record: p, Inclusion: p}, asset.Unknown},
		{"a fingerprint alone", Findings{Identified: true, Exact: n, Track: n, Fingerprint: p, Scene: n, Pixels: n, Signature: p, Record: p, Inclusion: p}, asset.Unknown},
		{"a copy of a copy whose source is hidden", Findings{Identified: true, Exact: p, Track: p, Fingerprint: p, Scene: p, Pixels: p, Signature: p, Record: p, Inclusion: p, Derived: true}, asset.Unknown},
		{"a collage of which a part is registered", Findings{Identified: true, Exact: n, Track: p, Fingerprint: f, Scene: p, Pixels: f, Local: f, LocalShare: .6, Signature: p, Record: p, Inclusion: p}, asset.Forged},
		{"track B points, and at full size the picture differs", Findings{Identified: true, Exact: n, Track: p, Fingerprint: p, Scene: p, Pixels: p, Local: f, LocalShare: .0004, Detail: f, Sites: 1, Signature: p, Record: p, Inclusion: p}, asset.Forged},
		{"the same, of a picture too flat to be aligned", Findings{Identified: true, Exact: n, Track: p, Fingerprint: n, Scene: n, Pixels: n, Local: f, LocalShare: .01, Detail: f, Sites: 1, Signature: p, Record: p, Inclusion: p}, asset.Forged},
		{"track B points, but at full size the picture agrees", Findings{Identified: true, Exact: n, Track: p, Fingerprint: p, Scene: p, Pixels: p, Local: n, Detail: p, Signature: p, Record: p, Inclusion: p}, asset.Authentic},
		{"track B points, and at full size it cannot be told", Findings{Identified: true, Exact: n, Track: p, Fingerprint: p, Scene: p, Pixels: p, Local: f, LocalShare: .1, Detail: n, Signature: p, Record: p, Inclusion: p}, asset.Unknown},
		{"track B is silent, the pixels agree", Findings{Identified: true, Exact: n, Track: p, Fingerprint: p, Scene: p, Pixels: p, Local: n, Detail: n, Signature: p, Record: p, Inclusion: p}, asset.Authentic},
		{"track B sees nothing, the pixels differ", Findings{Identified: true, Exact: n, Track: p, Fingerprint: p, Scene: p, Pixels: f, Local: p, Detail: n, Regions: 1, Signature: p, Record: p, Inclusion: p}, asset.Forged},
		{"the rendition is lost, both marks are whole", Findings{Identified: true, Exact: n, Track: p, Fingerprint: p, Scene: n, Pixels: n, Local: p, Detail: n, Signature: p, Record: p, Inclusion: p}, asset.Unknown},
		{"the rendition is lost, track B says altered", Findings{Identified: true, Exact: n, Track: p, Fingerprint: p, Scene: n, Pixels: n, Local: f, LocalShare: .05, Detail: n, Signature: p, Record: p, Inclusion: p}, asset.Forged},
		{"the same, but little of it", Findings{Identified: true, Exact: n, Track: p, Fingerprint: p, Scene: n, Pixels: n, Local: f, LocalShare: .015, Detail: n, Signature: p, Record: p, Inclusion: p}, asset.Unknown},
		{"the same, of a copy that was turned", Findings{Identified: true, Exact: n, Track: p, Fingerprint: p, Scene: n, Pixels: n, Local: n, LocalShare: .4, Detail: n, Signature: p, Record: p, Inclusion: p}, asset.Unknown},
		{"the same, but track A names nothing", Findings{Identified: true, Exact: n, Track: n, Fingerprint: p, Scene: n, Pixels: n, Local: f, LocalShare: .05, Detail: n, Signature: p, Record: p, Inclusion: p}, asset.Unknown},
		{"both marks whole on what cannot be aligned", Findings{Identified: true, Exact: n, Track: p, Fingerprint: f, Scene: f, Pixels: n, Local: p, Detail: n, Signature: p, Record: p, Inclusion: p}, asset.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, why := Judge(c.in)
			if got != c.want {
				t.Errorf("got %s (%s), want %s", got, why, c.want)
			}
			if why == "" {
				t.Error("no reason is given")
			}
		})
	}
}

// A watermark or a fingerprint alone never makes a picture authentic, whatever
// else is said: every combination is tried.
func TestJudgeNeedsPixels(t *testing.T) {
	all := []asset.Outcome{asset.Pass, asset.Fail, asset.NotChecked}
	for _, track := range all {
		for _, print := range all {
			for _, scene := range all {
				for _, pixels := range all {
					for i := range 9 {
						local, detail := all[i/3], all[i%3]
						f := Findings{Identified: true, Exact: asset.NotChecked, Track: track, Fingerprint: print, Local: local, Detail: detail,
							Scene: scene, Pixels: pixels, Signature: asset.Pass, Record: asset.Pass, Inclusion: asset.Pass}
						got, _ := Judge(f)
						if got == asset.Authentic && (scene != asset.Pass || pixels != asset.Pass) {
							t.Errorf("authentic without agreeing pixels: %+v", f)
						}
						if got == asset.Authentic && (local == asset.Fail || detail == asset.Fail) {
							t.Errorf("authentic against track B's word: %+v", f)
						}
					}
				}
			}
		}
	}
}
