package spread

import (
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/certana/certana/internal/watermark"
)

// sharedDir is the folder of corpora beside the repository, or the one that
// CERTANA_SHARED names; without it the test is skipped.
func sharedDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CERTANA_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "corpus", "kodak")); err != nil {
		t.Skipf("no corpus at %s (set CERTANA_SHARED)", dir)
	}
	return dir
}

func kodakFiles(t testing.TB) []string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(sharedDir(t), "corpus", "kodak", "*.png"))
	if len(files) == 0 {
		t.Skip("the Kodak folder is empty")
	}
	return files
}

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

func TestKodakCleanRoundTrip(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	var mean float64
	files := kodakFiles(t)
	for i, f := range files {
		pic := loadRGB(t, f)
		marked := pic.Clone()
		p := watermark.Payload(0x9e3779b97f4a7c15 * uint64(i+1))
		e, err := track.Embed(marked, p)
		if err != nil {
			t.Fatal(err)
		}
		psnr := watermark.PSNR(pic, marked)
		mean += psnr / float64(len(files))
		d := track.Decode(marked.Luma(0))
		if !d.Detected || d.Payload != p {
			t.Errorf("%s: got %v %v, want %v", filepath.Base(f), d.Detected, d.Payload, p)
		}
		t.Logf("%s: PSNR %.2f, told %.2f", filepath.Base(f), psnr, e.PSNR)
	}
	t.Logf("mean PSNR %.2f dB", mean)
}
