package fragile

import (
	"flag"
	"fmt"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
)

// every thins the Kodak pictures: go test -run Kodak -v -every 1 prints the
// whole table.
var every = flag.Int("every", 12, "the Kodak tests take each n-th picture")

func loadRGB(t testing.TB, path string) *watermark.RGB {
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
	m := raster.FromImage(img)
	return &watermark.RGB{W: m.W, H: m.H, Pix: m.Pix}
}

// score is F1 of the map against the box that was altered; a map that abstains
// has found nothing.
func score(m Map, box [4]int) float64 {
	tp, fp, fn := 0, 0, 0
	for y := range m.H {
		for x := range m.W {
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
	return 2 * float64(tp) / max(1, float64(2*tp+fp+fn))
}

func apply(t testing.TB, m *watermark.RGB, name string, strength float64, seed int64) (*watermark.RGB, *[4]int) {
	t.Helper()
	res, err := attack.Apply(&raster.RGB8{W: m.W, H: m.H, Pix: m.Pix}, name, strength, seed)
	if err != nil {
		t.Fatal(err)
	}
	return &watermark.RGB{W: res.RGB.W, H: res.RGB.H, Pix: res.RGB.Pix}, res.Box
}

type post struct {
	name     string
	strength float64
	limit    float64 // that the mean may not fall below, or the share that it may not exceed
}

type tally struct {
	f1, small, falseAlarm []float64
	abstained, n          int
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / max(1, float64(len(v)))
}

// TestKodakLocalizes holds the map to what the track is for: F1 against pasted,
// copied and erased boxes of 1 to 20% of the area, and silence on marked copies
// that were only compressed.
func TestKodakLocalizes(t *testing.T) {
	files := corpus.Kodak(t)
	if testing.Short() {
		t.Skip("measures recovery on photographs: left out by -short")
	}
	posts := []post{{"none", 0, .96}, {"jpeg", 90, .95}, {"jpeg", 80, .94}, {"jpeg", 70, .91}, {"noise", 5, .91}, {"webp", 80, .83}}
	areas := []float64{.01, .05, .2}
	if *every == 1 {
		areas = []float64{.01, .02, .05, .1, .2}
	}
	sum := make([]tally, len(posts))
	var psnr []float64
	track := New(watermark.TestKey, Config{})
	for i := 0; i < len(files); i += *every {
		pic := loadRGB(t, files[i])
		marked := pic.Clone()
		p := watermark.Payload(0x9e3779b97f4a7c15 * uint64(i+1))
		e, err := track.Embed(RGB{marked}, p)
		if err != nil {
			t.Fatal(err)
		}
		psnr = append(psnr, watermark.PSNR(pic, marked))
		if d := e.PSNR - psnr[len(psnr)-1]; d > 1e-6 || d < -1e-6 || e.PSNR < 45 {
			t.Errorf("%s: %.3f dB said, %.3f measured", filepath.Base(files[i]), e.PSNR, psnr[len(psnr)-1])
		}
		for n, o := range posts {
			y, _ := apply(t, marked, o.name, o.strength, 1)
			sum[n].clean(t, filepath.Base(files[i]), o, track.LocalizeView(Look(RGB{y}), p))
			for _, edit := range []string{"splice", "copymove", "erase"} {
				for _, a := range areas {
					x, box := apply(t, marked, edit, a, int64(100*i+int(1000*a)+7))
					y, _ := apply(t, x, o.name, o.strength, 1)
					sum[n].edited(t, filepath.Base(files[i]), o, track.LocalizeView(Look(RGB{y}), p), *box, a)
				}
			}
		}
	}
	t.Logf("PSNR mean %.2f, least %.2f dB", mean(psnr), slices.Min(psnr))
	for n, o := range posts {
		s := sum[n]
		t.Logf("%-8s F1 %.3f, at 1%% %.3f | false alarm mean %.4f max %.4f | abstained %d of %d",
			fmt.Sprint(o.name, o.strength), mean(s.f1), mean(s.small), mean(s.falseAlarm), slices.Max(s.falseAlarm), s.abstained, s.n)
		if mean(s.f1) < o.limit || s.abstained > s.n/20 || mean(s.falseAlarm) > .004 {
			t.Errorf("%s %g: less than was reached before", o.name, o.strength)
		}
	}
}

// TestKodakStaysQuiet: marked pictures that were processed but not altered are
// either read in spite of that, or not judged. Few may be flagged.
func TestKodakStaysQuiet(t *testing.T) {
	files := corpus.Kodak(t)
	if testing.Short() {
		t.Skip("measures recovery on photographs: left out by -short")
	}
	track := New(watermark.TestKey, Config{})
	limits := []post{{"contrast", .5, .002}, {"brightness", .8, .002}, {"brightness", 1.2, .05}, {"saturation", .5, .002},
		{"jpeg", 50, .01}, {"jpeg", 30, .01}, {"noise", 10, .03}, {"webp", 50, .01}, {"blur", .5, .01}, {"blur", 1, .01}, {"median", 3, .01},
		{"sharpen", 2, .01}, {"contrast", 1.5, .05}, {"gamma", 1.4, .03}, {"hue", 10, .01}, {"palette", 256, .02}}
	sum := make([]tally, len(limits))
	for i := 0; i < len(files); i += *every {
		marked := loadRGB(t, files[i])
		p := watermark.Payload(0x9e3779b97f4a7c15 * uint64(i+1))
		if _, err := track.Embed(RGB{marked}, p); err != nil {
			t.Fatal(err)
		}
		for n, o := range limits {
			y, _ := apply(t, marked, o.name, o.strength, 1)
			sum[n].clean(t, filepath.Base(files[i]), o, track.LocalizeView(Look(RGB{y}), p))
		}
	}
	for n, o := range limits {
		s := sum[n]
		t.Logf("%-14s flagged mean %.4f max %.4f | abstained %d of %d", fmt.Sprint(o.name, o.strength), mean(s.falseAlarm), slices.Max(s.falseAlarm), s.abstained, s.n)
		if mean(s.falseAlarm) > o.limit {
			t.Errorf("%s %g: %.4f of the area is flagged", o.name, o.strength, mean(s.falseAlarm))
		}
	}
}

func (s *tally) clean(t *testing.T, file string, o post, m Map) {
	s.count(m)
	s.falseAlarm = append(s.falseAlarm, m.Share)
	if m.Share > .01 {
		t.Logf("%s %s %g: %.4f falsely flagged, quality %.3f, σ %.3f", file, o.name, o.strength, m.Share, m.Quality, m.Intact)
	}
}

func (s *tally) edited(t *testing.T, file string, o post, m Map, box [4]int, area float64) {
	s.count(m)
	if m.Abstain != Speaks {
		t.Logf("%s %s %g, %g edited: abstains %q, quality %.3f, uneven %.2f", file, o.name, o.strength, area, m.Abstain, m.Quality, m.Uneven)
	}
	f := score(m, box)
	s.f1 = append(s.f1, f)
	if area == .01 {
		s.small = append(s.small, f)
	}
}

func (s *tally) count(m Map) {
	s.n++
	if m.Abstain != Speaks {
		s.abstained++
	}
}
