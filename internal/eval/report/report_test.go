package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/eval"
	"github.com/certana/certana/internal/eval/forge"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

// selfContained reads a report and fails when it is broken or needs anything
// from outside.
func selfContained(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	if !strings.HasSuffix(strings.TrimSpace(page), "</html>") || strings.Contains(page, "ZgotmplZ") {
		t.Error("the page was cut off or a value was refused by the template")
	}
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1) {
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("a plot is no XML: %v\n%s", err, svg)
			}
		}
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Errorf("a plot has no number somewhere: %s", svg)
		}
	}
	z := html.NewTokenizer(strings.NewReader(page))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		if token.Data == "script" || token.Data == "link" {
			t.Errorf("the page has a %s", token.Data)
		}
		for _, a := range token.Attr {
			if (a.Key == "src" || a.Key == "href") && !strings.HasPrefix(a.Val, "data:image/png;base64,") {
				t.Errorf("%s points outside: %.60s", token.Data, a.Val)
			}
		}
	}
	return page
}

func contains(t *testing.T, page string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(page, w) {
			t.Errorf("the page lacks %q", w)
		}
	}
}

// rows are decodes of pictures in which everything beyond strength 50 fails.
func rows(suite []attack.Attack, pictures int, name string) []eval.Row {
	var out []eval.Row
	for i := range pictures {
		head := eval.Row{Image: fmt.Sprintf(name, i+1), Track: "a", Drawn: "a", PSNRRGB: 46.5 + float64(i%2), PSNRLuma: 45, SSIM: 0.99, Megapixels: 0.4}
		unmarked := head
		unmarked.Attack, unmarked.Class, unmarked.PValue = eval.Unmarked, eval.Unmarked, 0.3
		out = append(out, unmarked)
		for _, a := range suite {
			r := head
			r.Attack, r.Strength, r.Class, r.PayloadOK, r.Detected, r.PValue = a.Name, a.Strength, a.Class, a.Strength <= 50, a.Strength <= 50, 1e-9
			if !r.PayloadOK {
				r.PValue = 0.2
			}
			out = append(out, r)
		}
	}
	return out
}

func TestRecovery(t *testing.T) {
	dir := t.TempDir()
	m := raster.FromImage(synth.Photo(32, 24, 1))
	sample := eval.Sample{Image: "p0", Original: m, Marked: m, Difference: m, PSNRRGB: 46.5}
	var unmarked []eval.FalseRow
	for i := range 500 {
		unmarked = append(unmarked, eval.FalseRow{Trial: i, Track: "a", PValue: (float64(i) + 0.5) / 500})
	}
	o := Origin{Command: "certana eval --corpus a&b", Version: "v9", Date: "today"}
	if err := Recovery(dir, eval.Summarise(rows(attack.Suite(), 24, "kodim%02d.png")), []eval.Sample{sample}, unmarked, o); err != nil {
		t.Fatal(err)
	}
	page := selfContained(t, filepath.Join(dir, "report.html"))
	contains(t, page, "What the watermark survives", "certana eval --corpus a&amp;b", "v9", "RivaGAN",
		"jpeg:95", "0/24", "blind_watermark, 64 bits", "area ", "Are p-values honest?", "True against false positives", "difference × 20", "Every picture")
	if n := strings.Count(page, "<img"); n != 3 {
		t.Errorf("%d pictures, want 3", n)
	}

	other := []attack.Attack{{Name: "jpeg", Strength: 20, Class: "jpeg"}, attack.Chain("chain", attack.Attack{Name: "hflip"}, attack.Attack{Name: "jpeg", Strength: 70})}
	if err := Recovery(dir, eval.Summarise(rows(other, 2, "p<%d>.png")), nil, nil, Origin{}); err != nil {
		t.Fatal(err)
	}
	page = selfContained(t, filepath.Join(dir, "report.html"))
	contains(t, page, "hflip&#43;jpeg:70", "p&lt;1&gt;.png")
	for _, not := range []string{"RivaGAN", "As attacks grow stronger", "To make these figures again", "; area ", "Are p-values honest?"} {
		if strings.Contains(page, not) {
			t.Errorf("a page without it has %q", not)
		}
	}
}

func TestTamper(t *testing.T) {
	dir := t.TempDir()
	var all []eval.TamperRow
	f1, abstained := 0.9, 0.0
	for _, area := range []float64{0.005, 0.05} {
		for _, after := range []string{"none", "jpeg:70"} {
			for _, kind := range forge.Kinds {
				all = append(all, eval.TamperRow{Image: "p", Tracks: "b", Edit: string(kind), Area: area, After: after, F1: &f1, IoU: &f1, AUC: &f1, PSNRRGB: 45})
			}
		}
	}
	all = append(all, eval.TamperRow{Image: "p", Tracks: "b", Edit: "none", After: "none", Flagged: 0.03},
		eval.TamperRow{Image: "p", Tracks: "b", Edit: "none", After: "blur:1", Abstain: "processed"},
		eval.TamperRow{Image: "p", Tracks: "b", Edit: "splice", Area: 0.05, After: "none", F1: &abstained, IoU: &abstained, AUC: &abstained, Abstain: "absent"})
	m := raster.FromImage(synth.Photo(32, 24, 1))
	examples := []eval.TamperExample{{Image: "p", Kind: forge.Erase, Area: 0.05, After: "none", F1: 0.75, Received: m, Truth: m, Map: m},
		{Image: "q", Kind: forge.Text, Area: 0.05, After: "jpeg:70", Abstain: "too weak", Received: m, Truth: m, Map: m}}
	if err := Tamper(dir, eval.SummariseTamper(all), examples, Origin{}); err != nil {
		t.Fatal(err)
	}
	page := selfContained(t, filepath.Join(dir, "report.html"))
	contains(t, page, "Where a picture was altered", "StableGuard", "3.000%", "1 of 1", "F1 0.750", "abstains: too weak", "0.5% of the area")
	if n := strings.Count(page, "<img"); n != 6 {
		t.Errorf("%d pictures, want 6", n)
	}
	if silent := `<td class="n silent">–</td>`; !strings.Contains(page, silent) {
		t.Error("a map that says nothing is praised")
	}
	if err := Recovery(dir, eval.Summarise(rows(attack.Suite(), 24, "photo%02d.png")), nil, nil, Origin{}); err != nil {
		t.Fatal(err)
	}
	if page := selfContained(t, filepath.Join(dir, "report.html")); strings.Contains(page, "RivaGAN") {
		t.Error("other programs were not measured on these pictures")
	}
	untouched := eval.SummariseTamper(all[len(all)-3 : len(all)-1])
	if err := Tamper(dir, untouched, nil, Origin{}); err != nil {
		t.Fatal(err)
	}
	selfContained(t, filepath.Join(dir, "report.html"))
}

func TestFalseAccepts(t *testing.T) {
	dir := t.TempDir()
	s := eval.FalseAcceptSummary{Images: 2, Made: 1, Side: 256, Rows: []eval.FalseRow{{Track: "a", PValue: 0.4}, {Track: "a", PValue: 1}},
		Tracks: []eval.FalseAcceptTrack{{Track: "a", Decodes: 2, Accepted: make([]eval.FalseRow, 1), Upper: 0.7, LowestPValue: eval.FalseRow{Image: "made:7"}, Calibration: []eval.Calibrant{{Stated: 0.1}}}}}
	if err := FalseAccepts(dir, &s, &eval.TrialSummary{Trials: 10000000, Upper: 3e-7, Decoded: 1400000, UpperDecode: 2e-6}, Origin{}); err != nil {
		t.Fatal(err)
	}
	contains(t, selfContained(t, filepath.Join(dir, "fpr.html")), "accepted under 10000000 random keys", "below 3e-07", `class="card bad"`, "made by code, trial 7", "0.14 for each key", "by list decode is below 2e-06", "P-values of track a")
	if err := FalseAccepts(dir, nil, &eval.TrialSummary{Trials: 10}, Origin{}); err != nil {
		t.Fatal(err)
	}
	selfContained(t, filepath.Join(dir, "fpr.html"))
}
