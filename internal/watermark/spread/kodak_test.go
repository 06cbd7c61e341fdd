package spread

import (
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
)

func loadRGB(t testing.TB, path string) *watermark.RGB {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	out := watermark.NewRGB(b.Dx(), b.Dy())
	for y := range out.H {
		for x := range out.W {
			r, g, bl, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			i := 3 * (y*out.W + x)
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = uint8(r>>8), uint8(g>>8), uint8(bl>>8)
		}
	}
	return out
}

// TestKodakSurvives holds the default strength to a mean PSNR and to full
// recovery under the attacks that cost most; the whole table is the business of
// the evaluation.
func TestKodakSurvives(t *testing.T) {
	files := corpus.Kodak(t)
	if testing.Short() {
		t.Skip("measures recovery on photographs: left out by -short")
	}
	track := New(watermark.TestKey, Config{})
	attacks := []struct {
		name     string
		strength float64
	}{
		{"none", 0}, {"jpeg", 30}, {"webp", 50}, {"resize", 0.5}, {"crop", 0.5}, {"rotate", 10}, {"hflip", 0},
		{"noise", 10}, {"blur", 2}, {"palette", 256}, {"screenshot", 0.8}, {"rot_crop_jpeg", 3}, {"printscan", 1},
	}
	var mean float64
	missed, total := 0, 0
	for i, f := range files {
		pic := loadRGB(t, f)
		marked := pic.Clone()
		p := watermark.Payload(0x9e3779b97f4a7c15 * uint64(i+1))
		if _, err := track.Embed(marked, p); err != nil {
			t.Fatal(err)
		}
		mean += watermark.PSNR(pic, marked) / float64(len(files))
		if i%4 != 0 {
			continue
		}
		for _, a := range attacks {
			res, err := attack.Apply(&raster.RGB8{W: marked.W, H: marked.H, Pix: marked.Pix}, a.name, a.strength, int64(i))
			if err != nil {
				t.Fatal(err)
			}
			got := &watermark.RGB{W: res.RGB.W, H: res.RGB.H, Pix: res.RGB.Pix}
			d := track.Decode(got.Luma(0))
			total++
			if d.Detected && d.Payload != p {
				t.Errorf("%s %s %g: a wrong payload was accepted", filepath.Base(f), a.name, a.strength)
			}
			if !d.Detected {
				missed++
				t.Logf("%s %s %g: not found", filepath.Base(f), a.name, a.strength)
			}
		}
	}
	t.Logf("mean PSNR %.2f dB, %d of %d attacked copies read", mean, total-missed, total)
	if mean < 46.8 || mean > 47.4 {
		t.Errorf("mean PSNR %.2f dB", mean)
	}
	if missed > 1 {
		t.Errorf("%d of %d attacked copies were not read", missed, total)
	}
}
