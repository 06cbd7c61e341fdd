package verify

import (
	"testing"

	"github.com/certana/certana/internal/watermark/fragile"
)

// Copies so small that the mark is lost are not searched; of a large picture, whose
// pixels of the mark are several real ones, half the size is enough.
func TestTooSmall(t *testing.T) {
	for _, c := range []struct {
		w, h  int
		scale float64
		want  bool
	}{{768, 512, 1, false}, {768, 512, .75, false}, {768, 512, .5, true}, {8000, 6000, .5, false}, {8000, 6000, .1, true}} {
		p := fragile.Prior{W: c.w, H: c.h, Map: fragile.Projection{0, -c.scale, 9, c.scale, 0, 5, 0, 0, 1}}
		if got := tooSmall(p); got != c.want {
			t.Errorf("%d × %d at %v: %v", c.w, c.h, c.scale, got)
		}
	}
}
