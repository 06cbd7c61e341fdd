package raster

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t testing.TB, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skipf("%s, the oracle, is not installed", args[0])
	}
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

func load(t testing.TB, path string) *Picture {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Decode(data, Options{})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return p
}

func reload(t testing.TB, p *Picture) (*Picture, []byte) {
	t.Helper()
	data, err := Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	q, err := Decode(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return q, data
}

// Each layout as ImageMagick writes it must come back from our encoder with
// the same depth, alpha and samples (lossy ones within a few levels).
func TestLayoutsSurvive(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "src.png")
	data, err := speckle(80, 50).EncodePNG()
	if err != nil {
		t.Fatal(err)
	}
	write(t, src, data)
	alpha := []string{"-alpha", "set", "-channel", "A", "-evaluate", "set", "60%", "+channel"}
	for _, c := range []struct {
		name  string
		args  []string
		bits  int
		alpha bool
		exact bool
	}{
		{"grey.png", []string{"-colorspace", "Gray"}, 8, false, true},
		{"bilevel.png", []string{"-monochrome"}, 8, false, true},
		{"palette.png", []string{"-colors", "17", "-type", "Palette"}, 8, false, true},
		{"deep.png", []string{"-depth", "16", "-evaluate", "multiply", "0.77", "-define", "png:bit-depth=16"}, 16, false, true},
		{"alpha.png", alpha, 8, true, true},
		{"grey16alpha.png", append(slices.Clone(alpha), "-colorspace", "Gray", "-define", "png:bit-depth=16", "-define", "png:color-type=4"), 16, true, true},
		{"interlaced.png", []string{"-interlace", "PNG"}, 8, false, true},
		{"none.tif", []string{"-compress", "None"}, 8, false, true},
		{"lzw.tif", []string{"-compress", "LZW"}, 8, false, true},
		{"zip16.tif", []string{"-depth", "16", "-evaluate", "multiply", "0.77", "-compress", "Zip"}, 16, false, true},
		{"alpha.tif", append(slices.Clone(alpha), "-compress", "LZW"), 8, true, true},
		{"cmyk.tif", []string{"-colorspace", "CMYK"}, 8, false, true},
		{"big.tif", []string{"-endian", "MSB", "-depth", "16"}, 16, false, true},
		{"tiled.tif", []string{"-define", "tiff:tile-geometry=32x16"}, 8, false, true},
		{"planar.tif", []string{"-interlace", "plane"}, 8, false, true},
		{"fax.tif", []string{"-monochrome", "-compress", "Group4"}, 8, false, true},
		{"jpeg.tif", []string{"-compress", "JPEG"}, 8, false, true},
		{"lossless.webp", []string{"-define", "webp:lossless=true"}, 8, false, true},
		{"alpha.webp", append(slices.Clone(alpha), "-define", "webp:lossless=true"), 8, true, true},
		{"lossy.webp", []string{"-quality", "80"}, 8, false, false},
		{"420.jpg", []string{"-quality", "90", "-sampling-factor", "4:2:0"}, 8, false, false},
		{"422.jpg", []string{"-quality", "90", "-sampling-factor", "4:2:2"}, 8, false, false},
		{"411.jpg", []string{"-quality", "90", "-sampling-factor", "4:1:1"}, 8, false, false},
		{"444.jpg", []string{"-quality", "95", "-sampling-factor", "4:4:4"}, 8, false, false},
		{"progressive.jpg", []string{"-interlace", "JPEG"}, 8, false, false},
		{"grey.jpg", []string{"-colorspace", "Gray"}, 8, false, false},
		{"cmyk.jpg", []string{"-colorspace", "CMYK", "-quality", "95"}, 8, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(dir, c.name)
			run(t, append(append([]string{"convert", src}, c.args...), path)...)
			p := load(t, path)
			if p.info.Bits != c.bits || p.info.Alpha != c.alpha {
				t.Errorf("%d bits, alpha %v", p.info.Bits, p.info.Alpha)
			}
			// The decoder against ImageMagick's.
			flat := filepath.Join(dir, "flat.png")
			run(t, "convert", path, "-colorspace", "sRGB", "-background", "white", "-flatten", "-depth", "8", flat)
			if d := distance(load(t, flat).RGB(0), p.RGB(0)); d > 3 {
				t.Errorf("ImageMagick decodes another picture, rms %.2f", d)
			}
			q, _ := reload(t, p)
			if q.info != p.info {
				t.Errorf("rewritten as %+v, was %+v", q.info, p.info)
			}
			d := distance(p.RGB(0), q.RGB(0))
			if c.exact && !sameSamples(p, q) || d > 3.5 {
				t.Errorf("the samples changed, rms %.2f", d)
			}
		})
	}
}

func sameSamples(p, q *Picture) bool {
	switch a := p.data.(type) {
	case *pixels[uint8]:
		b, ok := q.data.(*pixels[uint8])
		return ok && a.model == b.model && a.alpha == b.alpha && slices.Equal(a.pix, b.pix)
	case *pixels[uint16]:
		b, ok := q.data.(*pixels[uint16])
		return ok && a.model == b.model && a.alpha == b.alpha && slices.Equal(a.pix, b.pix)
	}
	return false
}

func distance(a, b *RGB8) float64 {
	if a.W != b.W || a.H != b.H {
		return math.Inf(1)
	}
	sum := 0.0
	for i := range a.Pix {
		d := float64(a.Pix[i]) - float64(b.Pix[i])
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(a.Pix)))
}

// Go's own decoders agree with what the helpers write.
func TestHelpersAgainstGo(t *testing.T) {
	src := speckle(33, 20)
	data, err := src.EncodePNG()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil || !slices.Equal(FromImage(img).Pix, src.Pix) {
		t.Errorf("PNG: %v", err)
	}
	if data, err = EncodeJPEG(src, 95); err != nil {
		t.Fatal(err)
	}
	img, err = jpeg.Decode(bytes.NewReader(data))
	if err != nil || distance(FromImage(img), src) > 12 { // chroma noise is halved away
		t.Errorf("JPEG: %v, rms %.2f", err, distance(FromImage(img), src))
	}
	grey := image.NewGray(image.Rect(0, 0, 5, 4)).SubImage(image.Rect(1, 1, 4, 3)).(*image.Gray)
	grey.SetGray(2, 2, color.Gray{77})
	if data, err = EncodePNG(grey); err != nil {
		t.Fatal(err)
	}
	back, err := png.Decode(bytes.NewReader(data))
	if g, ok := back.(*image.Gray); err != nil || !ok || g.Bounds().Dx() != 3 || g.GrayAt(1, 1).Y != 77 {
		t.Errorf("grey PNG: %v %T", err, back)
	}
	if !slices.Equal(FromImage(src.Image()).Pix, src.Pix) {
		t.Error("Image and FromImage do not agree")
	}
}

// The tables of a fine original are kept, so that a transcode is nearly free of
// loss; those of a coarse one are refined.
func TestQuantisationTables(t *testing.T) {
	for quality, keep := range map[int]bool{95: true, 90: true, 50: false} {
		data, err := EncodeJPEG(speckle(64, 64), quality)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Decode(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		q, _ := reload(t, p)
		if same := p.jpeg.c.q == q.jpeg.c.q; same != keep {
			t.Errorf("quality %d: tables kept %v", quality, same)
		}
		again, err := TranscodeJPEG(data)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Decode(again, Options{})
		if err != nil || r.jpeg.c.q != p.jpeg.c.q {
			t.Errorf("quality %d: a transcode changes the tables (%v)", quality, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	full, err := EncodeJPEG(speckle(64, 64), 90)
	if err != nil {
		t.Fatal(err)
	}
	huge := slices.Clone(full)
	sof := bytes.Index(huge, []byte{0xFF, 0xC0})
	copy(huge[sof+5:], []byte{0xEA, 0x60, 0xEA, 0x60}) // 60000 × 60000
	for _, c := range []struct {
		name   string
		data   []byte
		limits Limits
		want   error
	}{
		{"empty", nil, Limits{}, ErrInvalidFileType},
		{"text", []byte("hello, this is not a picture"), Limits{}, ErrInvalidFileType},
		{"gif", []byte("GIF89a\x01\x00\x01\x00"), Limits{}, ErrInvalidFileType},
		{"bytes", full, Limits{MaxBytes: 100}, ErrTooLarge},
		{"pixels", full, Limits{MaxPixels: 4095}, ErrTooLarge},
		{"60000 × 60000", huge, Limits{}, ErrTooLarge},
		{"signature only", full[:3], Limits{}, ErrTruncated},
		{"half", full[:len(full)/2], Limits{}, ErrTruncated},
	} {
		_, err := Decode(c.data, Options{Limits: c.limits})
		var e *Error
		if !errors.Is(err, c.want) || !errors.As(err, &e) || e.Text == "" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	p, err := Decode(full[:len(full)/2], Options{Lenient: true})
	if err != nil || !p.Damaged() {
		t.Errorf("a lenient decode of a half: %v", err)
	}
	if !errors.Is(ErrAnimated, ErrTooLarge) || !errors.Is(ErrTruncated, ErrInvalidFileType) {
		t.Error("the narrow kinds are not of the wide ones")
	}
}

// Half of a file gives a damaged picture or a refusal in every format, and the
// strict mode never a picture.
func TestTruncated(t *testing.T) {
	for _, f := range []Format{JPEG, PNG, TIFF, WebP} {
		data, err := Encode(speckle(300, 200).Picture(f))
		if err != nil {
			t.Fatal(err)
		}
		half := data[:len(data)/2]
		if _, err := Decode(half, Options{}); !errors.Is(err, ErrInvalidFileType) {
			t.Errorf("%s: strict: %v", f, err)
		}
		if p, err := Decode(half, Options{Lenient: true}); err != nil || !p.Damaged() {
			t.Errorf("%s: lenient: %v", f, err)
		}
	}
}

func TestSniff(t *testing.T) {
	for _, f := range []Format{JPEG, PNG, TIFF, WebP} {
		data, err := Encode(speckle(8, 8).Picture(f))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Sniff(data[:SniffLen]); err != nil || got != f {
			t.Errorf("%s told as %s (%v)", f, got, err)
		}
	}
}
