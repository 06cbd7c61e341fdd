package spread

import (
	"testing"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// A thirtieth of a large picture holds too little of the canonical tile; the
// fine one is read, and placed on canonical pixels all the same.
func TestSmallPartsOfALargePicture(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	pic := photo(3400, 2400, 5)
	const payload = 0x1dea1dea1dea1dea
	if _, err := track.Embed(pic, payload); err != nil {
		t.Fatal(err)
	}
	luma := pic.Luma(0)
	g := scaleOf(luma.W, luma.H)
	for name, c := range map[string]struct{ x, y, w, h int }{
		"a twentieth": {1301, 907, 760, 537},
		"a thirtieth": {411, 1203, 620, 440},
		"a quarter":   {800, 600, 1700, 1200},
	} {
		d := track.Decode(cropped(luma, c.x, c.y, c.w, c.h))
		if !d.Detected || d.Payload != payload {
			t.Errorf("%s: %+v", name, d)
			continue
		}
		checkGeometry(t, d.Geometry, dsp.Affine{1, 0, float64(c.x), 0, 1, float64(c.y)}, g, c.w, c.h)
	}
	if d := track.Decode(dsp.Shrink(luma, 360)); !d.Detected || d.Payload != payload {
		t.Errorf("a thumbnail of 360 pixels: %+v", d)
	}
}

// The nine translations that the period of the fine tile leaves open.
func TestFineTileIsPlacedByTheCanonicalOne(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	pic := photo(2800, 2000, 7)
	if _, err := track.Embed(pic, 3); err != nil {
		t.Fatal(err)
	}
	g := scaleOf(pic.W, pic.H)
	luma := pic.Luma(0)
	y := dsp.Shrink(luma, canonicalSide)
	k := float64(luma.W) / float64(y.W)
	for i := range 9 {
		// Fine pixel (x, y) stands at (x − 1)/3, and a period of it further.
		dx, dy := float64(i%3)*period, float64(i/3)*period
		step := g / fineRatio
		fine := dsp.Affine{step, 0, (g-1)/2 - step + dx*step, 0, step, (g-1)/2 - step + dy*step}
		toShrunk := dsp.Affine{1 / k, 0, (1/k - 1) / 2, 0, 1 / k, (1/k - 1) / 2}
		got := track.fromFine(y, toShrunk.Mul(fine))
		grow := dsp.Affine{k, 0, (k - 1) / 2, 0, k, (k - 1) / 2}
		checkGeometry(t, geometryOf(grow.Mul(got)), dsp.Affine{1, 0, 0, 0, 1, 0}, g, luma.W, luma.H)
	}
}

// Two deployments mark one picture, one after the other; each reads its own
// mark and nothing else.
func TestTwoKeysInOnePicture(t *testing.T) {
	first, second, stranger := New(watermark.Key{1}, Config{}), New(watermark.Key{2}, Config{}), New(watermark.Key{3}, Config{})
	const p1, p2 = watermark.Payload(0x1111222233334444), watermark.Payload(0xfedcba9876543210)
	for seed := range uint64(4) {
		pic := photo(800, 600, 40+seed)
		if seed == 3 {
			pic = photo(2900, 2100, 43)
		}
		for _, m := range []struct {
			track *Track
			p     watermark.Payload
		}{{first, p1}, {second, p2}} {
			if _, err := m.track.Embed(pic, m.p); err != nil {
				t.Fatal(err)
			}
		}
		luma := pic.Luma(0)
		turned, _ := rotated(luma, 7, 0.9)
		for name, y := range map[string]*dsp.Plane{
			"as marked": luma,
			"JPEG 50":   jpegged(t, pic, 50).Luma(0),
			"half size": dsp.ResizeArea(luma, luma.W/2, luma.H/2),
			"cropped":   cropped(luma, luma.W/4+3, luma.H/4+1, luma.W/2, luma.H/2),
			"turned":    turned,
		} {
			if d := first.Decode(y); !d.Detected || d.Payload != p1 {
				t.Errorf("picture %d %s: the first key reads %+v", seed, name, d)
			}
			if d := second.Decode(y); !d.Detected || d.Payload != p2 {
				t.Errorf("picture %d %s: the second key reads %+v", seed, name, d)
			}
		}
		if d := stranger.Decode(luma); d.Detected || d.PValue < 1e-4 {
			t.Errorf("picture %d: a third key reads %+v", seed, d)
		}
	}
}
