package tamper

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/certana/certana/internal/corpus"
)

// kinds of alteration, each with a soft mask.
var kinds = []struct {
	name string
	make func(p, other Picture, mask []float64) Picture
}{
	{"paste", blended},
	{"copy-move", func(p, _ Picture, mask []float64) Picture {
		return blended(p, shifted(p, p.W*27/100, p.H*19/100), mask)
	}},
	{"erase", func(p, _ Picture, mask []float64) Picture { return smeared(p, mask) }},
}

// TestF1 pastes objects of another photograph (and copies, and erases), and
// prints the pixel F1 of the map: two photographs and two sizes, or all 24 and
// four with CERTANA_LONG=1.
func TestF1(t *testing.T) {
	dir := corpus.Need(t, "corpus", "kodak")
	n, areas := 2, []float64{0.02, 0.1}
	if os.Getenv("CERTANA_LONG") != "" {
		n, areas = 24, []float64{0.02, 0.05, 0.1, 0.2}
	}
	r := rand.New(rand.NewPCG(2, 20))
	type key struct {
		kind string
		area float64
		q    int
	}
	table := map[key][]float64{}
	for i := range n {
		p := load(t, filepath.Join(dir, fmt.Sprintf("kodim%02d.png", 1+i*24/n)))
		other := load(t, filepath.Join(dir, fmt.Sprintf("kodim%02d.png", 1+(i*24/n+7)%24)))
		other = fitted(other, p.W, p.H)
		for _, area := range areas {
			mask := shape(r, p.W, p.H, area)
			for _, kind := range kinds {
				altered := kind.make(p, other, mask)
				for _, q := range []int{0, 80} {
					got := Inspect(p, nil, recompressed(t, altered, q))
					if !got.Registered || !got.Map.SameScene {
						t.Errorf("kodim %d, %s %v at %d: not registered", i, kind.name, area, q)
						continue
					}
					k := key{kind.name, area, q}
					table[k] = append(table[k], f1(got.Map.Gray(p.W, p.H), mask))
					if os.Getenv("CERTANA_LONG") != "" && f1(got.Map.Gray(p.W, p.H), mask) < 0.85 && kind.name == "paste" {
						t.Logf("%d %s %v %d: %.3f", 1+i*24/n, kind.name, area, q, f1(got.Map.Gray(p.W, p.H), mask))
					}
				}
			}
		}
	}
	for _, kind := range kinds {
		for _, q := range []int{0, 80} {
			line, sum := "", 0.0
			for _, area := range areas {
				v := mean(table[key{kind.name, area, q}])
				line += fmt.Sprintf("  %.0f%% %.3f", 100*area, v)
				sum += v / float64(len(areas))
			}
			t.Logf("%-9s %-8s mean F1 %.3f %s", kind.name, map[int]string{0: "clean", 80: "JPEG 80"}[q], sum, line)
			if kind.name == "paste" && sum < 0.90 {
				t.Errorf("pasted objects: mean F1 %.3f at JPEG %d, want at least 0.90", sum, q)
			}
		}
	}
}

// fitted is p cut or wrapped to w × h.
func fitted(p Picture, w, h int) Picture {
	out := Picture{w, h, make([]uint8, 3*w*h)}
	for y := range h {
		for x := range w {
			copy(out.Pix[3*(y*w+x):][:3], p.Pix[3*(y%p.H*p.W+x%p.W):][:3])
		}
	}
	return out
}

func mean(v []float64) (m float64) {
	for _, x := range v {
		m += x / float64(len(v))
	}
	return m
}
