package fragile

import (
	"flag"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/eval/forge"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
)

// every thins the Kodak pictures: CERTANA_LONG=1 go test -run Kodak -v prints the
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

// alter makes a forgery and the truth about it: one of the boxes of the attack
// suite ("overlay" is a plate with text), or an object of package forge.
func alter(t testing.TB, m *watermark.RGB, edit string, area float64, seed int64) (*watermark.RGB, []uint8) {
	t.Helper()
	if kind, ok := strings.CutPrefix(edit, "object "); ok {
		f, err := forge.Apply(&raster.RGB8{W: m.W, H: m.H, Pix: m.Pix}, nil, forge.Kind(kind), area, uint64(seed))
		if err != nil {
			t.Fatal(err)
		}
		return &watermark.RGB{W: m.W, H: m.H, Pix: f.RGB.Pix}, f.Truth
	}
	x, b := apply(t, m, edit, area, seed)
	return x, box(m.W, m.H, b[0], b[1], b[0]+b[2], b[1]+b[3])
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

// pictures takes each n-th file; all with CERTANA_LONG.
func pictures(files []string) (some []string) {
	if os.Getenv("CERTANA_LONG") != "" {
		return files
	}
	for i := 0; i < len(files); i += *every {
		some = append(some, files[i])
	}
	return some
}

// edits are boxes, a plate with text, and objects of any outline.
var edits = []string{"splice", "copymove", "erase", "overlay", "object copymove", "object erase"}

// TestKodakLocalizes holds the map to what the track is for: F1 against what was
// pasted, copied, erased and written over 1 to 20% of the area, and silence on
// marked copies that were only compressed.
func TestKodakLocalizes(t *testing.T) {
	files := pictures(corpus.Kodak(t))
	if testing.Short() {
		t.Skip("measures recovery on photographs: left out by -short")
	}
	areas := []float64{.01, .05, .2}
	if os.Getenv("CERTANA_LONG") != "" {
		areas = []float64{.01, .02, .05, .1, .2}
	}
	posts := []post{{"none", 0, .98}, {"jpeg", 90, .975}, {"jpeg", 80, .968}, {"jpeg", 70, .955}, {"noise", 5, .95}, {"webp", 80, .90}}
	if os.Getenv("CERTANA_LONG") != "" {
		posts[5].limit = .92
	}
	localizes(t, posts, areas, edits, func(yield func(name string, m *watermark.RGB) bool) {
		for _, f := range files {
			if !yield(filepath.Base(f), loadRGB(t, f)) {
				return
			}
		}
	})
}

// TestWindowsLocalize does the same for 1% of windows of 2 MP in large pictures.
func TestWindowsLocalize(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(corpus.Need(t, "corpus", "highres"), "*.jpg"))
	if os.Getenv("CERTANA_LONG") == "" {
		t.Skip("measures large photographs: CERTANA_LONG=1 runs it")
	}
	posts := []post{{"none", 0, .98}, {"jpeg", 90, .975}, {"jpeg", 80, .97}, {"jpeg", 70, .96}, {"noise", 5, .95}, {"webp", 80, .91}}
	localizes(t, posts, []float64{.01}, edits, func(yield func(name string, m *watermark.RGB) bool) {
		for _, f := range files {
			m := loadRGB(t, f)
			for k, at := range [][2]int{{0, 0}, {1, 1}} {
				w, h := min(m.W, 1632), min(m.H, 1224)
				x0, y0 := at[0]*(m.W-w)/2, at[1]*(m.H-h)/2
				part := watermark.NewRGB(w, h)
				for y := range h {
					copy(part.Pix[3*y*w:3*(y+1)*w], m.Pix[3*((y0+y)*m.W+x0):])
				}
				if !yield(fmt.Sprint(filepath.Base(f), " ", k), part) {
					return
				}
			}
		}
	})
}

func localizes(t *testing.T, posts []post, areas []float64, edits []string, pictures iter.Seq2[string, *watermark.RGB]) {
	sum := make([]tally, len(posts))
	var psnr []float64
	track := New(watermark.TestKey, Config{})
	i := 0
	for name, pic := range pictures {
		marked := pic.Clone()
		p := watermark.Payload(0x9e3779b97f4a7c15 * uint64(i+1))
		e, err := track.Embed(RGB{marked}, p)
		if err != nil {
			t.Fatal(err)
		}
		got := watermark.PSNR(pic, marked)
		psnr = append(psnr, got)
		if d := e.PSNR - got; d > 1e-6 || d < -1e-6 || e.PSNR < 44.5 {
			t.Errorf("%s: %.3f dB said, %.3f measured", name, e.PSNR, got)
		}
		for n, o := range posts {
			y, _ := apply(t, marked, o.name, o.strength, 1)
			sum[n].clean(t, name, o, track.LocalizeView(Look(RGB{y}), p))
			for _, edit := range edits {
				for _, a := range areas {
					x, truth := alter(t, marked, edit, a, int64(100*i+int(1000*a)+7))
					y, _ := apply(t, x, o.name, o.strength, 1)
					sum[n].edited(t, name, o, track.LocalizeView(Look(RGB{y}), p), truth, a)
				}
			}
		}
		i++
	}
	t.Logf("PSNR mean %.2f, least %.2f dB", mean(psnr), slices.Min(psnr))
	if mean(psnr) < 45 {
		t.Error("the mean PSNR is below 45 dB")
	}
	for n, o := range posts {
		s := sum[n]
		t.Logf("%-8s F1 %.3f, at 1%% %.3f | false alarm mean %.4f max %.4f | abstained %d of %d",
			fmt.Sprint(o.name, o.strength), mean(s.f1), mean(s.small), mean(s.falseAlarm), slices.Max(s.falseAlarm), s.abstained, s.n)
		if mean(s.f1) < o.limit || s.abstained > s.n/50 || mean(s.falseAlarm) > .002 {
			t.Errorf("%s %g: less than was reached before", o.name, o.strength)
		}
	}
}

// TestKodakStaysQuiet: marked pictures that were processed but not altered are
// either read in spite of that, or not judged. Few may be flagged.
func TestKodakStaysQuiet(t *testing.T) {
	files := pictures(corpus.Kodak(t))
	if testing.Short() {
		t.Skip("measures recovery on photographs: left out by -short")
	}
	track := New(watermark.TestKey, Config{})
	limits := []post{{"contrast", .5, .002}, {"contrast", 1.5, .005}, {"brightness", .8, .002}, {"brightness", 1.2, .005}, {"saturation", .5, .002},
		{"jpeg", 50, .005}, {"jpeg", 30, .005}, {"noise", 10, .005}, {"webp", 50, .005}, {"blur", .5, .005}, {"blur", 1, .005}, {"median", 3, .005},
		{"sharpen", 2, .005}, {"gamma", 1.4, .03}, {"hue", 10, .01}, {"palette", 256, .02}, {"resize", .75, .005}, {"crop", .75, .005}}
	sum := make([]tally, len(limits))
	for i := range files {
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

func (s *tally) edited(t *testing.T, file string, o post, m Map, truth []uint8, area float64) {
	s.count(m)
	if m.Abstain != Speaks {
		t.Logf("%s %s %g, %g edited: abstains %q, quality %.3f, uneven %.2f", file, o.name, o.strength, area, m.Abstain, m.Quality, m.Uneven)
	}
	f := f1(m, truth)
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
