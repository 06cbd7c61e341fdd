package synth

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"
)

func TestPhotoDependsOnItsArgumentsOnly(t *testing.T) {
	a, b := Photo(160, 120, 7), Photo(160, 120, 7)
	if !bytes.Equal(a.Pix, b.Pix) {
		t.Error("the same seed gave two pictures")
	}
	if bytes.Equal(a.Pix, Photo(160, 120, 8).Pix) {
		t.Error("two seeds gave the same picture")
	}
	for _, size := range [][2]int{{1, 1}, {1, 40}, {33, 2}} {
		m := Photo(size[0], size[1], 1)
		if m.Bounds() != image.Rect(0, 0, size[0], size[1]) {
			t.Errorf("asked for %v, got %v", size, m.Bounds())
		}
	}
}

// TestPhotoStatistics holds the pictures to what photographs measure: the
// ranges are those of the Kodak set, widened by a third.
func TestPhotoStatistics(t *testing.T) {
	for seed := range uint64(6) {
		m := Photo(512, 512, seed)
		s := measure(m)
		check := func(name string, v, lo, hi float64) {
			if v < lo || v > hi {
				t.Errorf("seed %d: %s is %.2f, want %g to %g", seed, name, v, lo, hi)
			}
		}
		check("mean luma", s.mean, 50, 190)
		check("luma deviation", s.deviation, 20, 75)
		check("gradient kurtosis", s.kurtosis, 8, 50)
		check("gradient at one to four pixels", s.octaves, 0.35, 0.75)
		check("JPEG bits per pixel", s.bits, 0.8, 4)
		check("share of clipped samples", s.clipped, 0, 0.08)
	}
}

type statistics struct{ mean, deviation, kurtosis, octaves, bits, clipped float64 }

func measure(m *image.NRGBA) statistics {
	b := m.Bounds()
	luma := func(x, y int) float64 { return float64(color.GrayModel.Convert(m.NRGBAAt(x, y)).(color.Gray).Y) }
	var s statistics
	var sum, sq, d2, d4, far, n float64
	for y := range b.Dy() {
		for x := range b.Dx() - 4 {
			v := luma(x, y)
			d, e := luma(x+1, y)-v, luma(x+4, y)-v
			sum, sq, n = sum+v, sq+v*v, n+1
			d2, d4, far = d2+d*d, d4+d*d*d*d, far+e*e
		}
	}
	for _, v := range m.Pix {
		if v <= 2 || v >= 253 {
			s.clipped++
		}
	}
	pixels := float64(b.Dx() * b.Dy())
	s.clipped = (s.clipped - pixels) / (3 * pixels) // alpha is 255 everywhere
	s.mean, s.deviation = sum/n, math.Sqrt(sq/n-sum*sum/n/n)
	s.kurtosis, s.octaves = d4/n/(d2/n*d2/n), math.Sqrt(d2/far)
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, m, &jpeg.Options{Quality: 80}); err != nil {
		panic(err)
	}
	s.bits = 8 * float64(buf.Len()) / float64(b.Dx()*b.Dy())
	return s
}

func TestPasteObjectKeepsItsWord(t *testing.T) {
	for _, size := range [][2]int{{400, 300}, {300, 400}, {700, 200}} {
		for _, share := range []float64{0.02, 0.05, 0.2} {
			for seed := range uint64(3) {
				before := Photo(size[0], size[1], 100+seed)
				after := &image.NRGBA{Pix: bytes.Clone(before.Pix), Stride: before.Stride, Rect: before.Rect}
				box, mask := PasteObject(after, seed, share)
				var covered float64
				for y := range size[1] {
					for x := range size[0] {
						a := mask.GrayAt(x, y).Y
						covered += float64(a) / 255
						if inside := (image.Point{X: x, Y: y}).In(box); a > 0 && !inside {
							t.Fatalf("mask is set at %d,%d outside %v", x, y, box)
						}
						if a == 0 && before.NRGBAAt(x, y) != after.NRGBAAt(x, y) {
							t.Fatalf("pixel %d,%d changed outside the mask", x, y)
						}
					}
				}
				got := covered / float64(size[0]*size[1])
				if got < 0.85*share || got > 1.1*share {
					t.Errorf("%v seed %d: asked for %.3f of the picture, got %.3f", size, seed, share, got)
				}
			}
		}
	}
}

func BenchmarkPhoto(b *testing.B) {
	for b.Loop() {
		Photo(1600, 1200, 1)
	}
}
