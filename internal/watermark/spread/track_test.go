package spread

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"testing"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/watermark"
)

// photo is a made photograph.
func photo(w, h int, seed uint64) *watermark.RGB {
	m := synth.Photo(w, h, seed)
	return fromImage(m)
}

func fromImage(m image.Image) *watermark.RGB {
	b := m.Bounds()
	out := watermark.NewRGB(b.Dx(), b.Dy())
	for y := range out.H {
		for x := range out.W {
			r, g, bl, _ := m.At(b.Min.X+x, b.Min.Y+y).RGBA()
			i := 3 * (y*out.W + x)
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = uint8(r>>8), uint8(g>>8), uint8(bl>>8)
		}
	}
	return out
}

func toImage(c *watermark.RGB) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, c.W, c.H))
	for i := range c.W * c.H {
		copy(m.Pix[4*i:], c.Pix[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}

func jpegged(t *testing.T, c *watermark.RGB, quality int) *watermark.RGB {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, toImage(c), &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return fromImage(m)
}

func cropped(p *dsp.Plane, x0, y0, w, h int) *dsp.Plane {
	out := dsp.NewPlane(w, h)
	for y := range h {
		copy(out.Row(y), p.Row(y0 + y)[x0:x0+w])
	}
	return out
}

// seen is an affine view of a plane: sample (x, y) of the result is read at m.
func seen(p *dsp.Plane, m dsp.Affine, w, h int) *dsp.Plane { return dsp.WarpAffine(p, m, w, h) }

func rotated(p *dsp.Plane, degrees, scale float64) (*dsp.Plane, dsp.Affine) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	w, h := int(float64(p.W)*scale), int(float64(p.H)*scale)
	k := 1 / scale
	// Counter-clockwise by degrees with y downwards; m maps received to marked.
	m := dsp.Affine{k * cos, -k * sin, 0, k * sin, k * cos, 0}
	x, y := m.Apply(float64(w-1)/2, float64(h-1)/2)
	m[2], m[5] = float64(p.W-1)/2-x, float64(p.H-1)/2-y
	return seen(p, m, w, h), m
}

func TestRoundTrips(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	pic := photo(768, 512, 1)
	for _, payload := range []watermark.Payload{0, math.MaxUint64, 0x0123456789abcdef} {
		marked := pic.Clone()
		e, err := track.Embed(marked, payload)
		if err != nil {
			t.Fatal(err)
		}
		if got := watermark.PSNR(pic, marked); math.Abs(got-e.PSNR) > 0.3 || got < 44 {
			t.Errorf("PSNR %.2f, told %.2f", got, e.PSNR)
		}
		luma := marked.Luma(0)
		turned, _ := rotated(luma, 5, 1)
		tilted, _ := rotated(luma, -27, 0.8)
		for name, p := range map[string]*dsp.Plane{
			"untouched":            luma,
			"JPEG 50":              jpegged(t, marked, 50).Luma(0),
			"crop to a quarter":    cropped(luma, 301, 133, 384, 256),
			"half size":            dsp.ResizeArea(luma, 384, 256),
			"150%":                 dsp.ResizeLanczos(luma, 1152, 768),
			"rotated by 5°":        turned,
			"rotated −27°, 80%":    tilted,
			"sheared and squeezed": seen(luma, dsp.Affine{1.02, 0.01, -3, 0, 0.985, 5}, 740, 500),
		} {
			d := track.Decode(p)
			if !d.Detected || d.Payload != payload {
				t.Errorf("%v, %s: %+v", payload, name, d)
			}
			if d.Detected && !(d.PValue > 0 && d.PValue < 1e-8) {
				t.Errorf("%s: p = %g", name, d.PValue)
			}
		}
	}
}

func TestLargePictureAndItsParts(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	pic := photo(2600, 1900, 4)
	const payload = 0x5eed5eed5eed5eed
	if _, err := track.Embed(pic, payload); err != nil {
		t.Fatal(err)
	}
	luma := pic.Luma(0)
	for name, p := range map[string]*dsp.Plane{
		"whole":         luma,
		"posted at 900": dsp.Shrink(luma, 900),
		"a tenth of it": cropped(luma, 900, 700, 820, 600),
	} {
		if d := track.Decode(p); !d.Detected || d.Payload != payload {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestEveryOrientation(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	pic := photo(600, 450, 2)
	const payload = 0xfedcba9876543210
	if _, err := track.Embed(pic, payload); err != nil {
		t.Fatal(err)
	}
	luma := pic.Luma(0)
	for i, q := range symmetries {
		// Received (x, y) shows the marked pixel q·(x, y) + t.
		w, h := luma.W, luma.H
		if q.a == 0 {
			w, h = h, w
		}
		var tx, ty int
		if q.a < 0 || q.b < 0 {
			tx = luma.W - 1
		}
		if q.c < 0 || q.d < 0 {
			ty = luma.H - 1
		}
		p := dsp.NewPlane(w, h)
		for y := range h {
			for x := range w {
				u, v := q.apply(x, y)
				p.Set(x, y, luma.At(u+tx, v+ty))
			}
		}
		d := track.Decode(p)
		if !d.Detected || d.Payload != payload {
			t.Errorf("symmetry %d: %+v", i, d)
			continue
		}
		if want := q.a*q.d-q.b*q.c < 0; d.Geometry.Mirror != want {
			t.Errorf("symmetry %d: mirrored %v", i, d.Geometry.Mirror)
		}
		checkGeometry(t, d.Geometry, dsp.Affine{float64(q.a), float64(q.b), float64(tx), float64(q.c), float64(q.d), float64(ty)}, 1, w, h)
	}
}

// checkGeometry holds a found geometry to the map from received to marked
// pixels: all corners agree, in canonical pixels and modulo the period.
func checkGeometry(t *testing.T, g *watermark.Geometry, toMarked dsp.Affine, scale float64, w, h int) {
	t.Helper()
	back := dsp.Affine(g.M).Inverse()
	var shift [2]float64
	for i, c := range [4][2]float64{{0, 0}, {float64(w - 1), 0}, {0, float64(h - 1)}, {float64(w - 1), float64(h - 1)}} {
		mx, my := toMarked.Apply(c[0], c[1])
		wantX, wantY := (mx+0.5)/scale-0.5, (my+0.5)/scale-0.5
		gotX, gotY := back.Apply(c[0], c[1])
		if i == 0 {
			shift[0], shift[1] = period*math.Round((gotX-wantX)/period), period*math.Round((gotY-wantY)/period)
			if math.Abs(gotX) > 32.5 || math.Abs(gotY) > 32.5 {
				t.Errorf("the origin lies at (%.1f, %.1f)", gotX, gotY)
			}
		}
		if math.Hypot(gotX-shift[0]-wantX, gotY-shift[1]-wantY) > 0.3 {
			t.Errorf("corner %v: canonical (%.2f, %.2f), want (%.2f, %.2f)", c, gotX-shift[0], gotY-shift[1], wantX, wantY)
		}
	}
}

func TestGeometry(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	for _, size := range [][2]int{{800, 600}, {2048, 1400}} {
		pic := photo(size[0], size[1], 6)
		if _, err := track.Embed(pic, 77); err != nil {
			t.Fatal(err)
		}
		luma := pic.Luma(0)
		d := track.Decode(luma)
		if !d.Detected {
			t.Fatalf("%v: not found", size)
		}
		g := scaleOf(size[0], size[1])
		checkGeometry(t, d.Geometry, dsp.Affine{1, 0, 0, 0, 1, 0}, g, luma.W, luma.H)
		for _, c := range []struct {
			degrees, scale, crop float64
			quality              int
		}{{0, 0.7, 1, 0}, {8, 1, 1, 0}, {-40, 0.9, 1, 0}, {93, 1, 1, 0}, {0, 1, 0.6, 0}, {3, 1.3, 0.7, 0}, {-2, 0.8, 0.8, 70}, {0, 0.6, 1, 80}} {
			p, toMarked := rotated(luma, c.degrees, c.scale)
			x, y := int(float64(p.W)*(1-c.crop)/2)+3, int(float64(p.H)*(1-c.crop)/2)+5
			if c.crop < 1 {
				p = cropped(p, x, y, int(float64(p.W)*c.crop), int(float64(p.H)*c.crop))
				toMarked = toMarked.Mul(dsp.Affine{1, 0, float64(x), 0, 1, float64(y)})
			}
			if c.quality > 0 {
				p = jpegged(t, greyOf(p), c.quality).Luma(0)
			}
			d := track.Decode(p)
			if !d.Detected {
				t.Errorf("%v %+v: not found", size, c)
				continue
			}
			checkGeometry(t, d.Geometry, toMarked, g, p.W, p.H)
			if math.Abs(math.Remainder(d.Geometry.Angle-c.degrees, 360)) > 0.05 || math.Abs(d.Geometry.Scale/(c.scale*g)-1) > 0.0006 || d.Geometry.Mirror {
				t.Errorf("%v %+v: found %+v", size, c, *d.Geometry)
			}
		}
	}
}

// greyOf is a picture of the given luma.
func greyOf(p *dsp.Plane) *watermark.RGB {
	out := watermark.NewRGB(p.W, p.H)
	for i, v := range p.Pix {
		q := uint8(min(max(v+0.5, 0), 255))
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = q, q, q
	}
	return out
}

func TestUnmarkedAndForeignPicturesAreRefused(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	foreign := New(watermark.Key{1, 2, 3}, Config{PSNR: 40})
	for seed := range uint64(3) {
		pic := photo(700, 500, 100+seed)
		if d := track.Decode(pic.Luma(0)); d.Detected || d.Geometry != nil || d.PValue < 1e-4 {
			t.Errorf("picture %d without a mark: %+v", seed, d)
		}
		if _, err := foreign.Embed(pic, 42); err != nil {
			t.Fatal(err)
		}
		if d := track.Decode(pic.Luma(0)); d.Detected || d.PValue < 1e-4 {
			t.Errorf("picture %d under another key: %+v", seed, d)
		}
	}
}

func TestDecodeTakesAnyPlane(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	for _, size := range [][2]int{{1, 1}, {1, 5000}, {3, 4000}, {4000, 3}, {15, 15}, {16, 16}, {17, 900}, {64, 64}, {1025, 31}, {2300, 40}} {
		for name, fill := range map[string]func(x, y int) float32{
			"black":   func(int, int) float32 { return 0 },
			"white":   func(int, int) float32 { return 255 },
			"stripes": func(x, _ int) float32 { return float32(x&1) * 255 },
			"ramp":    func(x, y int) float32 { return float32((x + y) & 255) },
			"speckle": func(x, y int) float32 { return float32((x*7919 + y*104729) % 256) },
			"wild": func(x, y int) float32 {
				return []float32{7, float32(math.NaN()), 90, float32(math.Inf(1)), 200, float32(math.Inf(-1)), 30, 1e38, 60}[(x*7919+y*104729)%9]
			},
			"nothing": func(int, int) float32 { return float32(math.NaN()) },
		} {
			p := dsp.NewPlane(size[0], size[1])
			for y := range p.H {
				for x := range p.W {
					p.Set(x, y, fill(x, y))
				}
			}
			d := track.Decode(p)
			if d.Detected || d.Track != "a" || !(d.PValue > 0 && d.PValue <= 1) {
				t.Errorf("%v %s: %+v", size, name, d)
			}
		}
	}
}

// TestDecodeReadsAroundWildSamples: a few samples that are no numbers do not
// hide the mark.
func TestDecodeReadsAroundWildSamples(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	pic := photo(1400, 900, 3)
	if _, err := track.Embed(pic, 5); err != nil {
		t.Fatal(err)
	}
	luma := pic.Luma(0)
	for i := range 20 {
		luma.Set(61*i, 37*i, []float32{float32(math.NaN()), float32(math.Inf(1)), -1e38}[i%3])
	}
	if d := track.Decode(luma); !d.Detected || d.Payload != 5 {
		t.Errorf("%+v", d)
	}
}

func TestEmbedRefusesSmallPicturesAndTakesFlatOnes(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	for _, size := range [][2]int{{1, 1}, {31, 500}, {63, 64}, {3, 4000}, {4000, 60}} {
		c := watermark.NewRGB(size[0], size[1])
		if _, err := track.Embed(c, 1); !errors.Is(err, watermark.ErrTooSmall) {
			t.Errorf("%v: %v", size, err)
		}
	}
	for _, size := range [][2]int{{4000, 60}, {20000, 300}, {300, 20000}} {
		if _, err := track.Embed(watermark.NewRGB(size[0], size[1]), 1); !errors.Is(err, watermark.ErrTooNarrow) {
			t.Errorf("%v: %v", size, err)
		}
	}
	for _, v := range []uint8{0, 128, 255} {
		c := watermark.NewRGB(128, 96)
		for i := range c.Pix {
			c.Pix[i] = v
		}
		e, err := track.Embed(c, 1)
		if err != nil || math.IsNaN(e.PSNR) {
			t.Errorf("flat %d: %+v, %v", v, e, err)
		}
		if d := track.Decode(c.Luma(0)); v == 128 && (!d.Detected || d.Payload != 1) {
			t.Errorf("flat %d: %+v", v, d)
		}
	}
}

func TestEmbedAndDecodeAreDeterministic(t *testing.T) {
	pic := photo(500, 400, 9)
	var first *watermark.RGB
	var found watermark.Detection
	for i := range 3 {
		track := New(watermark.TestKey, Config{})
		marked := pic.Clone()
		if _, err := track.Embed(marked, 99); err != nil {
			t.Fatal(err)
		}
		p, _ := rotated(marked.Luma(0), 3, 0.9)
		d := track.Decode(p)
		if i == 0 {
			first, found = marked, d
			continue
		}
		if !bytes.Equal(first.Pix, marked.Pix) {
			t.Error("two embeddings differ")
		}
		if *found.Geometry != *d.Geometry || found.Payload != d.Payload || found.PValue != d.PValue {
			t.Errorf("two decodes differ: %+v and %+v", found, d)
		}
	}
}

func TestStrengthFollowsTheTargetAndThePicture(t *testing.T) {
	pic := photo(640, 480, 12)
	at := func(psnr float64) float64 {
		marked := pic.Clone()
		if _, err := New(watermark.TestKey, Config{PSNR: psnr}).Embed(marked, 5); err != nil {
			t.Fatal(err)
		}
		return watermark.PSNR(pic, marked)
	}
	if a, b := at(42), at(46); math.Abs(b-a-4) > 0.2 {
		t.Errorf("targets of 42 and 46 dB give %.2f and %.2f", a, b)
	}
	track := New(watermark.TestKey, Config{PSNR: 45})
	smooth := dsp.GaussianBlur(pic.Luma(0), 8)
	busy := pic.Luma(0)
	for i := range busy.Pix {
		busy.Pix[i] = 128 + (busy.Pix[i]-smooth.Pix[i])*3
	}
	if s, b := track.targetMSE(momentsOf(smooth)), track.targetMSE(momentsOf(busy)); s >= b {
		t.Errorf("a smooth picture is given an error of %.3f, a busy one %.3f", s, b)
	}
	lo, hi := 255*255/math.Pow(10, 4.75), 255*255/math.Pow(10, 4.2)
	for _, p := range []*dsp.Plane{smooth, busy} {
		if m := track.targetMSE(momentsOf(p)); m < lo*0.999 || m > hi*1.001 {
			t.Errorf("an error of %.3f is outside of +2.5 and −3 dB", m)
		}
	}
}

func BenchmarkEmbed(b *testing.B) {
	track := New(watermark.TestKey, Config{})
	for _, size := range [][2]int{{768, 512}, {1732, 1155}, {4240, 2830}, {6000, 4000}} {
		megapixels := float64(size[0]*size[1]) / 1e6
		pic := photo(size[0], size[1], 1)
		b.Run(fmt.Sprintf("%.1fMP", megapixels), func(b *testing.B) {
			for b.Loop() {
				if _, err := track.Embed(pic, 1); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N)/megapixels, "ms/MP")
		})
	}
}
