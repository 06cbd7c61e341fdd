package fingerprint

import (
	"encoding/csv"
	"image"
	"image/color"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/dsp"
)

// loadRGB decodes a picture to interleaved samples, without its alpha.
func loadRGB(t testing.TB, path string) (pix []byte, w, h int) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			pix = append(pix, c.R, c.G, c.B)
		}
	}
	return pix, b.Dx(), b.Dy()
}

// TestReference holds PDQ against the hashes that Meta's own tool printed.
// Decoders agree on PNG: the same bits are asked for. On JPEG image/jpeg and
// libjpeg round differently: at most 10 bits at quality 80 or more.
func TestReference(t *testing.T) {
	dir := corpus.Need(t, "corpus")
	f, err := os.Open(filepath.Join(dir, "pdq/pdq_cpp_reference.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	exact := 0
	for _, row := range rows[1:] {
		name := row[0]
		if strings.HasSuffix(name, ".webp") || strings.HasSuffix(name, "CMYK.jpg") {
			continue // no decoder in the standard library, or none that agrees on CMYK
		}
		want, err := Parse(row[1])
		if err != nil {
			t.Fatal(err)
		}
		pix, w, h := loadRGB(t, filepath.Join(dir, "pdq", name))
		got, quality := PDQFromRGB(pix, w, h, 3*w)
		d := got.Distance(want)
		wantQuality, _ := strconv.Atoi(row[2])
		if strings.HasSuffix(name, ".png") {
			exact++
			if d != 0 || quality != wantQuality {
				t.Errorf("%s: distance %d, quality %d; want 0 and %d", name, d, quality, wantQuality)
			}
			continue
		}
		if wantQuality >= 80 && (d > 10 || quality < 80) {
			t.Errorf("%s: distance %d, quality %d; want at most 10 and %d", name, d, quality, wantQuality)
		}
		t.Logf("%s: distance %d", name, d)
	}
	if exact < 29 {
		t.Errorf("only %d PNG files were compared", exact)
	}
}

// TestReducedLuma: the hash of a picture's luma reduced by area averaging, which
// is what certification computes, is near that of the reference pipeline.
func TestReducedLuma(t *testing.T) {
	dir := corpus.Need(t, "corpus")
	for _, name := range []string{"highres/Issue_266.jpg", "pdq/data/bridge-mods/aaa-orig.jpg", "pdq/data/reg-test-input/pen-and-coaster.png"} {
		pix, w, h := loadRGB(t, filepath.Join(dir, name))
		want, quality := PDQFromRGB(pix, w, h, 3*w)
		luma := dsp.NewPlane(w, h)
		for i := range luma.Pix {
			luma.Pix[i] = 0.299*float32(pix[3*i]) + 0.587*float32(pix[3*i+1]) + 0.114*float32(pix[3*i+2])
		}
		for _, side := range []int{1024, 512} {
			got, _ := PDQ(dsp.Shrink(luma, side))
			d := got.Distance(want)
			t.Logf("%s at %d: distance %d, quality %d", name, side, d, quality)
			if d > 10 {
				t.Errorf("%s at %d: distance %d", name, side, d)
			}
		}
	}
}
