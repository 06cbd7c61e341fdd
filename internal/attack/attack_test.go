package attack

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

func TestSuiteIsTheStandardOne(t *testing.T) {
	if n := len(Suite()); n != 52 {
		t.Errorf("%d attacks, want 52", n)
	}
	seen := map[string]bool{}
	for _, a := range everything() {
		if seen[a.Label()] {
			t.Errorf("%s stands twice", a.Label())
		}
		seen[a.Label()] = true
	}
	for _, label := range []string{"none", "jpeg:30", "resize:2", "crop:0.25", "printscan:1"} {
		if !seen[label] {
			t.Errorf("%s is missing", label)
		}
	}
}

// TestApplyIsPure runs everything twice over pictures of awkward sizes: same
// answer, input untouched, output whole.
func TestApplyIsPure(t *testing.T) {
	for _, size := range [][2]int{{37, 21}, {2, 2}, {5, 64}, {64, 3}} {
		m := raster.FromImage(synth.Photo(size[0], size[1], 5))
		before := bytes.Clone(m.Pix)
		for _, a := range everything() {
			r, err := Apply(m, a.Name, a.Strength, 9)
			if err != nil {
				t.Errorf("%v %s: %v", size, a.Label(), err)
				continue
			}
			again, _ := Apply(m, a.Name, a.Strength, 9)
			if !bytes.Equal(r.RGB.Pix, again.RGB.Pix) || !bytes.Equal(r.Encoded, again.Encoded) {
				t.Errorf("%v %s: two runs differ", size, a.Label())
			}
			if len(r.RGB.Pix) != 3*r.RGB.W*r.RGB.H || r.RGB.W < 1 || r.RGB.H < 1 {
				t.Errorf("%v %s: %d samples for %d×%d", size, a.Label(), len(r.RGB.Pix), r.RGB.W, r.RGB.H)
			}
			if !bytes.Equal(before, m.Pix) {
				t.Fatalf("%v %s: the input changed", size, a.Label())
			}
			if len(r.RGB.Pix) > 0 && &r.RGB.Pix[0] == &m.Pix[0] {
				t.Errorf("%v %s: the output shares the input's memory", size, a.Label())
			}
		}
	}
}

func TestSeedMovesOnlyWhatIsRandom(t *testing.T) {
	m := raster.FromImage(synth.Photo(90, 70, 1))
	random := map[string]bool{"crop": true, "noise": true, "overlay": true, "screenshot": true,
		"crop_jpeg": true, "printscan": true, "perspective": true, "splice": true, "copymove": true, "erase": true}
	for _, a := range everything() {
		one, err := Apply(m, a.Name, a.Strength, 1)
		if err != nil {
			t.Fatal(err)
		}
		two, err := Apply(m, a.Name, a.Strength, 2)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := parseSteps(a.Name)
		if err != nil {
			t.Fatal(err)
		}
		moves := slices.ContainsFunc(steps, func(s Attack) bool { return random[s.Name] })
		if same := bytes.Equal(one.RGB.Pix, two.RGB.Pix); same == moves {
			t.Errorf("%s: another seed gives the same picture: %v", a.Label(), same)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	m := raster.NewRGB8(8, 8)
	for _, c := range []struct {
		name     string
		strength float64
	}{
		{"jpeg", 0}, {"jpeg", 101}, {"webp", -1}, {"resize", 0}, {"resize", math.NaN()}, {"resize", 1e9},
		{"crop", 0}, {"crop", 1.1}, {"median", 4}, {"blur", 0}, {"palette", 0}, {"palette", 257},
		{"overlay", 2}, {"social", 0}, {"perspective", 1}, {"noise", -1}, {"printscan", 0}, {"shear", 90},
		{"splice", 0}, {"copymove", 2}, {"erase", -1}, {"pad", -1}, {"screenshot", 0},
		{"nlm", 0}, {"bilateral", math.NaN()}, {"fit", 0}, {"jpeg:50+resize:0", 0}, {"jpeg:x+none", 0},
	} {
		if _, err := Apply(m, c.name, c.strength, 0); err == nil {
			t.Errorf("%s:%g was accepted", c.name, c.strength)
		}
	}
	for _, name := range []string{"nothing", "none+nothing", "jpeg:50+"} {
		if _, err := Apply(m, name, 0, 0); !errors.Is(err, ErrUnknown) {
			t.Errorf("the unknown attack %s gives %v", name, err)
		}
	}
	if _, err := Apply(&raster.RGB8{W: 3, H: 3, Pix: make([]uint8, 5)}, "none", 0, 0); err == nil {
		t.Error("a picture with missing samples was accepted")
	}
	if _, err := Apply(raster.NewRGB8(1, 1), "perspective", 0.02, 0); err == nil {
		t.Error("one pixel got a perspective")
	}
}

// TestChain: a chain is its steps, one after the other, and its name says so.
func TestChain(t *testing.T) {
	m := raster.FromImage(synth.Photo(90, 70, 1))
	c := Chain("chain", Attack{Name: "crop", Strength: 0.5}, Attack{Name: "hflip"}, Attack{Name: "jpeg", Strength: 70})
	if c.Name != "crop:0.5+hflip+jpeg:70" || c.Label() != c.Name {
		t.Fatalf("%+v", c)
	}
	if p, err := Parse(c.Label()); err != nil || p != c {
		t.Errorf("parsed as %+v, %v", p, err)
	}
	if p, err := Parse("jpeg:70"); err != nil || p != (Attack{Name: "jpeg", Strength: 70}) {
		t.Errorf("parsed as %+v, %v", p, err)
	}
	got, err := Apply(m, c.Name, 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	want := Result{RGB: m}
	for _, s := range []Attack{{Name: "crop", Strength: 0.5}, {Name: "hflip"}, {Name: "jpeg", Strength: 70}} {
		if want, err = Apply(want.RGB, s.Name, s.Strength, 4); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got.RGB.Pix, want.RGB.Pix) || !bytes.Equal(got.Encoded, want.Encoded) || got.Ext != ".jpg" {
		t.Error("the chain is not its steps")
	}
}

// TestPaletteIsNearest holds the pruned search against a full one.
func TestPaletteIsNearest(t *testing.T) {
	m := raster.FromImage(synth.Photo(96, 80, 4))
	out := reducePalette(m, 16)
	used := map[[3]uint8]bool{}
	for i := 0; i < len(out.Pix); i += 3 {
		used[[3]uint8(out.Pix[i:i+3])] = true
	}
	if len(used) > 16 || len(used) < 12 {
		t.Fatalf("%d colours, want up to 16", len(used))
	}
	for i := 0; i < len(m.Pix); i += 3 {
		p, q := [3]uint8(m.Pix[i:i+3]), [3]uint8(out.Pix[i:i+3])
		for c := range used {
			if distance(p, c) < distance(p, q) {
				t.Fatalf("%v went to %v though %v is nearer", p, q, c)
			}
		}
	}
}

func BenchmarkSuite(b *testing.B) {
	m := raster.FromImage(synth.Photo(768, 512, 1))
	for _, a := range Suite() {
		b.Run(a.Label(), func(b *testing.B) {
			for b.Loop() {
				if _, err := Apply(m, a.Name, a.Strength, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
