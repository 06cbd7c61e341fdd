package tamper

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/raster"
)

// TestAttacks prints, for every attack of the suite, on how many photographs a
// region was found: all for overlays, none for the others. One photograph and a
// selection of the suite, or all 24 and 52 with CERTANA_LONG=1.
func TestAttacks(t *testing.T) {
	dir := corpus.Need(t, "corpus", "kodak")
	long := os.Getenv("CERTANA_LONG") != ""
	names := []string{"kodim19.png"}
	if long {
		names = nil
		for i := range 24 {
			names = append(names, fmt.Sprintf("kodim%02d.png", i+1))
		}
	}
	wrong := 0
	for k, a := range attack.Suite() {
		if !long && k%5 != 0 && a.Class != "overlay" {
			continue
		}
		found := 0
		for _, name := range names {
			p := load(t, filepath.Join(dir, name))
			out, err := attack.Apply(&raster.RGB8{W: p.W, H: p.H, Pix: p.Pix}, a.Name, a.Strength, 0)
			if err != nil {
				t.Fatal(err)
			}
			r := Inspect(p, nil, Picture{W: out.RGB.W, H: out.RGB.H, Pix: out.RGB.Pix})
			if !r.Registered || !r.Map.SameScene {
				t.Errorf("%s after %s: not registered", name, a.Label())
				continue
			}
			overlay := strings.HasPrefix(a.Name, "overlay")
			if r.Map.Altered {
				found++
			}
			if overlay && !overlaps(r.Map, out.Box) {
				t.Errorf("%s after %s: regions %+v, the box is %v", name, a.Label(), r.Map.Regions, *out.Box)
			}
			if r.Map.Altered != overlay {
				wrong++
				t.Logf("%s after %s: regions %+v", name, a.Label(), r.Map.Regions)
			}
		}
		t.Logf("%-18s %d of %d", a.Label(), found, len(names))
	}
	// A hue turn moves vivid colours out of what a polynomial follows, and a
	// palette of its own making may: one in a hundred copies is forgiven.
	if wrong > len(names)*52/100 {
		t.Errorf("%d wrong answers", wrong)
	}
}

// overlaps tells whether the largest region is the box, give or take a few
// pixels of border.
func overlaps(m *Map, box *[4]int) bool {
	if len(m.Regions) == 0 {
		return false
	}
	r := m.Regions[0]
	x0, y0 := max(r.X, box[0]), max(r.Y, box[1])
	x1, y1 := min(r.X+r.W, box[0]+box[2]), min(r.Y+r.H, box[1]+box[3])
	both := float64(max(x1-x0, 0) * max(y1-y0, 0))
	return both/float64(r.W*r.H+box[2]*box[3]-int(both)) > 0.8
}
