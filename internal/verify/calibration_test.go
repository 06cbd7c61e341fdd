package verify_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/verify"
	"github.com/certana/certana/internal/watermark"
)

// labelled is one verification whose right verdict is known.
type labelled struct {
	picture, kind  string
	verdict, right asset.Verdict
	figures        []float64
}

// TestCalibration makes the labelled verifications anew and fits the model of
// confidence to them. It writes calibration.json and testdata/calibration.csv,
// and prints what share of each kind was judged right. CERTANA_CALIBRATE=fit
// takes the verifications that are there.
func TestCalibration(t *testing.T) {
	switch os.Getenv("CERTANA_CALIBRATE") {
	case "":
		t.Skip("CERTANA_CALIBRATE=1 makes this fit the confidence model anew, in about ten minutes")
	case "fit":
		fit(t, shippedRows(t))
		return
	}
	dir := corpus.Need(t, "corpus/kodak")
	files, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil || len(files) == 0 {
		t.Fatal("no pictures in the corpus", err)
	}
	rows := label(t, files)
	summarize(rows)
	write(t, rows)
	fit(t, rows)
}

func label(t *testing.T, files []string) (rows []labelled) {
	d := apptest.Start(t)
	var renditions [][]byte
	for i, f := range files {
		if i%4 == 3 { // every fourth stays out of the registry
			renditions = append(renditions, nil)
			continue
		}
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		renditions = append(renditions, d.Rendition(t, d.Register(t, d.Org, data)))
	}
	judge := func(i int, kind string, data []byte, right asset.Verdict) {
		r, err := d.Verifier.Verify(t.Context(), d.Spool(t, data), verify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, labelled{filepath.Base(files[i]), kind, r.Verdict, right, r.Figures()})
		if r.Verdict != right {
			t.Logf("%s %s: %s, not %s: %s", filepath.Base(files[i]), kind, r.Verdict, right, r.Details)
		}
	}
	for i, f := range files {
		if renditions[i] == nil {
			unmarked, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			judge(i, "unrelated", unmarked, asset.Unknown)
			for _, a := range []attack.Attack{{Name: "jpeg", Strength: 50}, {Name: "crop", Strength: 0.5}, {Name: "rotate", Strength: 5}} {
				judge(i, "unrelated "+a.Label(), attacked(t, unmarked, a.Name, a.Strength), asset.Unknown)
			}
			judge(i, "transplant", transplant(t, d, unmarked, i), asset.Forged)
			continue
		}
		judge(i, "rendition", renditions[i], asset.Authentic)
		for _, a := range attack.Suite() {
			right := asset.Authentic
			if a.Class == "overlay" {
				right = asset.Forged
			}
			judge(i, a.Label(), attacked(t, renditions[i], a.Name, a.Strength), right)
		}
		for _, share := range []float64{0.02, 0.06, 0.15} {
			edited := pasted(t, renditions[i], share)
			judge(i, fmt.Sprintf("paste:%g", share), edited, asset.Forged)
			judge(i, fmt.Sprintf("paste:%g jpeg:70", share), attacked(t, edited, "jpeg", 70), asset.Forged)
		}
	}
	return rows
}

// transplant draws the mark of a registered asset on a picture that is not.
func transplant(t *testing.T, d *apptest.Deployment, data []byte, i int) []byte {
	t.Helper()
	a, err := d.Rows.AssetByNumber(t.Context(), int64(i%5+1))
	if err != nil {
		t.Fatal(err)
	}
	p, err := raster.Decode(data, raster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Tracks[0].Embed(p, watermark.Payload(a.Payload)); err != nil {
		t.Fatal(err)
	}
	b, err := raster.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func summarize(rows []labelled) {
	type count struct{ n, right int }
	by := map[string]*count{}
	var kinds []string
	for _, r := range rows {
		c := by[r.kind]
		if c == nil {
			c = &count{}
			by[r.kind] = c
			kinds = append(kinds, r.kind)
		}
		c.n++
		if r.verdict == r.right {
			c.right++
		}
	}
	for _, k := range kinds {
		fmt.Printf("%-24s %3d of %3d right\n", k, by[k].right, by[k].n)
	}
}

func write(t *testing.T, rows []labelled) {
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create("testdata/calibration.csv")
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	_ = w.Write([]string{"picture", "kind", "verdict", "right", "exact", "track", "nearness", "agreement", "altered", "region"})
	for _, r := range rows {
		rec := []string{r.picture, r.kind, string(r.verdict), string(r.right)}
		for _, x := range r.figures[1:] {
			rec = append(rec, strconv.FormatFloat(x, 'g', 6, 64))
		}
		_ = w.Write(rec)
	}
	w.Flush()
	if err := f.Close(); err != nil || w.Error() != nil {
		t.Fatal(err, w.Error())
	}
}

// prior is what each figure is believed to be worth before anything is measured,
// in the order of the figures (bias, exact bytes, mark, nearness, agreement,
// altered share, strongest region): a verdict is the surer, the more of its
// evidence is strong. Wrong verdicts are so rare that the data alone would say
// little more than how rare.
var prior = map[asset.Verdict][]float64{
	asset.Authentic: {0, 4, 1.5, 1, 3, -2, -1},
	asset.Forged:    {0, 0, 1, 0.5, 1, 2, 2},
	asset.Unknown:   {0, 0, -1, -1, -1, 0, 0},
}

// fit finds the weights by Newton's method on the likelihood, penalised by the
// squared distance from the prior (the bias is free, and half a wrong and half a
// right verdict at the mean are imagined, so that a flawless sample does not
// make certainty). What is shipped is fitted to all; the expected calibration
// error and the Brier score are of halves that the fit to the other never saw.
func fit(t *testing.T, rows []labelled) {
	var brier, n float64
	bins := make([]struct{ n, c, right float64 }, 20)
	for _, second := range []bool{false, true} {
		for v := range prior {
			w := logistic(rows, v, func(r labelled) bool { return secondHalf(r) != second })
			for _, r := range rows {
				if r.verdict != v || secondHalf(r) != second {
					continue
				}
				c, right := predict(w, r.figures), 0.0
				if r.verdict == r.right {
					right = 1
				}
				b := &bins[min(19, int(c*20))]
				b.n, b.c, b.right = b.n+1, b.c+c, b.right+right
				brier, n = brier+(c-right)*(c-right), n+1
			}
		}
	}
	var ece float64
	for _, b := range bins {
		ece += math.Abs(b.c-b.right) / n
	}
	fmt.Printf("left out: %.0f verifications, expected calibration error %.4f, Brier score %.4f\n", n, ece, brier/n)
	weights := map[asset.Verdict][]float64{}
	for v := range prior {
		weights[v] = logistic(rows, v, func(labelled) bool { return true })
	}
	b, err := json.MarshalIndent(map[string]any{
		"source":  "TestCalibration on the Kodak pictures: 18 registered, 6 not; testdata/calibration.csv holds every verification",
		"samples": len(rows), "weights": weights,
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("calibration.json", append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// secondHalf tells the halves apart, by picture: kodimNN.png, groups of four in turn so
// that both hold registered and unregistered ones.
func secondHalf(r labelled) bool {
	n, err := strconv.Atoi(r.picture[5:7])
	return err == nil && n/4%2 == 1
}

func predict(w, x []float64) float64 {
	var s float64
	for i := range w {
		s += w[i] * x[i]
	}
	return 1 / (1 + math.Exp(-s))
}

func logistic(rows []labelled, v asset.Verdict, keep func(labelled) bool) []float64 {
	type sample struct {
		x      []float64
		y, wgt float64
	}
	var all []sample
	mean := make([]float64, verify.FeatureCount)
	for _, r := range rows {
		if r.verdict != v || !keep(r) {
			continue
		}
		s := sample{r.figures, 0, 1}
		if r.verdict == r.right {
			s.y = 1
		}
		for i, x := range r.figures {
			mean[i] += x
		}
		all = append(all, s)
	}
	for i := range mean {
		mean[i] /= math.Max(1, float64(len(all)))
	}
	mean[0] = 1
	all = append(all, sample{mean, 0, 0.5}, sample{mean, 1, 0.5})
	w := slices.Clone(prior[v])
	for range 200 {
		grad, hess := make([]float64, len(w)), make([][]float64, len(w))
		for i := range hess {
			hess[i] = make([]float64, len(w))
			if i > 0 {
				grad[i], hess[i][i] = prior[v][i]-w[i], 1
			}
			hess[i][i] += 1e-6
		}
		for _, s := range all {
			p := predict(w, s.x)
			for i := range w {
				grad[i] += s.wgt * (s.y - p) * s.x[i]
				for j := range w {
					hess[i][j] += s.wgt * p * (1 - p) * s.x[i] * s.x[j]
				}
			}
		}
		step := solve(hess, grad)
		var long float64
		for _, d := range step {
			long = math.Max(long, math.Abs(d))
		}
		for i, d := range step {
			w[i] += d / math.Max(1, 2*long) // at most ½ at a time: far from the optimum Newton overshoots
		}
	}
	for i := range w {
		w[i] = math.Round(w[i]*1e4) / 1e4
	}
	return w
}

// solve is Gaussian elimination with pivoting, for a handful of unknowns.
func solve(a [][]float64, b []float64) []float64 {
	n := len(b)
	for i := range n {
		p := i
		for r := i + 1; r < n; r++ {
			if math.Abs(a[r][i]) > math.Abs(a[p][i]) {
				p = r
			}
		}
		a[i], a[p], b[i], b[p] = a[p], a[i], b[p], b[i]
		for r := i + 1; r < n; r++ {
			f := a[r][i] / a[i][i]
			for c := i; c < n; c++ {
				a[r][c] -= f * a[i][c]
			}
			b[r] -= f * b[i]
		}
	}
	x := slices.Clone(b)
	for i := n - 1; i >= 0; i-- {
		for c := i + 1; c < n; c++ {
			x[i] -= a[i][c] * x[c]
		}
		x[i] /= a[i][i]
	}
	return x
}

// The weights that are shipped are those of the verifications that are
// committed beside them, and what they promise holds there.
func TestShippedCalibration(t *testing.T) {
	rows := shippedRows(t)
	b, err := os.ReadFile("calibration.json")
	if err != nil {
		t.Fatal(err)
	}
	var shipped struct {
		Weights map[asset.Verdict][]float64 `json:"weights"`
	}
	if err := json.Unmarshal(b, &shipped); err != nil {
		t.Fatal(err)
	}
	for v, w := range shipped.Weights {
		fitted := logistic(rows, v, func(labelled) bool { return true })
		for i := range w {
			if math.Abs(w[i]-fitted[i]) > 0.01 {
				t.Errorf("weight %d of %s is %g, the data says %g", i, v, w[i], fitted[i])
			}
		}
	}
}

func shippedRows(t *testing.T) (rows []labelled) {
	f, err := os.Open("testdata/calibration.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rec, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rec[1:] {
		l := labelled{picture: r[0], kind: r[1], verdict: asset.Verdict(r[2]), right: asset.Verdict(r[3]), figures: []float64{1}}
		for _, s := range r[4:] {
			x, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			l.figures = append(l.figures, x)
		}
		rows = append(rows, l)
	}
	return rows
}
