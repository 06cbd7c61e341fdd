package verify_test

import (
	"image"
	"image/draw"
	"testing"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/verify"
)

// rgbOf decodes a file.
func rgbOf(t *testing.T, data []byte) *raster.RGB8 {
	t.Helper()
	p, err := raster.Decode(data, raster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p.RGB(0)
}

// cloned copies side² pixels from one place of a picture to another.
func cloned(m *raster.RGB8, from, to image.Point, side int) (*raster.RGB8, image.Rectangle) {
	box := image.Rectangle{to, to.Add(image.Pt(side, side))}
	img := m.Image()
	draw.Draw(img, box, m.Image(), from, draw.Src)
	return raster.FromImage(img), box
}

// jpegged is m as a JPEG file, after some attacks.
func jpegged(t *testing.T, m *raster.RGB8, quality int, way ...attack.Attack) []byte {
	t.Helper()
	for _, a := range way {
		r, err := attack.Apply(m, a.Name, a.Strength, 5)
		if err != nil {
			t.Fatal(err)
		}
		m = r.RGB
	}
	b, err := raster.EncodeJPEG(m, quality)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// inside tells whether a result boxes something within, and nothing apart from, box.
func inside(r verify.Result, box image.Rectangle) bool {
	for _, b := range r.TamperBoxes {
		if !image.Rect(b.X, b.Y, b.X+b.Width, b.Y+b.Height).Overlaps(box) {
			return false
		}
	}
	return len(r.TamperBoxes) > 0
}

// Sky in place of other sky: the comparison of reduced pictures, which expects so much
// of any compression, does not see it. Track B points to it, and at full size it differs.
func TestLikeInPlaceOfLike(t *testing.T) {
	corpus.Kodak(t)
	d := apptest.Start(t)
	rendition := d.Rendition(t, d.Register(t, d.Org, apptest.JPEG(t, rgbOf(t, sharedFile(t, "corpus/kodak/kodim20.png")).Image(), 95)))
	doctored, box := cloned(rgbOf(t, rendition), image.Pt(96, 64), image.Pt(384, 67), 64)
	for _, quality := range []int{90, 75} {
		r := check(t, d, jpegged(t, doctored, quality), verify.Options{TamperMap: true}, asset.Forged)
		if e := evidenceOf(t, r, "tamper"); e.Outcome != asset.Pass {
			t.Errorf("q%d: the reduced pictures differ too (%v): this does not ask what it should", quality, *e.Figure)
		}
		if f := mapF1(t, r, box); f < .7 || !inside(r, box) || r.Confidence < .8 {
			t.Errorf("q%d: F1 of the map %.2f, regions %v, confidence %v", quality, f, r.TamperBoxes, r.Confidence)
		}
		check(t, d, jpegged(t, rgbOf(t, rendition), quality), verify.Options{}, asset.Authentic)
	}
}

// A small piece of a large picture is lost when that is reduced.
func TestSmallEditOfLargePicture(t *testing.T) {
	d := apptest.Start(t)
	rendition := d.Rendition(t, d.Register(t, d.Org, sharedFile(t, "corpus/highres/Canon_EOS_5D.jpg")))
	m := rgbOf(t, rendition)
	doctored, box := cloned(m, image.Pt(m.W/3, m.H/2), image.Pt(m.W/2, m.H/2+40), 72)
	r := check(t, d, jpegged(t, doctored, 90), verify.Options{}, asset.Forged)
	if !inside(r, box) {
		t.Errorf("regions %v, not %v", r.TamperBoxes, box)
	}
	check(t, d, jpegged(t, m, 90), verify.Options{}, asset.Authentic)
}

// Interpolation wears the mark unevenly. What is flagged for that agrees with the
// rendition as much as the rest; without the rendition it is no forgery.
func TestTurnedCopies(t *testing.T) {
	corpus.Kodak(t)
	d := apptest.Start(t)
	a := d.Register(t, d.Org, kodak(t, 2))
	m := rgbOf(t, d.Rendition(t, a))
	ways := []attack.Attack{{Name: "rotate", Strength: 2}, {Name: "rotate", Strength: 5}, {Name: "resize", Strength: .75}, {Name: "perspective", Strength: .02}}
	for _, w := range ways {
		r := check(t, d, jpegged(t, m, 85, w), verify.Options{}, asset.Authentic)
		if e := evidenceOf(t, r, "localization"); e.Outcome == asset.Fail || len(r.TamperBoxes) > 0 {
			t.Errorf("%s: %s, %s, regions %v", w.Label(), e.Outcome, e.Note, r.TamperBoxes)
		}
	}
	doctored, _ := cloned(m, image.Pt(96, 384), image.Pt(384, 379), 64)
	check(t, d, jpegged(t, doctored, 85, ways[0]), verify.Options{}, asset.Forged)
	if err := d.Blobs.Delete(t.Context(), blob.AssetKey(a.ID, asset.Watermarked)); err != nil {
		t.Fatal(err)
	}
	for _, w := range ways {
		check(t, d, jpegged(t, m, 85, w), verify.Options{}, asset.Unknown)
	}
}

// A small piece is placed by features less exactly than by track B.
func TestSmallCrops(t *testing.T) {
	corpus.Kodak(t)
	d := apptest.Start(t)
	m := rgbOf(t, d.Rendition(t, d.Register(t, d.Org, kodak(t, 2))))
	for _, box := range []image.Rectangle{image.Rect(0, 0, 343, 229), image.Rect(300, 200, 543, 362)} {
		piece := raster.FromImage(m.Image().SubImage(box))
		for _, quality := range []int{80, 70} {
			check(t, d, jpegged(t, piece, quality), verify.Options{}, asset.Authentic)
		}
	}
}

// Tones that were changed as a whole are no alteration, however they take the mark out
// of strong colours and clip what was bright.
func TestTonesAreNoEdit(t *testing.T) {
	d := apptest.Start(t)
	for _, name := range []string{"kodim03", "kodim05"} {
		rendition := d.Rendition(t, d.Register(t, d.Org, sharedFile(t, "corpus/kodak/"+name+".png")))
		for _, a := range []attack.Attack{{Name: "saturation", Strength: 1.5}, {Name: "saturation", Strength: 0.5}, {Name: "brightness", Strength: 1.5},
			{Name: "brightness", Strength: 1.2}, {Name: "contrast", Strength: 1.5}, {Name: "gamma", Strength: 1.4}} {
			t.Run(name+" "+a.Label(), func(t *testing.T) {
				check(t, d, attacked(t, rendition, a.Name, a.Strength), verify.Options{}, asset.Authentic)
			})
		}
	}
}
