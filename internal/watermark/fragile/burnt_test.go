package fragile

import (
	"path/filepath"
	"testing"

	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/watermark"
)

// TestBrightenedSky: half of kodim20 is a nearly white sky, for which it is drawn
// with a finer step. Brightened, the sky clips and the lattice looks like that of a
// wider step; the sky was not replaced by that. Untouched it has its say.
func TestBrightenedSky(t *testing.T) {
	m := loadRGB(t, filepath.Join(corpus.Need(t, "corpus", "kodak"), "kodim20.png"))
	track := New(watermark.TestKey, Config{})
	if _, err := track.Embed(RGB{m}, somePayload); err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct {
		name     string
		strength float64
		sky      bool // has its say
	}{{"none", 0, true}, {"jpeg", 70, true}, {"brightness", 1.1, false}, {"brightness", 1.2, false}, {"contrast", 1.2, false}} {
		x, _ := apply(t, m, o.name, o.strength, 1)
		d := track.LocalizeView(Look(RGB{x}), somePayload)
		if d.Share > 0.005 || d.Abstain != Speaks {
			t.Errorf("%s %g: %.3f of the area is flagged, abstains %q", o.name, o.strength, d.Share, d.Abstain)
		}
		if (d.Known > 0.9) != o.sky {
			t.Errorf("%s %g: something is said of %.2f of the picture", o.name, o.strength, d.Known)
		}
	}
}
