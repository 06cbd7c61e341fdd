package raster

import (
	"fmt"
	"os"
	"testing"

	"github.com/certana/certana/internal/corpus"
)

// BenchmarkTranscode is the yardstick: decode and encode of one JPEG, 4:2:0, at
// quality 90, single-threaded. The others are this room's parts of a certify.
func BenchmarkTranscode(b *testing.B) {
	data, err := os.ReadFile(corpus.Need(b, "corpus", "highres", "Canon_EOS_5D.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	p, err := Decode(data, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []struct {
		name string
		long int
	}{{"0.4MP", 768}, {"2MP", 1732}, {"12MP", 4243}} {
		small, err := EncodeJPEG(p.RGB(size.long), 90)
		if err != nil {
			b.Fatal(err)
		}
		benchmarkParts(b, size.name, small)
	}
}

func benchmarkParts(b *testing.B, size string, data []byte) {
	q, err := Decode(data, Options{})
	if err != nil {
		b.Fatal(err)
	}
	weight := [3]float32{.299, .587, .114}
	flat := func(_ int, dst []float32) { dst[0] = 1 }
	for _, part := range []struct {
		name string
		run  func() error
	}{
		{"transcode", func() error { _, err := TranscodeJPEG(data); return err }},
		{"decode", func() error { _, err := Decode(data, Options{}); return err }},
		{"encode", func() error { _, err := Encode(q); return err }},
		{"luma512", func() error { q.Luma(512); return nil }},
		{"luma", func() error { q.Luma(0); return nil }},
		{"rgb512", func() error { q.RGB(512); return nil }},
		{"rgb", func() error { q.RGB(0); return nil }},
		{"add", func() error { q.Add(flat, 1, weight); return nil }},
		{"mse8", func() error { q.AddedMSE(flat, 1, weight, 8); return nil }},
	} {
		b.Run(fmt.Sprintf("%s/%s", size, part.name), func(b *testing.B) {
			for b.Loop() {
				if err := part.run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
