package locate

import (
	"flag"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
	"github.com/certana/certana/internal/watermark/spread"
)

// every thins the Kodak pictures: go test -run Kodak -v -every 1 prints the
// whole table.
var every = flag.Int("every", 12, "the Kodak tests take each n-th picture; below 12 more forgeries of each")

// journey is how a marked and altered picture reaches its reader.
type journey struct {
	name  string
	steps []attack.Attack
	least float64 // mean F1
}

var journeys = []journey{
	{"as it lies, Q80", []attack.Attack{{Name: "jpeg", Strength: 80}}, .9},
	{"crop 75%, Q80", []attack.Attack{{Name: "crop", Strength: .75}, {Name: "jpeg", Strength: 80}}, .85},
	{"crop 25%, Q80", []attack.Attack{{Name: "crop", Strength: .25}, {Name: "jpeg", Strength: 80}}, .8},
	{"×0.75, Q80", []attack.Attack{{Name: "resize", Strength: .75}, {Name: "jpeg", Strength: 80}}, .8},
	{"×0.5, Q80", []attack.Attack{{Name: "resize", Strength: .5}, {Name: "jpeg", Strength: 80}}, 0},
	{"×1.5, Q80", []attack.Attack{{Name: "resize", Strength: 1.5}, {Name: "jpeg", Strength: 80}}, .8},
	{"rotated 5°, Q80", []attack.Attack{{Name: "rotate", Strength: 5}, {Name: "jpeg", Strength: 80}}, .8},
	{"turned 90°, Q80", []attack.Attack{{Name: "rotate", Strength: 90}, {Name: "jpeg", Strength: 80}}, .8},
	{"mirrored, Q80", []attack.Attack{{Name: "hflip"}, {Name: "jpeg", Strength: 80}}, .8},
}

func apply(t testing.TB, m *raster.RGB8, a attack.Attack, seed int64) (*raster.RGB8, *[4]int) {
	t.Helper()
	r, err := attack.Apply(m, a.Name, a.Strength, seed)
	if err != nil {
		t.Fatal(err)
	}
	return r.RGB, r.Box
}

func load(t testing.TB, path string) *raster.RGB8 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return raster.FromImage(img)
}

func canvas(m *raster.RGB8) fragile.RGB {
	return fragile.RGB{RGB: &watermark.RGB{W: m.W, H: m.H, Pix: m.Pix}}
}

// f1 scores a map against the box that was altered, over what is in view; ok is
// false when less than half of the box is.
func f1(m fragile.Map, v fragile.View, box [4]int) (f float64, ok bool) {
	tp, fp, fn := 0, 0, 0
	for y := range m.H / 4 * 4 {
		for x := range m.W / 4 * 4 {
			if v.Seen != nil && v.Seen[y/4*(m.W/4)+x/4] == 0 {
				continue
			}
			inside := x >= box[0] && x < box[0]+box[2] && y >= box[1] && y < box[1]+box[3]
			said := m.Mask != nil && m.Mask[y*m.W+x] == 1
			switch {
			case said && inside:
				tp++
			case said:
				fp++
			case inside:
				fn++
			}
		}
	}
	return 2 * float64(tp) / max(1, float64(2*tp+fp+fn)), 2*(tp+fn) > box[2]*box[3]
}

// TestKodakPlaced holds the map of altered pictures to what is left after a crop,
// a resize or a turn. The reader knows key, payload and the marked size, and takes
// the geometry from track A.
func TestKodakPlaced(t *testing.T) {
	files := corpus.Kodak(t)
	if os.Getenv("CERTANA_LONG") == "" {
		t.Skip("CERTANA_LONG=1 places and maps forgeries on photographs, in some minutes")
	}
	a := spread.New(watermark.TestKey, spread.Config{PSNR: 49})
	b := fragile.New(watermark.TestKey, fragile.Config{PSNR: 45.7})
	type tally struct {
		f1, small, flagged  float64
		n, nSmall, nFlagged int
		lost, silent        int
	}
	sums := make([]tally, len(journeys))
	areas := []float64{.05}
	if *every < 12 {
		areas = []float64{.01, .05, .2}
	}
	for i := 0; i < len(files); i += *every {
		marked := load(t, files[i])
		p := watermark.Payload(0x9e3779b97f4a7c15 * uint64(i+1))
		if _, err := a.Embed(canvas(marked).RGB, p); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Embed(canvas(marked), p); err != nil {
			t.Fatal(err)
		}
		for n, j := range journeys {
			s := &sums[n]
			read := func(m *raster.RGB8) (fragile.Map, fragile.View, bool) {
				for _, at := range j.steps {
					m, _ = apply(t, m, at, 1)
				}
				luma := dsp.Shrink(canvas(m).Luma(0), watermark.DecodeSide)
				d := a.Decode(luma)
				if !d.Detected {
					s.lost++
					return fragile.Map{}, fragile.View{}, false
				}
				v, pl, ok := Place(b, canvas(m), p, Enlarge(*d.Geometry, luma.W, luma.H, m.W, m.H), marked.W, marked.H)
				if !ok {
					s.lost++
					t.Logf("%s %s: not placed, %.1f", filepath.Base(files[i]), j.name, pl.Score)
					return fragile.Map{}, v, false
				}
				out := b.LocalizeView(v, p)
				if out.Abstain != fragile.Speaks {
					s.silent++
					t.Logf("%s %s: %s, quality %.3f σ %.3f uneven %.2f, placed %.1f", filepath.Base(files[i]), j.name, out.Abstain, out.Quality, out.Intact, out.Uneven, pl.Score)
				}
				return out, v, true
			}
			if m, _, ok := read(marked); ok {
				s.flagged += m.Share
				s.nFlagged++
			}
			for _, edit := range []string{"splice", "copymove", "erase"} {
				for _, area := range areas {
					x, box := apply(t, marked, attack.Attack{Name: edit, Strength: area}, int64(100*i+int(1000*area)+7))
					m, v, ok := read(x)
					f, counts := 0.0, true
					if ok {
						f, counts = f1(m, v, *box)
					}
					if !counts {
						continue
					}
					s.f1 += f
					s.n++
					if area == .01 {
						s.small += f
						s.nSmall++
					}
				}
			}
		}
	}
	for n, j := range journeys {
		s := sums[n]
		mean := s.f1 / float64(max(s.n, 1))
		t.Logf("%-18s F1 %.3f, at 1%% %.3f, of %d | untouched flagged %.4f | not placed %d, silent %d",
			j.name, mean, s.small/float64(max(s.nSmall, 1)), s.n, s.flagged/float64(max(s.nFlagged, 1)), s.lost, s.silent)
		if mean < j.least {
			t.Errorf("%s: F1 %.3f", j.name, mean)
		}
	}
}
