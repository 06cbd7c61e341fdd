package tamper

import (
	"testing"

	"github.com/certana/certana/internal/align"
)

// BenchmarkInspect is all that a verification does with two decoded pictures:
// the features of the reference are at hand.
func BenchmarkInspect(b *testing.B) {
	p := leaves(1024, 683, 1)
	f := align.Extract(p.Luma(align.WorkingSide), Features)
	for b.Loop() {
		if !Inspect(p, &f, p).Registered {
			b.Fatal("not registered")
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	p := leaves(1024, 683, 1)
	for b.Loop() {
		Compare(p, p, align.Identity())
	}
}
