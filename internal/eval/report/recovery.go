package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/eval"
	"github.com/certana/certana/internal/raster"
)

// Recovery writes report.html for a run of eval.Run: s is what it came to,
// samples are details for the eye, unmarked the decodes of eval.FalseAccepts
// where there are some.
func Recovery(dir string, s eval.Summary, samples []eval.Sample, unmarked []eval.FalseRow, o Origin) error {
	p := page{
		Title: "What the watermark survives",
		Lead: "Every picture carries 64 random bits, is attacked, and is decoded blind: the decoder gets the attacked picture and the key, nothing else. " +
			"Recovered means every bit right.",
		Meta: []pair{{"pictures", strconv.Itoa(s.Images)}, {"decodes", strconv.Itoa(s.Decodes)}},
		Footer: "Intervals are Wilson’s at 95%. PSNR is over R, G and B; SSIM (11 × 11 Gaussian window), DSSIM = (1 − SSIM)/2 and GMSD " +
			"(gradient magnitude similarity deviation) are of luma. Attacks follow Pillow, OpenCV and NumPy.",
	}
	if len(s.Skipped) > 0 {
		p.Meta = append(p.Meta, pair{"could not be marked", strings.Join(s.Skipped, ", ")})
	}
	for _, t := range s.Tracks {
		rows := slices.DeleteFunc(slices.Clone(s.Rows), func(r eval.Row) bool { return r.Track != t.Track })
		p.Sections = append(p.Sections, recoverySections(t, rows, unmarked, s.Jobs, len(s.Tracks) > 1)...)
	}
	strips, err := details(samples)
	if err != nil {
		return err
	}
	if len(strips) > 0 {
		p.Sections = append(p.Sections, section{Title: "To the eye", Strips: strips,
			Text: []string{"Details at four times their size, from where the mark is strongest for what there is to hide it; before, after, and the difference twenty times over."}})
	}
	p.origin(o)
	return p.write(dir, "report.html")
}

func recoverySections(t eval.TrackSummary, rows []eval.Row, unmarked []eval.FalseRow, jobs int, named bool) []section {
	name := ""
	if named {
		name = "Track " + strings.ToUpper(t.Track) + ": "
	}
	out := []section{{Cards: recoveryCards(t, jobs)}}
	if named {
		out[0].Title = "Track " + strings.ToUpper(t.Track)
	}
	standard := isStandard(t) && isKodak(rows)
	classes := section{Title: name + "By kind of attack", Tables: []table{classTable(t, standard)}}
	if standard {
		classes.Text = []string{"Ticks in the bars are the programs of the last three columns on the same attacks and pictures, with 32 bits and stronger marks."}
		classes.Tables = append(classes.Tables, peerTable(t))
		classes.Text = append(classes.Text, "Below, all of them over the 52 attacks on Kodak’s 24 pictures.")
	}
	out = append(out, classes)
	if charts := strengthCharts(t); len(charts) > 0 {
		out = append(out, section{Title: name + "As attacks grow stronger", Charts: charts,
			Text: []string{"Share of payloads recovered at each strength, in their order and not to scale; the band is the 95% interval."}})
	}
	every := section{Title: name + "Every attack"}
	for _, r := range t.Attacks {
		every.Tiles = append(every.Tiles, tile{Name: r.Name, Value: fmt.Sprintf("%d/%d", r.OK, r.N), Heat: heat(r.Share)})
	}
	return append(out, every, detection(name, t, rows, unmarked), quality(name, rows))
}

func recoveryCards(t eval.TrackSummary, jobs int) []card {
	wrong := card{Name: "wrong payloads accepted", Value: strconv.Itoa(t.WrongPayloads), Note: fmt.Sprintf("in %d decodes", t.Recovery.N)}
	if t.WrongPayloads > 0 {
		wrong.Kind = "bad"
	}
	if t.Unmarked > 0 {
		wrong.Note += fmt.Sprintf("; %d in %d unmarked pictures", t.FalseAccepts, t.Unmarked)
	}
	return []card{
		{"64 bits recovered", share(t.Recovery.Share), fmt.Sprintf("%d of %d; 95%%: %.4f to %.4f", t.Recovery.OK, t.Recovery.N, t.Recovery.Low, t.Recovery.High), "lead"},
		{"PSNR, RGB", fmt.Sprintf("%.2f dB", t.PSNRRGB), fmt.Sprintf("lowest %.2f dB; luma %.2f dB; tracks %s", t.PSNRRGBLowest, t.PSNRLuma, t.Drawn), ""},
		{"SSIM", fmt.Sprintf("%.4f", t.SSIM), fmt.Sprintf("lowest %.4f; DSSIM %.5f; GMSD %.5f", t.SSIMLowest, t.DSSIM, t.GMSD), ""},
		wrong,
		{"embed", fmt.Sprintf("%.0f ms/MP", t.EmbedMSPerMP), fmt.Sprintf("%.0f ms at %.2f MP; wall clock, %d at a time", t.EmbedMS, t.Megapixels, jobs), ""},
		{"decode, attacked", fmt.Sprintf("%.0f ms", t.DecodeMS), fmt.Sprintf("most %.0f ms; unmarked %.0f ms; wall clock, %d at a time", t.DecodeMSMost, t.RejectMS, jobs), ""},
	}
}

// share prints a share so that 1 is not said of less.
func share(v float64) string {
	if v == 1 {
		return "100%"
	}
	return fmt.Sprintf("%.2f%%", min(100*v, 99.99))
}

// isStandard tells whether what was measured is the standard suite.
func isStandard(t eval.TrackSummary) bool {
	suite := attack.Suite()
	return len(t.Attacks) == len(suite) &&
		slices.EqualFunc(t.Attacks, suite, func(r eval.Rate, a attack.Attack) bool { return r.Name == a.Label() })
}

// isKodak tells whether the pictures are Kodak's 24, which other programs were
// measured on.
func isKodak(rows []eval.Row) bool {
	seen := map[string]bool{}
	for _, r := range rows {
		seen[r.Image] = true
	}
	for i := range 24 {
		if !seen[fmt.Sprintf("kodim%02d.png", i+1)] {
			return false
		}
	}
	return len(seen) == 24
}

func classTable(t eval.TrackSummary, standard bool) table {
	out := table{Head: []string{"kind", "", "recovered", "95% interval", "decodes"}}
	shown := peers[:0:0]
	if standard {
		shown = peers[:3]
	}
	for _, p := range shown {
		out.Head = append(out.Head, p.name)
	}
	for _, r := range t.Classes {
		b := &bar{Width: percent(r.Share), Low: percent(r.Low), Span: percent(r.High - r.Low)}
		cells := []cell{{Text: r.Name}, {Bar: b}, {Text: fmt.Sprintf("%.4f", r.Share), Heat: heat(r.Share)},
			{Text: fmt.Sprintf("%.3f – %.3f", r.Low, r.High)}, {Text: strconv.Itoa(r.N)}}
		for _, p := range shown {
			v, ok := p.classes[r.Name]
			if !ok {
				cells = append(cells, cell{Text: "–"})
				continue
			}
			b.Others = append(b.Others, tick{percent(v), p.name})
			cells = append(cells, cell{Text: fmt.Sprintf("%.2f", v)})
		}
		out.Rows = append(out.Rows, row{Cells: cells})
	}
	return out
}

func peerTable(t eval.TrackSummary) table {
	out := table{Head: []string{"all 52 attacks", "recovered", "PSNR, RGB", "pictures"}}
	out.Rows = append(out.Rows, row{Strong: true, Cells: []cell{{Text: "certana, track " + strings.ToUpper(t.Track) + ", 64 bits"},
		{Text: fmt.Sprintf("%.3f", t.Recovery.Share), Heat: heat(t.Recovery.Share)}, {Text: fmt.Sprintf("%.2f dB", t.PSNRRGB)}, {Text: "this run"}}})
	sorted := slices.SortedStableFunc(slices.Values(peers), func(a, b peer) int { return cmp.Compare(b.recovery, a.recovery) })
	for _, p := range sorted {
		out.Rows = append(out.Rows, row{Cells: []cell{{Text: fmt.Sprintf("%s, %d bits", p.name, p.bits)},
			{Text: fmt.Sprintf("%.3f", p.recovery), Heat: heat(p.recovery)}, {Text: fmt.Sprintf("%.2f dB", p.psnr)}, {Text: p.pictures}}})
	}
	return out
}

// strengthCharts plots each attack that has several strengths.
func strengthCharts(t eval.TrackSummary) []chart {
	var order []string
	by := map[string][]eval.Rate{}
	for _, r := range t.Attacks {
		name, _, single := strings.Cut(r.Name, ":")
		if strings.Contains(r.Name, "+") || !single {
			continue
		}
		if by[name] == nil {
			order = append(order, name)
		}
		by[name] = append(by[name], r)
	}
	var out []chart
	for _, name := range order {
		if len(by[name]) > 1 {
			out = append(out, strengthChart(name, by[name]))
		}
	}
	return out
}

func strengthChart(name string, rates []eval.Rate) chart {
	p := newPlot(240, 130)
	var xs []mark
	var line, low, high [][2]float64
	for i, r := range rates {
		x := (float64(i) + 0.5) / float64(len(rates))
		_, strength, _ := strings.Cut(r.Name, ":")
		xs = append(xs, mark{x, strength})
		line, low, high = append(line, [2]float64{x, r.Share}), append(low, [2]float64{x, r.Low}), append(high, [2]float64{x, r.High})
	}
	p.axes(xs, shares)
	slices.Reverse(low)
	p.path("band", append(high, low...), true)
	p.path("line", line, false)
	for i, r := range rates {
		p.dot("dot", line[i][0], r.Share, fmt.Sprintf("%s: %d of %d", r.Name, r.OK, r.N))
	}
	return chart{Title: name, SVG: p.svg("recovery after " + name)}
}

// details are strips of original, marked and difference.
func details(samples []eval.Sample) ([]strip, error) {
	var out []strip
	for _, s := range samples {
		st := strip{Title: fmt.Sprintf("%s, %.2f dB, at (%d, %d)", s.Image, s.PSNRRGB, s.X, s.Y), Pixels: true}
		for _, m := range []struct {
			rgb  *raster.RGB8
			note string
		}{{s.Original, "original"}, {s.Marked, "marked"}, {s.Difference, "difference × 20"}} {
			p, err := inline(m.rgb, 4, m.note)
			if err != nil {
				return nil, err
			}
			st.Pictures = append(st.Pictures, p)
		}
		out = append(out, st)
	}
	return out, nil
}
