package verify_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/verify"
)

// turnedByEXIF is a JPEG file of m that lies on its side, with an orientation of 6 that
// sets it upright again.
func turnedByEXIF(t *testing.T, m *raster.RGB8, quality int) []byte {
	t.Helper()
	lying := raster.NewRGB8(m.H, m.W)
	for y := range m.H {
		for x := range m.W {
			copy(lying.Pix[3*((m.W-1-x)*m.H+y):][:3], m.Pix[3*(y*m.W+x):])
		}
	}
	b, err := raster.EncodeJPEG(lying, quality)
	if err != nil {
		t.Fatal(err)
	}
	exif := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	return append(append(append([]byte(nil), b[:2]...), exif...), b[2:]...)
}

// deep is a PNG file of m with 16 bits for each sample.
func deep(t *testing.T, m *raster.RGB8, _ int) []byte {
	t.Helper()
	img := image.NewNRGBA64(image.Rect(0, 0, m.W, m.H))
	for i := range m.W * m.H {
		at := func(c int) uint16 { return uint16(m.Pix[3*i+c]) * 257 }
		img.SetNRGBA64(i%m.W, i/m.W, color.NRGBA64{R: at(0), G: at(1), B: at(2), A: 0xffff})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// inked is a JPEG file of m in the inks of a printer, made by ImageMagick.
func inked(t *testing.T, m *raster.RGB8, _ int) []byte {
	t.Helper()
	magick, err := exec.LookPath("convert")
	if err != nil {
		t.Skip("ImageMagick, which makes CMYK files, is not installed")
	}
	in, out := filepath.Join(t.TempDir(), "in.png"), filepath.Join(t.TempDir(), "out.jpg")
	b, err := raster.EncodePNG(m.Image())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), magick, in, "-colorspace", "CMYK", "-quality", "92", out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if b, err = os.ReadFile(out); err != nil {
		t.Fatal(err)
	}
	return b
}

// However a file holds its pixels, a copy is a copy and an edit is found where a viewer
// sees it.
func TestKindsOfFiles(t *testing.T) {
	corpus.Kodak(t)
	d := apptest.Start(t)
	for _, c := range []struct {
		name                  string
		registered, submitted func(*testing.T, *raster.RGB8, int) []byte
	}{
		{"registered turned by EXIF", turnedByEXIF, turnedByEXIF},
		{"submitted turned by EXIF", func(t *testing.T, m *raster.RGB8, q int) []byte { return jpegged(t, m, q) }, turnedByEXIF},
		{"16 bits", deep, deep},
		{"CMYK", inked, inked},
	} {
		t.Run(c.name, func(t *testing.T) {
			rendition := d.Rendition(t, d.Register(t, d.Org, c.registered(t, rgbOf(t, kodak(t, 2)), 95)))
			m := rgbOf(t, rendition)
			check(t, d, c.submitted(t, m, 85), verify.Options{}, asset.Authentic)
			doctored, box := cloned(m, image.Pt(96, 384), image.Pt(384, 379), 56)
			r := check(t, d, c.submitted(t, doctored, 85), verify.Options{TamperMap: true}, asset.Forged)
			if f := mapF1(t, r, box); f < .8 || !inside(r, box) || evidenceOf(t, r, "localization").Outcome != asset.Fail {
				t.Errorf("F1 of the map %.2f, regions %v, edited %v", f, r.TamperBoxes, box)
			}
		})
	}
}
