package fragile

import (
	"math"
	"testing"

	"github.com/certana/certana/internal/watermark"
)

// calmPhoto is a wall in soft light, behind a few bars.
func calmPhoto(w, h int) *watermark.RGB {
	m := watermark.NewRGB(w, h)
	for y := range h {
		for x := range w {
			v := 120 + 40*math.Sin(float64(x)/400)*math.Cos(float64(y)/500)
			if (x+y/7)%250 < 20 {
				v = 30
			}
			for c := range 3 {
				m.Pix[3*(y*w+x)+c] = uint8(v + 0.5)
			}
		}
	}
	return m
}

// TestStepOfCalmPictures: where coefficients were near 0, the lattice shows at the
// share of its step that they were pulled. That is not the step.
func TestStepOfCalmPictures(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	pic := calmPhoto(768, 512)
	if _, err := track.Embed(RGB{pic}, somePayload); err != nil {
		t.Fatal(err)
	}
	for _, o := range []post{{"none", 0, 0}, {"jpeg", 90, 0}, {"jpeg", 70, 0}, {"webp", 80, 0}} {
		y, _ := apply(t, pic, o.name, o.strength, 1)
		s := track.sheets(lookAtLuma(Look(RGB{y})), somePayload)
		if got := track.find(s).pitch; got != even(track.steps[0]) {
			t.Errorf("%s %g: pitch %v, drawn with %g", o.name, o.strength, got, track.steps[0])
		}
	}
}

// TestCalmPicturesInWebP: what the codec took from calm blocks is not altered, and
// what is altered shows among them.
func TestCalmPicturesInWebP(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	pic := calmPhoto(1024, 768)
	if _, err := track.Embed(RGB{pic}, somePayload); err != nil {
		t.Fatal(err)
	}
	forged, truth := paste(pic, 3, .05)
	for _, o := range []struct {
		name  string
		m     *watermark.RGB
		truth []uint8
	}{{"untouched", pic, nil}, {"forged", forged, truth}} {
		y, _ := apply(t, o.m, "webp", 80, 1)
		m := track.LocalizeView(Look(RGB{y}), somePayload)
		t.Logf("%s: share %.4f, quality %.3f, intact %.3f, uneven %.2f", o.name, m.Share, m.Quality, m.Intact, m.Uneven)
		if m.Abstain != Speaks || o.truth == nil && m.Share > .001 {
			t.Errorf("%s: %q, %.4f flagged", o.name, m.Abstain, m.Share)
		}
		if o.truth != nil {
			if f := f1(m, o.truth); f < .8 {
				t.Errorf("F1 %.3f", f)
			}
		}
	}
}
