package locate

import (
	"image"
	"math"
	"testing"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
	"github.com/certana/certana/internal/watermark/spread"
)

// TestPlacedExactly: a forged copy that was scaled or cropped and saved as JPEG is
// put back to within .3 pixels of where it was, at every corner, and its map shows
// what was altered.
func TestPlacedExactly(t *testing.T) {
	pictures := map[string]*raster.RGB8{
		"made":         raster.FromImage(synth.Photo(640, 448, 7)),
		"made upright": raster.FromImage(synth.Photo(400, 600, 8)),
	}
	t.Run("made", func(t *testing.T) { placedExactly(t, pictures) })
	t.Run("photographs", func(t *testing.T) {
		files := corpus.Kodak(t)
		placedExactly(t, map[string]*raster.RGB8{"3": load(t, files[2]), "22": load(t, files[21])})
	})
}

func placedExactly(t *testing.T, pictures map[string]*raster.RGB8) {
	a := spread.New(watermark.TestKey, spread.Config{PSNR: 49})
	b := fragile.New(watermark.TestKey, fragile.Config{PSNR: 45.7})
	const p = watermark.Payload(0x0123456789abcdef)
	for name, m := range pictures {
		if _, err := a.Embed(canvas(m).RGB, p); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Embed(canvas(m), p); err != nil {
			t.Fatal(err)
		}
		forged, altered := apply(t, m, attack.Attack{Name: "splice", Strength: .05}, 3)
		small, _ := apply(t, forged, attack.Attack{Name: "resize", Strength: .75}, 1)
		cut, box := apply(t, forged, attack.Attack{Name: "crop", Strength: .75}, 1)
		for _, c := range []struct {
			how string
			got *raster.RGB8
			at  image.Rectangle // of the marked picture, shown by all of got
		}{
			{"×0.75", small, image.Rect(0, 0, m.W, m.H)},
			{"crop 75%", cut, image.Rect(box[0], box[1], box[0]+box[2], box[1]+box[3])},
		} {
			got, _ := apply(t, c.got, attack.Attack{Name: "jpeg", Strength: 80}, 1)
			luma := dsp.Shrink(canvas(got).Luma(0), watermark.DecodeSide)
			d := a.Decode(luma)
			if !d.Detected {
				t.Errorf("%s, %s: no geometry", name, c.how)
				continue
			}
			v, pl, ok := Place(b, canvas(got), p, Enlarge(*d.Geometry, luma.W, luma.H, got.W, got.H), m.W, m.H)
			if !ok {
				t.Errorf("%s, %s: not placed", name, c.how)
				continue
			}
			if off := astray(pl, c.at, got.W, got.H); off > 0.3 {
				t.Errorf("%s, %s: %.2f pixels astray", name, c.how, off)
			}
			if f, counts := f1(b.LocalizeView(v, p), v, *altered); counts && f < 0.8 {
				t.Errorf("%s, %s: F1 %.3f", name, c.how, f)
			}
		}
	}
}

// astray is how far a placement is wrong, at most, at the corners of what is in
// view, in pixels of the mark: at is shown by a picture of w × h.
func astray(pl fragile.Placement, at image.Rectangle, w, h int) (off float64) {
	sx, sy := float64(w)/float64(at.Dx()), float64(h)/float64(at.Dy())
	for _, y := range []int{at.Min.Y, at.Max.Y - 1} {
		for _, x := range []int{at.Min.X, at.Max.X - 1} {
			gx, gy := pl.Map.Apply(float64(x), float64(y))
			wx, wy := (float64(x-at.Min.X)+0.5)*sx-0.5, (float64(y-at.Min.Y)+0.5)*sy-0.5
			off = max(off, math.Hypot((gx-wx)/sx, (gy-wy)/sy))
		}
	}
	return off
}
