package raster

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// shared returns the folder of the evaluation pictures, or skips the test.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	root := os.Getenv("CERTANA_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("evaluation pictures are not here: %v", err)
	}
	return path
}

func BenchmarkTranscode(b *testing.B) {
	for _, long := range []int{768, 1712, 4368} {
		path := shared(b, "corpus", "highres", "Canon_EOS_5D.jpg")
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		p, err := Decode(data, Options{})
		if err != nil {
			b.Fatal(err)
		}
		small, err := EncodeJPEG(p.RGB(long), 90)
		if err != nil {
			b.Fatal(err)
		}
		w, h := p.Size()
		_ = w * h
		b.Run(fmt.Sprintf("%.1fMP", float64(long)*float64(long)*2/3/1e6), func(b *testing.B) {
			for b.Loop() {
				if _, err := TranscodeJPEG(small); err != nil {
					b.Fatal(err)
				}
			}
		})
		q, _ := Decode(small, Options{})
		b.Run(fmt.Sprintf("decode%d", long), func(b *testing.B) {
			for b.Loop() {
				Decode(small, Options{})
			}
		})
		b.Run(fmt.Sprintf("luma1024/%d", long), func(b *testing.B) {
			for b.Loop() {
				q.Luma(1000)
			}
		})
		b.Run(fmt.Sprintf("add/%d", long), func(b *testing.B) {
			for b.Loop() {
				q.Add(func(y int, dst []float32) { dst[0] = 1 }, 1, [3]float32{.299, .587, .114})
			}
		})
		b.Run(fmt.Sprintf("mse/%d", long), func(b *testing.B) {
			for b.Loop() {
				q.AddedMSE(func(y int, dst []float32) { dst[0] = 1 }, 1, [3]float32{.299, .587, .114}, 8)
			}
		})
		b.Run(fmt.Sprintf("rgb512/%d", long), func(b *testing.B) {
			for b.Loop() {
				q.RGB(512)
			}
		})
	}
}
