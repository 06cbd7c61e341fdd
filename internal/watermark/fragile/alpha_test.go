package fragile

import (
	"bytes"
	"errors"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/image/tiff"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/watermark"
)

// veil is a photograph that fades out to the left over a third of its width, with
// a soft hole at (200, 100); opaque elsewhere.
func veil(w, h int) *image.NRGBA {
	img := synth.Photo(w, h, 31)
	for y := range h {
		for x := range w {
			hole := ((x-200)*(x-200) + (y-100)*(y-100)) / 8
			img.Pix[img.PixOffset(x, y)+3] = uint8(min(255, 765*x/w, hole))
		}
	}
	return img
}

// sheerFiles is the same picture in the formats that know alpha.
func sheerFiles(t *testing.T, img *image.NRGBA) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	var err error
	if files["PNG"], err = raster.EncodePNG(img); err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]image.Image{"TIFF": img, "premultiplied TIFF": premultiplied(img)} {
		var b bytes.Buffer
		if err := tiff.Encode(&b, m, nil); err != nil {
			t.Fatal(err)
		}
		files[name] = b.Bytes()
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "out.webp")
	if err := os.WriteFile(in, files["PNG"], 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{"lossless WebP": {"-lossless", "-exact"}, "lossy WebP": {"-q", "95"}} {
		if _, err := exec.LookPath("cwebp"); err != nil {
			t.Log("cwebp is not installed: no WebP")
			break
		}
		if msg, err := exec.Command("cwebp", append(args, in, "-o", out)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, msg)
		}
		if files[name], err = os.ReadFile(out); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func premultiplied(img *image.NRGBA) *image.RGBA {
	out := image.NewRGBA(img.Rect)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	return out
}

// Where something shows through a picture nothing is drawn and nothing said, so that
// an untouched copy reads as such; what is opaque is guarded as ever.
func TestSeeThrough(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	for name, file := range sheerFiles(t, veil(448, 320)) {
		t.Run(name, func(t *testing.T) {
			p := decoded(t, file)
			before := p.Clone()
			e, err := track.Embed(p, somePayload)
			if err != nil || e.PSNR < DefaultPSNR {
				t.Fatalf("%.2f dB, %v", e.PSNR, err)
			}
			opaqueOnly(t, before, p)
			if file, err = raster.Encode(p); err != nil {
				t.Fatal(err)
			}
			p = decoded(t, file)
			m := track.LocalizeView(Look(p), somePayload)
			if m.Abstain != Speaks || m.Share > .0005 || m.Known < .5 || m.Known > .7 {
				t.Errorf("untouched: %.4f of %.3f flagged, %q", m.Share, m.Known, m.Abstain)
			}
			if pv := track.Check(p, somePayload); pv > 1e-100 {
				t.Errorf("p = %g", pv)
			}
			p.Add(func(y int, dst []float32) {
				clear(dst)
				for x := 320; x < 384 && y >= 96 && y < 160; x++ {
					dst[x] = float32((x*x/5 + y*y/7) % 41)
				}
			}, 1, [3]float32{1, 1, 1})
			if m = track.LocalizeView(Look(p), somePayload); m.Share < .03 || m.Mask[128*m.W+350] != 1 {
				t.Errorf("altered: %.4f flagged, %q", m.Share, m.Abstain)
			}
		})
	}
}

func decoded(t *testing.T, file []byte) *raster.Picture {
	t.Helper()
	p, err := raster.Decode(file, raster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Opaque() {
		t.Fatal("nothing shows through it")
	}
	return p
}

// opaqueOnly holds that only wholly opaque pixels of the picture changed.
func opaqueOnly(t *testing.T, before, after *raster.Picture) {
	t.Helper()
	w, h := after.Size()
	a, b, alpha := make([]uint8, 3*w), make([]uint8, 3*w), make([]uint8, w)
	changed := 0
	for y := range h {
		before.ReadRGB(y, a)
		after.ReadRGB(y, b)
		after.ReadAlpha(y, alpha)
		for x, v := range alpha {
			if !bytes.Equal(a[3*x:3*x+3], b[3*x:3*x+3]) {
				changed++
				if v != 255 {
					t.Fatalf("(%d, %d) changed at alpha %d", x, y, v)
				}
			}
		}
	}
	if changed == 0 {
		t.Error("nothing was drawn")
	}
}

// A copy that was made smaller is put back onto its grid, and is as silent where it can
// be seen through.
func TestSeeThroughMoved(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	p := decoded(t, sheerFiles(t, veil(448, 320))["PNG"])
	if _, err := track.Embed(p, somePayload); err != nil {
		t.Fatal(err)
	}
	at := Unmoved(p.Size())
	m := track.LocalizeView(at.View(NewSource(p)), somePayload)
	if m.Abstain != Speaks || m.Share > .0005 || m.Known > .7 {
		t.Errorf("%.4f of %.3f flagged, %q", m.Share, m.Known, m.Abstain)
	}
}

// A picture of which too little is opaque, or that nothing would be drawn on, is
// refused and stays as it is.
func TestNothingToDrawOn(t *testing.T) {
	faint := veil(256, 192)
	for i := 3; i < len(faint.Pix); i += 4 {
		faint.Pix[i] = min(faint.Pix[i], 254)
	}
	for name, c := range map[string]struct {
		img  *image.NRGBA
		psnr float64
	}{"all of it can be seen through": {faint, 45}, "too faint to be drawn": {synth.Photo(256, 192, 3), 90}} {
		file, err := raster.EncodePNG(c.img)
		if err != nil {
			t.Fatal(err)
		}
		p, err := raster.Decode(file, raster.Options{})
		if err != nil {
			t.Fatal(err)
		}
		before := p.RGB(0)
		if _, err := New(watermark.TestKey, Config{PSNR: c.psnr}).Embed(p, somePayload); !errors.Is(err, watermark.ErrNoRoom) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(before.Pix, p.RGB(0).Pix) {
			t.Errorf("%s: it was changed", name)
		}
	}
}
