package codec

import (
	"bytes"
	"image/jpeg"
	"strings"
	"testing"

	"golang.org/x/image/webp"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

// TestOthersReadWhatWeWrite decodes both formats with independent decoders.
func TestOthersReadWhatWeWrite(t *testing.T) {
	m := raster.FromImage(synth.Photo(61, 43, 3))
	file, err := EncodeJPEG(m.Pix, m.W, m.H, 90)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	ours, w, h, err := DecodeJPEG(file)
	if err != nil || w != m.W || h != m.H {
		t.Fatalf("%d×%d: %v", w, h, err)
	}
	near(t, "JPEG", ours, raster.FromImage(theirs).Pix, 6) // Go replicates chroma
	near(t, "JPEG", ours, m.Pix, 12)

	if file, err = EncodeWebP(m.Pix, m.W, m.H, 90); err != nil {
		t.Fatal(err)
	}
	if theirs, err = webp.Decode(bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	if ours, w, h, err = DecodeWebP(file); err != nil || w != m.W || h != m.H {
		t.Fatalf("%d×%d: %v", w, h, err)
	}
	near(t, "WebP", ours, raster.FromImage(theirs).Pix, 6)
	near(t, "WebP", ours, m.Pix, 12)
}

// near fails when samples differ by more than most on average.
func near(t *testing.T, what string, a, b []uint8, most float64) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%s: %d samples and %d", what, len(a), len(b))
	}
	sum := 0.0
	for i := range a {
		sum += max(float64(a[i])-float64(b[i]), float64(b[i])-float64(a[i]))
	}
	if mean := sum / float64(len(a)); mean > most {
		t.Errorf("%s: samples differ by %.2f on average, want at most %g", what, mean, most)
	}
}

func TestQualityCosts(t *testing.T) {
	m := raster.FromImage(synth.Photo(96, 96, 1))
	last := 0
	for _, q := range []int{1, 30, 70, 95, 100} {
		file, err := EncodeJPEG(m.Pix, m.W, m.H, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(file) <= last {
			t.Errorf("quality %d takes %d bytes, less than a lower one's %d", q, len(file), last)
		}
		last = len(file)
	}
}

func TestRefusals(t *testing.T) {
	if _, err := EncodeJPEG(make([]uint8, 5), 3, 3, 90); err == nil {
		t.Error("JPEG took too few samples")
	}
	if _, err := EncodeWebP(nil, 0, 0, 90); err == nil {
		t.Error("WebP took no samples")
	}
	if _, err := EncodeWebP(make([]uint8, 3*20000), 20000, 1, 90); err == nil || !strings.Contains(err.Error(), "20000×1") {
		t.Errorf("WebP took a picture wider than its format allows: %v", err)
	}
	for _, junk := range [][]byte{nil, []byte("junk"), make([]byte, 100)} {
		if _, _, _, err := DecodeJPEG(junk); err == nil {
			t.Errorf("%q decoded as JPEG", junk)
		}
		if _, _, _, err := DecodeWebP(junk); err == nil {
			t.Errorf("%q decoded as WebP", junk)
		}
	}
}
