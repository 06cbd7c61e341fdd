package raster

import "testing"

// benchPictures are 2 megapixels as a JPEG decodes (4:2:0) and as a PNG does.
func benchPictures(b *testing.B) map[string]*Picture {
	src := speckle(1632, 1224)
	data, err := EncodeJPEG(src, 90)
	if err != nil {
		b.Fatal(err)
	}
	p, err := Decode(data, Options{})
	if err != nil {
		b.Fatal(err)
	}
	return map[string]*Picture{"ycc": p, "rgb": src.Picture(PNG)}
}

// flat is a pattern that costs nothing to make.
func flat(_ int, dst []float32) { dst[0] = 1 }

func BenchmarkAdd(b *testing.B) {
	for name, p := range benchPictures(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.Add(flat, 1.3, [3]float32{.299, .587, .114})
			}
		})
	}
}

func BenchmarkAddedMSE(b *testing.B) {
	for name, p := range benchPictures(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.AddedMSE(flat, 1.3, [3]float32{.299, .587, .114}, 1)
			}
		})
	}
}

func BenchmarkLuma1024(b *testing.B) {
	for name, p := range benchPictures(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.Luma(1024)
			}
		})
	}
}

func BenchmarkRGB512(b *testing.B) {
	for name, p := range benchPictures(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.RGB(512)
			}
		})
	}
}
