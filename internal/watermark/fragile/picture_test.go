package fragile

import (
	"testing"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
)

// stored is a decoded file as a Canvas: colours are read from a copy, and the
// pattern goes to the stored samples.
type stored struct {
	*raster.Picture
	rgb *raster.RGB8
}

func (s stored) ReadRGB(y int, dst []uint8) { copy(dst, s.rgb.Pix[3*s.rgb.W*y:]) }

// TestMarksAFile draws on what a JPEG stores, luma and subsampled chroma, and
// reads the file that is written from it.
func TestMarksAFile(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	m := photo(400, 304, 12)
	file, err := raster.EncodeJPEG(&raster.RGB8{W: m.W, H: m.H, Pix: m.Pix}, 92)
	if err != nil {
		t.Fatal(err)
	}
	pic, err := raster.Decode(file, raster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := track.Embed(stored{pic, pic.RGB(0)}, somePayload)
	if err != nil || e.PSNR < 45 {
		t.Fatalf("%.2f dB, %v", e.PSNR, err)
	}
	if file, err = raster.Encode(pic); err != nil {
		t.Fatal(err)
	}
	if pic, err = raster.Decode(file, raster.Options{}); err != nil {
		t.Fatal(err)
	}
	d := track.LocalizeView(Look(stored{pic, pic.RGB(0)}), somePayload)
	if d.Abstain != Speaks || d.Share > 0.001 {
		t.Errorf("as written: %.4f flagged, abstains %q, quality %.2f", d.Share, d.Abstain, d.Quality)
	}
	written := pic.RGB(0)
	m.Pix = written.Pix
	forged, truth := paste(m, 9, 0.05)
	if f := f1(track.LocalizeView(Look(RGB{forged}), somePayload), truth); f < 0.9 {
		t.Errorf("F1 %.3f", f)
	}
	t.Logf("%.2f dB, quality of the file as written %.2f", e.PSNR, d.Quality)
}
