package eval

import (
	"bytes"
	"context"
	"encoding/json"
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
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/watermark"
)

// corpus writes n made pictures to a folder.
func pictureFolder(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		var b bytes.Buffer
		if err := png.Encode(&b, synth.Photo(160, 128, uint64(i))); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, corpusName(i)), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var short = []attack.Attack{
	{Name: "none", Class: "none"}, {Name: "jpeg", Strength: 90, Class: "jpeg"},
	{Name: "noise", Strength: 2, Class: "noise"}, {Name: "hflip", Class: "flip"}, {Name: "crop", Strength: 0.5, Class: "crop"},
}

func options(dir, out string) Options {
	return Options{Corpus: dir, Tracks: []watermark.Track{grid{checked: true}}, Suite: short, Out: out, Jobs: 2, Seed: 3}
}

// timeless drops what a clock says.
func timeless(s Summary) Summary {
	for i := range s.Tracks {
		t := &s.Tracks[i]
		t.EmbedMS, t.EmbedMSPerMP, t.DecodeMS, t.DecodeMSPerMP, t.DecodeMSMost = 0, 0, 0, 0, 0
		t.RejectMS, t.RejectMSMost = 0, 0
	}
	s.Rows = slices.Clone(s.Rows)
	for i := range s.Rows {
		s.Rows[i].EmbedMS, s.Rows[i].DecodeMS = 0, 0
	}
	return s
}

func TestRunMeasures(t *testing.T) {
	dir, out := pictureFolder(t, 3), t.TempDir()
	var last, total int
	o := options(dir, out)
	o.Progress = func(d, n int) { last, total = d, n }
	s, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if last != 18 || total != 18 || s.Images != 3 || s.Decodes != 15 {
		t.Errorf("progress %d of %d, %d pictures, %d decodes", last, total, s.Images, s.Decodes)
	}
	got := map[string]int{}
	for _, r := range s.Tracks[0].Attacks {
		got[r.Name] = r.OK
	}
	want := map[string]int{"none": 3, "jpeg:90": 3, "noise:2": 3, "hflip": 0, "crop:0.5": 0}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("recovered %v, want %v", got, want)
	}
	if q := s.Tracks[0]; q.PSNRRGB < 30 || q.PSNRRGB > 40 || q.SSIM < 0.8 || q.SSIM >= 1 || q.PSNRRGBLowest > q.PSNRRGB {
		t.Errorf("quality %+v", q)
	}
	var table strings.Builder
	if err := s.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 pictures, 15 decodes", "| recovery of 64 bits | 0.6000 (9 of 15", "| hflip | 0.0000 | 0 of 3 |", "| lowest recovery of an attack | 0.0000 (0 of 3), hflip |", "2 at a time", "the other 3 attacks"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &table)
		}
	}
	var stored Summary
	data, err := os.ReadFile(filepath.Join(out, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Rows = nil; json.Unmarshal(data, &stored) != nil || !reflect.DeepEqual(stored, s) {
		t.Errorf("summary.json says %+v (%v), want %+v", stored, err, s)
	}
}

// TestRunResumes stops a run half way, tears its last line, and expects the
// second run to measure the rest alone and come to what a whole run comes to.
func TestRunResumes(t *testing.T) {
	dir, out := pictureFolder(t, 4), t.TempDir()
	o := options(dir, out)
	ctx, cancel := context.WithCancel(context.Background())
	o.Progress = func(done, _ int) {
		if done == 7 {
			cancel()
		}
	}
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled run returned %v", err)
	}
	rows := filepath.Join(out, "rows.jsonl")
	data, err := os.ReadFile(rows)
	if err != nil {
		t.Fatal(err)
	}
	before := bytes.Count(data, []byte("\n"))
	if before < 6 || before > 9 {
		t.Fatalf("%d rows before the stop", before)
	}
	if err := os.WriteFile(rows, data[:len(data)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	first := 0
	o.Progress = func(done, _ int) {
		if first == 0 {
			first = done
		}
	}
	resumed, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	data, err = os.ReadFile(rows)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(data, []byte("\n")); n != 24 {
		t.Errorf("%d rows after both runs, want 24", n)
	}
	whole, err := Run(context.Background(), options(dir, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(timeless(resumed), timeless(whole)) {
		t.Errorf("resumed: %+v\nwhole: %+v", resumed, whole)
	}
	o.Seed++
	if _, err := Run(context.Background(), o); err == nil {
		t.Error("rows of another seed were taken over")
	}
}

// TestRunStopsAtOnce: a run that is stopped after its first row, which is of a
// picture before any attack, says what it has, in numbers.
func TestRunStopsAtOnce(t *testing.T) {
	o := options(pictureFolder(t, 2), t.TempDir())
	o.Jobs = 1
	ctx, cancel := context.WithCancel(context.Background())
	o.Progress = func(int, int) { cancel() }
	s, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) || s.Images != 1 || s.Decodes != 0 || s.Tracks[0].Unmarked != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	if r := s.Tracks[0].Recovery; r.N != 0 || r.High != 1 || s.Tracks[0].PSNRRGB < 30 {
		t.Errorf("%+v", s.Tracks[0])
	}
	if _, err := json.Marshal(s); err != nil { // refuses what is no number
		t.Error(err)
	}
	var table strings.Builder
	if err := s.WriteTable(&table); err != nil || strings.Contains(table.String(), "NaN") || strings.Contains(table.String(), "Every payload") {
		t.Errorf("%v in\n%s", err, &table)
	}
}

func TestRunLimitsAndSkips(t *testing.T) {
	dir := pictureFolder(t, 5)
	o := options(dir, "")
	o.Limit = 2
	s, err := Run(context.Background(), o)
	if err != nil || s.Images != 2 {
		t.Errorf("%d pictures (%v), want 2", s.Images, err)
	}
	o.MaxSide = 60
	s, err = Run(context.Background(), o)
	if err != nil || s.Decodes != 0 || !reflect.DeepEqual(s.Skipped, []string{"p0.png", "p2.png"}) {
		t.Errorf("%d decodes, skipped %v (%v)", s.Decodes, s.Skipped, err)
	}
	o.Tracks = nil
	if _, err := Run(context.Background(), o); err == nil {
		t.Error("a run without tracks succeeded")
	}
	if _, err := Run(context.Background(), options(t.TempDir(), "")); err == nil {
		t.Error("an empty corpus was measured")
	}
}

// TestRunKnowsItsPictures: other pictures of the same names do not take over
// the rows of these, a second run keeps out of a folder, and the refusal says
// what differs.
func TestRunKnowsItsPictures(t *testing.T) {
	dir, other := pictureFolder(t, 2), pictureFolder(t, 3)
	if err := os.Rename(filepath.Join(other, "p2.png"), filepath.Join(other, "p1.png")); err != nil {
		t.Fatal(err)
	}
	o := options(dir, t.TempDir())
	o.Settings, o.Suite = "one key, version 1", short[:1]
	if _, err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	o.Corpus, o.Settings = other, "one key, version 2"
	_, err := Run(context.Background(), o)
	if err == nil || !strings.Contains(err.Error(), "rows of version 1, 2 pictures (") || !strings.Contains(err.Error(), "not of version 2, 2 pictures (") ||
		strings.Contains(err.Error(), "one key") {
		t.Errorf("another corpus and version: %v", err)
	}
	b, err := openBook[Row](o.Out, "rows.jsonl", "")
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "another run is writing") {
		t.Errorf("a folder in use: %v", err)
	}
}

// TestWindowBox: four windows lie in the four quarters, and none leaves the
// picture.
func TestWindowBox(t *testing.T) {
	for _, c := range []struct {
		w, h, i, n int
		most       float64
		want       [4]int
	}{
		{4000, 3000, 0, 4, 2e6, [4]int{184, 138, 1632, 1224}},
		{4000, 3000, 1, 4, 2e6, [4]int{2184, 138, 1632, 1224}},
		{4000, 3000, 3, 4, 2e6, [4]int{2184, 1638, 1632, 1224}},
		{4000, 3000, 0, 1, 3e6, [4]int{1000, 750, 2000, 1500}},
		{1000, 800, 3, 4, 2e6, [4]int{0, 0, 1000, 800}},
		{1200, 900, 3, 4, 5e5, [4]int{384, 288, 816, 612}}, // does not fit in a quarter
	} {
		x, y, w, h := windowBox(c.w, c.h, c.i, c.n, c.most)
		if got := [4]int{x, y, w, h}; got != c.want {
			t.Errorf("window %d of %d in %d×%d: %v, want %v", c.i, c.n, c.w, c.h, got, c.want)
		}
		if x < 0 || y < 0 || x+w > c.w || y+h > c.h {
			t.Errorf("%v leaves %d×%d", [4]int{x, y, w, h}, c.w, c.h)
		}
	}
}

func TestRunMeasuresWindows(t *testing.T) {
	dir := pictureFolder(t, 2)
	o := options(dir, t.TempDir())
	o.Windows, o.WindowMegapixels = 2, 0.012
	s, err := Run(context.Background(), o)
	if err != nil || s.Images != 4 || s.Decodes != 20 {
		t.Fatalf("%d pictures, %d decodes (%v), want 4 and 20", s.Images, s.Decodes, err)
	}
	data, err := os.ReadFile(filepath.Join(o.Out, "rows.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	payloads := map[string]string{}
	for _, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		var r Row
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		payloads[r.Image] = r.Payload
		if r.Megapixels > 0.012 || r.Megapixels < 0.011 {
			t.Errorf("%s has %g MP", r.Image, r.Megapixels)
		}
	}
	seen := map[string]bool{}
	for _, name := range []string{"p0.png#0", "p0.png#1", "p1.png#0", "p1.png#1"} {
		if p := payloads[name]; p == "" || seen[p] {
			t.Errorf("%s has the payload %q", name, p)
		}
		seen[payloads[name]] = true
	}
}

func TestSuiteByName(t *testing.T) {
	for _, c := range []struct {
		names string
		n     int
	}{{"", 52}, {"standard", 52}, {"extras", 8}, {"beyond", 20}, {"large", 10}, {"all", 87},
		{"jpeg:50,crop:0.5+jpeg:70", 2}, {"standard,jpeg:50", 52}} {
		if s, err := SuiteByName(c.names); err != nil || len(s) != c.n {
			t.Errorf("%q: %d attacks, %v; want %d", c.names, len(s), err, c.n)
		}
	}
	for _, names := range []string{"none,", "standards", "jpeg:fifty"} {
		if s, err := SuiteByName(names); err == nil {
			t.Errorf("%q gave %v", names, s)
		}
	}
}

// TestLumaIsTheProducts: what is decoded here is what a service decodes of the
// same pixels in a file.
func TestLumaIsTheProducts(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, synth.Photo(1501, 1000, 4)); err != nil {
		t.Fatal(err)
	}
	p, err := raster.Decode(b.Bytes(), raster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, got := p.Luma(watermark.DecodeSide), (*watermark.RGB)(p.RGB(0)).Luma(watermark.DecodeSide)
	if got.W != want.W || got.H != want.H || got.W != watermark.DecodeSide {
		t.Fatalf("%d×%d, want %d×%d", got.W, got.H, want.W, want.H)
	}
	for i, v := range want.Pix {
		if d := math.Abs(float64(got.Pix[i] - v)); d > 0.005 {
			t.Fatalf("sample %d is %g apart", i, d)
		}
	}
}

// slowSSIM is the definition, window by window.
func slowSSIM(a, b *dsp.Plane) float64 {
	const c1, c2 = 6.5025, 58.5225
	var total, n float64
	for y := 0; y+11 <= a.H; y++ {
		for x := 0; x+11 <= a.W; x++ {
			var weight, ma, mb, va, vb, cov float64
			for pass := range 2 {
				for j := range 11 {
					for i := range 11 {
						k := math.Exp(-float64((i-5)*(i-5)+(j-5)*(j-5)) / 4.5)
						p, q := float64(a.At(x+i, y+j)), float64(b.At(x+i, y+j))
						if pass == 0 {
							weight, ma, mb = weight+k, ma+k*p, mb+k*q
							continue
						}
						va, vb, cov = va+k*(p-ma)*(p-ma), vb+k*(q-mb)*(q-mb), cov+k*(p-ma)*(q-mb)
					}
				}
				if pass == 0 {
					ma, mb = ma/weight, mb/weight
				}
			}
			va, vb, cov = va/weight, vb/weight, cov/weight
			total += (2*ma*mb + c1) * (2*cov + c2) / ((ma*ma + mb*mb + c1) * (va + vb + c2))
			n++
		}
	}
	return total / n
}

// slowGMSD is the definition, with the filters written out and a deviation in
// two passes.
func slowGMSD(a, b *dsp.Plane) float64 {
	gradient := func(p *dsp.Plane, x, y int) float64 {
		var gx, gy float64
		for j := -1; j <= 1; j++ {
			for i := -1; i <= 1; i++ {
				var v float64 // of half the size
				for k := range 4 {
					v += float64(p.At(2*(x+i)+k%2, 2*(y+j)+k/2)) / 4
				}
				gx += float64(i) * v / 3
				gy += float64(j) * v / 3
			}
		}
		return math.Hypot(gx, gy)
	}
	var all []float64
	var mean, squares float64
	for y := 1; y < a.H/2-1; y++ {
		for x := 1; x < a.W/2-1; x++ {
			p, q := gradient(a, x, y), gradient(b, x, y)
			all = append(all, (2*p*q+170)/(p*p+q*q+170))
			mean += all[len(all)-1]
		}
	}
	mean /= float64(len(all))
	for _, v := range all {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares / float64(len(all)))
}

func TestGMSDIsItsDefinition(t *testing.T) {
	m := raster.FromImage(synth.Photo(60, 44, 2))
	noisy, err := attack.Apply(m, "jpeg", 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, b := (*watermark.RGB)(m).Luma(0), (*watermark.RGB)(noisy.RGB).Luma(0)
	if got, want := GMSD(a, b), slowGMSD(a, b); math.Abs(got-want) > 1e-5 || want < 0.005 {
		t.Errorf("GMSD %.9f, by definition %.9f", got, want)
	}
	if got := GMSD(a, a); got != 0 {
		t.Errorf("GMSD of a plane with itself is %v", got)
	}
}

func TestSSIMIsItsDefinition(t *testing.T) {
	m := raster.FromImage(synth.Photo(40, 131, 2)) // more than one band
	noisy, err := attack.Apply(m, "noise", 10, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, b := (*watermark.RGB)(m).Luma(0), (*watermark.RGB)(noisy.RGB).Luma(0)
	if got, want := SSIM(a, b), slowSSIM(a, b); math.Abs(got-want) > 1e-9 || want > 0.99 {
		t.Errorf("SSIM %.12f, by definition %.12f", got, want)
	}
	if got := SSIM(a, a); math.Abs(got-1) > 1e-12 {
		t.Errorf("SSIM of a plane with itself is %v", got)
	}
	if q := compare(m, m); q.PSNRRGB != 100 || q.PSNRLuma != 100 {
		t.Errorf("equal pictures: %+v", q)
	}
}
