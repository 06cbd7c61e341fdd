package tamper

import "testing"

func BenchmarkInspect(b *testing.B) {
	p := ppm("/tmp/atk/ref08.ppm")
	q := ppm("/tmp/atk/08_jpeg_80.ppm")
	for b.Loop() {
		Inspect(p, nil, q)
	}
}
