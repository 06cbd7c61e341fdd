package verify_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"math"
	"testing"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/verify"
)

// travelled is a picture after some attacks, as a file, and where a region that an
// attack made lies in it.
func travelled(t *testing.T, data []byte, steps ...attack.Attack) (file []byte, box image.Rectangle) {
	t.Helper()
	p, err := raster.Decode(data, raster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := p.RGB(0)
	for _, s := range steps {
		r, err := attack.Apply(m, s.Name, s.Strength, 5)
		if err != nil {
			t.Fatal(err)
		}
		switch s.Name {
		case "splice", "copymove", "erase":
			box = image.Rect(r.Box[0], r.Box[1], r.Box[0]+r.Box[2], r.Box[1]+r.Box[3])
		case "crop":
			box = box.Sub(image.Pt(r.Box[0], r.Box[1])).Intersect(image.Rect(0, 0, r.RGB.W, r.RGB.H))
		case "resize":
			k := float64(r.RGB.W) / float64(m.W)
			at := func(v int) int { return int(math.Round(float64(v) * k)) }
			box = image.Rect(at(box.Min.X), at(box.Min.Y), at(box.Max.X), at(box.Max.Y))
		case "hflip":
			box = image.Rect(m.W-box.Max.X, box.Min.Y, m.W-box.Min.X, box.Max.Y)
		}
		m, file = r.RGB, r.Encoded
	}
	if file == nil {
		if file, err = raster.EncodePNG(m.Image()); err != nil {
			t.Fatal(err)
		}
	}
	return file, box
}

// evidenceOf finds a check.
func evidenceOf(t *testing.T, r verify.Result, check string) asset.Evidence {
	t.Helper()
	for _, e := range r.Evidence {
		if e.Check == check {
			return e
		}
	}
	t.Fatalf("nothing is said of %s", check)
	return asset.Evidence{}
}

// mapF1 scores the map of an answer against a box.
func mapF1(t *testing.T, r verify.Result, box image.Rectangle) float64 {
	t.Helper()
	if r.TamperMap == nil {
		t.Fatal("there is no map")
	}
	b, err := base64.StdEncoding.DecodeString(*r.TamperMap)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	tp, wrong := 0, 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			g, _, _, _ := img.At(x, y).RGBA()
			said, inside := g >= 0x8000, image.Pt(x, y).In(box)
			switch {
			case said && inside:
				tp++
			case said != inside:
				wrong++
			}
		}
	}
	return 2 * float64(tp) / float64(2*tp+wrong)
}

func kodak(t *testing.T, i int) []byte {
	t.Helper()
	p, err := raster.Decode(sharedFile(t, "corpus/kodak/"+[]string{"kodim05.png", "kodim15.png", "kodim23.png"}[i]), raster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return apptest.JPEG(t, p.RGB(0).Image(), 95)
}

// A copy is doctored and travels: track B finds it again and says where, and the
// verdict with it; untouched it says that nothing was altered, or nothing.
func TestDoctoredCopies(t *testing.T) {
	corpus.Kodak(t)
	d := apptest.Start(t)
	rendition := d.Rendition(t, d.Register(t, d.Org, kodak(t, 2)))
	splice, q80 := attack.Attack{Name: "splice", Strength: .05}, attack.Attack{Name: "jpeg", Strength: 80}
	for _, c := range []struct {
		name   string
		way    []attack.Attack
		placed bool // what the track must say of the untouched copy
		f1     float64
	}{
		{"as it lies", nil, true, .8},
		{"a crop", []attack.Attack{{Name: "crop", Strength: .75}}, true, .8},
		{"a smaller copy", []attack.Attack{{Name: "resize", Strength: .75}}, true, .7},
		{"mirrored", []attack.Attack{{Name: "hflip"}}, true, .8},
		{"a thumbnail", []attack.Attack{{Name: "resize", Strength: .3}}, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			clean, _ := travelled(t, rendition, append(c.way, q80)...)
			r := check(t, d, clean, verify.Options{}, asset.Authentic)
			e := evidenceOf(t, r, "localization")
			if e.Outcome == asset.Fail || c.placed && c.f1 >= .8 && e.Outcome != asset.Pass {
				t.Errorf("untouched: %s, %v, %s", e.Outcome, *e.Figure, e.Note)
			}
			if r.Watermark.TrackB != c.placed {
				t.Errorf("track b detected: %v", r.Watermark.TrackB)
			}
			doctored, box := travelled(t, rendition, append(append([]attack.Attack{splice}, c.way...), q80)...)
			r = check(t, d, doctored, verify.Options{TamperMap: true}, asset.Forged)
			if e := evidenceOf(t, r, "localization"); c.placed && e.Outcome != asset.Fail {
				t.Errorf("doctored: %s, %s", e.Outcome, e.Note)
			}
			if f := mapF1(t, r, box); f < c.f1 {
				t.Errorf("F1 of the map %.2f", f)
			}
		})
	}
}

// Without the registered rendition the marks alone are left: they can speak for a
// forgery, and show where, never for the picture.
func TestWithoutTheRendition(t *testing.T) {
	corpus.Kodak(t)
	d := apptest.Start(t)
	a := d.Register(t, d.Org, kodak(t, 1))
	rendition := d.Rendition(t, a)
	if err := d.Blobs.Delete(t.Context(), blob.AssetKey(a.ID, asset.Watermarked)); err != nil {
		t.Fatal(err)
	}
	crop, q80 := attack.Attack{Name: "crop", Strength: .75}, attack.Attack{Name: "jpeg", Strength: 80}
	clean, _ := travelled(t, rendition, crop, q80)
	r := check(t, d, clean, verify.Options{TamperMap: true}, asset.Unknown)
	if e := evidenceOf(t, r, "localization"); e.Outcome != asset.Pass {
		t.Errorf("untouched: %s, %s", e.Outcome, e.Note)
	}
	doctored, box := travelled(t, rendition, attack.Attack{Name: "splice", Strength: .05}, crop, q80)
	r = check(t, d, doctored, verify.Options{TamperMap: true}, asset.Forged)
	if f := mapF1(t, r, box); f < .8 || len(r.TamperBoxes) == 0 {
		t.Errorf("F1 of the map %.2f, %d regions", f, len(r.TamperBoxes))
	}
}

// A part of one picture beside a part of another of the same organization: each
// part is certified, the whole is not.
func TestCollageIsForged(t *testing.T) {
	corpus.Kodak(t)
	d := apptest.Start(t)
	var halves [2]*raster.RGB8
	var assets [2]asset.Asset
	for i := range halves {
		assets[i] = d.Register(t, d.Org, kodak(t, i))
		p, err := raster.Decode(d.Rendition(t, assets[i]), raster.Options{})
		if err != nil {
			t.Fatal(err)
		}
		halves[i] = p.RGB(0)
	}
	whole, other := halves[0], halves[1]
	box := image.Rect(whole.W*2/3, 0, whole.W, whole.H)
	for y := range whole.H {
		at := 3 * (y*whole.W + box.Min.X)
		copy(whole.Pix[at:3*(y+1)*whole.W], other.Pix[at:])
	}
	b, err := raster.EncodeJPEG(whole, 85)
	if err != nil {
		t.Fatal(err)
	}
	r := check(t, d, b, verify.Options{TamperMap: true}, asset.Forged)
	if e := evidenceOf(t, r, "localization"); e.Outcome != asset.Fail {
		t.Errorf("%s, %s", e.Outcome, e.Note)
	}
	if *r.AssetID == assets[1].ID { // then it is the rest that is foreign
		box = image.Rect(0, 0, box.Min.X, whole.H)
	}
	if f := mapF1(t, r, box); f < .8 {
		t.Errorf("F1 of the map %.2f", f)
	}
}
