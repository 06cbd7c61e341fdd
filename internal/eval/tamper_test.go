package eval

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/eval/forge"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
	"github.com/certana/certana/internal/watermark/spread"
)

func tamperOptions(dir, out string) TamperOptions {
	return TamperOptions{Corpus: dir, Out: out, Jobs: 2, Seed: 3, Track: fragile.New(watermark.TestKey, fragile.Config{}),
		Kinds: []forge.Kind{forge.Splice, forge.Text, forge.Collage}, Areas: []float64{0.005, 0.1},
		After:  []attack.Attack{{Name: "none"}, {Name: "jpeg", Strength: 90}},
		Benign: []attack.Attack{{Name: "blur", Strength: 2}, {Name: "resize", Strength: 0.5}}}
}

func untimed(s TamperSummary) TamperSummary {
	s.EmbedMSPerMP, s.MapMSPerMP, s.PlaceMSPerMP = 0, 0, 0
	s.Rows = slices.Clone(s.Rows)
	for i := range s.Rows {
		s.Rows[i].EmbedMS, s.Rows[i].MapMS = 0, 0
	}
	return s
}

// TestTamperMeasures runs track B itself over made pictures, stops in the middle
// and goes on.
func TestTamperMeasures(t *testing.T) {
	dir, out := pictureFolder(t, 3), t.TempDir()
	o := tamperOptions(dir, out)
	ctx, cancel := context.WithCancel(context.Background())
	o.Progress = func(done, _ int) {
		if done == 20 {
			cancel()
		}
	}
	if _, err := Tamper(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled run returned %v", err)
	}
	first, total := 0, 0
	o.Progress = func(done, n int) {
		if first == 0 {
			first = done
		}
		total = n
	}
	s, err := Tamper(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Images != 3 || s.Maps != 48 || total != 48 || s.Tracks != "b" || s.PSNRRGBLowest < 44 || s.DSSIM <= 0 || s.GMSD <= 0 {
		t.Errorf("%+v", s)
	}
	clean := s.After[0]
	if clean.After != "none" || clean.Forged.N != 6 || clean.Forged.F1 < 0.85 || clean.Forged.IoU < 0.75 || clean.Forged.AUC < 0.85 {
		t.Errorf("clean: %+v", clean.Forged)
	}
	if len(clean.Kinds) != 3 || len(clean.Areas) != 2 || clean.Areas[1].Name != "10%" || clean.Areas[0].N != 6 {
		t.Errorf("kinds %+v, areas %+v", clean.Kinds, clean.Areas)
	}
	if clean.Alarm.N != 3 || clean.Alarm.Mean > 0.001 {
		t.Errorf("untouched: %+v", clean.Alarm)
	}
	if small := s.After[3]; small.After != "resize:0.5" || small.Alarm.Abstained != 3 || small.Forged.N != 0 {
		t.Errorf("half size: %+v", small)
	}
	o.Out = ""
	whole, err := Tamper(context.Background(), o)
	if err != nil || !reflect.DeepEqual(untimed(whole), untimed(s)) {
		t.Errorf("resumed %+v\nwhole %+v (%v)", s, whole, err)
	}
	var table strings.Builder
	if err := s.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 pictures, 48 maps, tracks b", "| F1 | none | jpeg:90 |", "| splice | ", "| 0.5% | ", "| resize:0.5 | 0.000% | 0.00% | 3 of 3 |"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &table)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "summary.json")); err != nil {
		t.Error(err)
	}
	if _, err := Run(context.Background(), options(dir, out)); err == nil {
		t.Error("rows of maps were taken for rows of decodes")
	}
}

func TestTamperAlone(t *testing.T) {
	o := tamperOptions(pictureFolder(t, 1), "")
	o.Kinds, o.After = []forge.Kind{forge.Collage}, o.After[:1] // with a picture that is not in the corpus
	s, err := Tamper(context.Background(), o)
	if err != nil || s.After[0].Kinds[0].F1 < 0.85 {
		t.Errorf("%+v, %v", s, err)
	}
	o.Track = nil
	if _, err := Tamper(context.Background(), o); err == nil {
		t.Error("measured without a track")
	}
}

// TestTamperPlaces puts a cropped picture back onto its grid by track A, and
// counts over what is left of it.
func TestTamperPlaces(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	if err := png.Encode(&b, synth.Photo(640, 448, 5)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "p.png"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	robust := spread.New(watermark.TestKey, spread.Config{})
	o := tamperOptions(dir, "")
	o.Under, o.Kinds, o.Areas = []watermark.Track{robust}, []forge.Kind{forge.Splice}, []float64{0.1}
	o.After, o.Benign = []attack.Attack{{Name: "none"}, {Name: "crop", Strength: 0.9}}, []attack.Attack{{Name: "none"}}
	o.Place = PlaceBy(robust, o.Track)
	s, err := Tamper(context.Background(), o)
	if err != nil || s.Tracks != "a+b" || s.Maps != 4 {
		t.Fatalf("%+v, %v", s, err)
	}
	for i, r := range s.Rows {
		if cropped := r.After == "crop:0.9"; r.Placed != cropped || cropped && (r.Known < 0.8 || r.Known > 0.95) {
			t.Errorf("row %d: %+v", i, r)
		}
		if r.F1 != nil && *r.F1 < 0.8 || r.F1 == nil && r.Flagged > 0.01 {
			t.Errorf("row %d: F1 %v, flagged %g", i, r.F1, r.Flagged)
		}
	}
}

func TestCompareMap(t *testing.T) {
	truth := []uint8{1, 1, 1, 0, 0, 0, 0, 0}
	for _, c := range []struct {
		name string
		m    fragile.Map
		want mapScore
		seen []uint8
	}{
		{"right", fragile.Map{Mask: []uint8{1, 1, 1, 0, 0, 0, 0, 0}}, mapScore{1, 1, 1}, nil},
		{"one of each", fragile.Map{Mask: []uint8{1, 1, 0, 1, 0, 0, 0, 0}}, mapScore{2. / 3, 0.5, (2./3 + 4./5) / 2}, nil},
		{"silent", fragile.Map{Abstain: fragile.Absent}, mapScore{auc: 0.5}, nil},
		{"half in view", fragile.Map{Mask: []uint8{1, 0, 0, 0, 0, 0, 0, 0}, Said: []uint8{1, 0, 0, 1, 1, 1, 1, 1}}, mapScore{1, 1, 1}, []uint8{1, 0, 0, 1, 1, 1, 1, 1}},
		{"silent in view", fragile.Map{Mask: []uint8{1, 0, 0, 0, 0, 0, 0, 0}, Said: []uint8{1, 0, 0, 1, 1, 0, 0, 0}}, mapScore{0.5, 1. / 3, (1./3 + 1) / 2}, nil},
		{"silent about all of it", fragile.Map{Mask: make([]uint8, 8), Said: []uint8{0, 0, 0, 1, 1, 1, 1, 1}}, mapScore{auc: 0.5}, nil},
		{"flagged beside what is out of view", fragile.Map{Mask: []uint8{0, 0, 0, 1, 0, 0, 0, 0}}, mapScore{auc: 0.5}, []uint8{0, 0, 0, 1, 1, 1, 1, 1}},
		{"nothing found", fragile.Map{Mask: make([]uint8, 8)}, mapScore{auc: 0.5}, nil},
	} {
		got, ok := compareMap(c.m, c.seen, truth)
		if !ok || math.Abs(got.f1-c.want.f1)+math.Abs(got.iou-c.want.iou)+math.Abs(got.auc-c.want.auc) > 1e-12 {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if got, ok := compareMap(fragile.Map{Mask: make([]uint8, 8)}, []uint8{0, 0, 0, 1, 1, 1, 1, 1}, truth); ok {
		t.Errorf("nothing to find, and yet %+v", got)
	}
}

// TestSeenPixels: the pixels beyond the last whole cell follow it.
func TestSeenPixels(t *testing.T) {
	got := seenPixels(fragile.View{Luma: dsp.NewPlane(10, 5), Seen: []uint8{0, 1}})
	for i, v := range got {
		if want := i%10 >= 4; (v == 1) != want || len(got) != 50 {
			t.Fatalf("pixel %d of %d is %d", i, len(got), v)
		}
	}
	if seenPixels(fragile.View{Luma: dsp.NewPlane(10, 5)}) != nil {
		t.Error("a whole view is not nil")
	}
}

// TestOutOfView: forgeries that were cropped away count in no mean.
func TestOutOfView(t *testing.T) {
	f1 := 0.8
	s := SummariseTamper([]TamperRow{
		{Image: "p", Edit: "splice", Area: 0.01, After: "crop:0.5", SSIM: 0.98},
		{Image: "q", Edit: "splice", Area: 0.01, After: "crop:0.5", F1: &f1, IoU: &f1, AUC: &f1, SSIM: 0.99},
	})
	if got := s.After[0].Forged; got.N != 1 || got.F1 != 0.8 || s.SSIMLowest != 0.98 {
		t.Errorf("%+v, SSIM %v", got, s.SSIMLowest)
	}
}

// TestCompareMapSoft: the curve is that of probabilities, whatever the mask says.
func TestCompareMapSoft(t *testing.T) {
	truth := make([]uint8, 8*4)
	for i := range truth {
		truth[i] = uint8(1 - i%8/4)
	}
	for _, c := range []struct {
		probability []float32
		auc         float64
	}{{[]float32{.4, .1}, 1}, {[]float32{.4, .4}, .5}, {[]float32{.1, .4}, 0}} {
		m := fragile.Map{W: 8, H: 4, Mask: make([]uint8, len(truth)), Probability: c.probability}
		if got, _ := compareMap(m, nil, truth); got.auc != c.auc || got.f1 != 0 {
			t.Errorf("%v: %+v, want an area of %g", c.probability, got, c.auc)
		}
	}
}

// TestReduceTruth: large pictures are marked in larger pixels.
func TestReduceTruth(t *testing.T) {
	truth := make([]uint8, 3200*100)
	for y := range 50 {
		for x := range 1601 {
			truth[y*3200+x] = 1
		}
	}
	got := reduceTruth(truth, 3200, 100)
	k := fragile.Scale(3200, 100)
	if k != 2 || len(got) != 1600*50 {
		t.Fatalf("scale %d, %d samples", k, len(got))
	}
	for i, v := range got {
		if want := i/1600 < 25 && i%1600 < 801; (v == 1) != want { // half of column 800
			t.Fatalf("sample %d is %d", i, v)
		}
	}
}
