package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/certana/certana/internal/eval"
	"github.com/certana/certana/internal/eval/stat"
)

// detection is about telling marked pictures from others.
func detection(name string, t eval.TrackSummary, rows []eval.Row, unmarked []eval.FalseRow) section {
	var positive, negative []float64
	accepted := 0
	for _, r := range rows {
		if r.Attack == eval.Unmarked {
			negative = append(negative, r.PValue)
			continue
		}
		positive = append(positive, r.PValue)
		if r.Detected {
			accepted++
		}
	}
	var stated []float64
	for _, r := range unmarked {
		if r.Track == t.Track {
			stated = append(stated, r.PValue)
		}
	}
	negative = append(negative, stated...)
	out := section{Title: name + "Is it marked?"}
	if len(negative) > 0 && len(positive) > 0 {
		out.Charts = append(out.Charts, rocChart(positive, negative, float64(accepted)/float64(len(positive))))
		out.Text = append(out.Text, fmt.Sprintf("The p-values of %d attacked pictures against those of %d without a mark.", len(positive), len(negative)))
	}
	if len(stated) > 0 {
		out.Charts = append(out.Charts, calibrationChart(stated))
	}
	out.Charts = append(out.Charts, accuracyChart(rows))
	return out
}

// rocChart has false positives by powers of ten, down to one of the sample.
func rocChart(positive, negative []float64, accepted float64) chart {
	span := decades(max(2, math.Ceil(math.Log10(float64(len(negative))))))
	p := newPlot(360, 220)
	p.axes(span.marks(), shares)
	var line [][2]float64
	area := 0.0
	curve := stat.ROC(positive, negative)
	for i, c := range curve {
		if i > 0 {
			area += (c.FalsePositive - curve[i-1].FalsePositive) * (c.TruePositive + curve[i-1].TruePositive) / 2
			if c.FalsePositive > curve[i-1].FalsePositive {
				line = append(line, [2]float64{span.at(c.FalsePositive), curve[i-1].TruePositive})
			}
		}
		line = append(line, [2]float64{span.at(c.FalsePositive), c.TruePositive})
	}
	var chance [][2]float64
	for i := range 41 {
		v := math.Pow(10, -float64(span)*(1-float64(i)/40))
		chance = append(chance, [2]float64{span.at(v), v})
	}
	p.path("ideal", chance, false)
	p.path("line", line, false)
	p.segment("other", 0, accepted, 0.03, accepted)
	p.text(0.04, accepted, 0, 12, "start", fmt.Sprintf("a payload is accepted: %.4f", accepted))
	known := ""
	if len(negative) >= 20 {
		known = fmt.Sprintf("; area %.4f", area)
	}
	return chart{Title: "True against false positives", Large: true, SVG: p.svg("receiver operating characteristic"),
		Note: "as the p-value that counts as marked grows" + known + ". Upwards true positives, to the right false ones on a logarithmic scale; dashes are chance."}
}

// calibrationChart compares p-values of unmarked pictures with their ranks.
func calibrationChart(stated []float64) chart {
	sorted := slices.Sorted(slices.Values(stated))
	span := decades(max(2, math.Ceil(math.Log10(float64(len(sorted))))))
	p := newPlot(360, 220)
	p.axes(span.marks(), span.marks())
	p.segment("ideal", 0, 0, 1, 1)
	var line [][2]float64
	for i, v := range sorted {
		if i+1 < len(sorted) && sorted[i+1] == v || v > 1 {
			continue
		}
		q := [2]float64{span.at(v), span.at(float64(i+1) / float64(len(sorted)))}
		if n := len(line); n == 0 || q[0]-line[n-1][0] > 0.002 || i+1 == len(sorted) {
			line = append(line, q)
		}
	}
	p.path("line", line, false)
	for i := range int(span) {
		at := math.Pow(10, -float64(i+1))
		count, _ := slices.BinarySearchFunc(sorted, at, func(v, at float64) int {
			if v <= at {
				return -1
			}
			return 1
		})
		low, high := stat.Wilson(count, len(sorted))
		p.segment("whisker", span.at(at), span.at(low), span.at(at), span.at(high))
		p.dot("dot", span.at(at), span.at(float64(count)/float64(len(sorted))), fmt.Sprintf("p ≤ %g: %d of %d", at, count, len(sorted)))
	}
	return chart{Title: "Are p-values honest?", Large: true, SVG: p.svg("observed against stated p-values"),
		Note: fmt.Sprintf("How often unmarked pictures (%d) state a p-value as small, against the p-value. On or below the dashes is honest.", len(sorted))}
}

// accuracyChart shows how p-values of attacked pictures lie, read or not.
func accuracyChart(rows []eval.Row) chart {
	const bins = 13
	var read, lost [bins]float64
	for _, r := range rows {
		if r.Attack == eval.Unmarked {
			continue
		}
		i := int(min(max(-math.Log10(max(r.PValue, 1e-300)), 0), bins-1))
		if r.PayloadOK {
			read[i]++
		} else {
			lost[i]++
		}
	}
	most := 1.0
	for i := range bins {
		most = max(most, read[i]+lost[i])
	}
	p := newPlot(360, 220)
	var xs []mark
	for i := 0; i < bins; i += 3 {
		label := "10" + superscript(-i)
		if i == bins-1 {
			label = "≤ " + label
		}
		xs = append(xs, mark{(float64(i) + 0.5) / bins, label})
	}
	p.axes(xs, []mark{{0, "0"}, {1, fmt.Sprintf("%.0f", most)}})
	for i := range bins {
		x0, x1 := (float64(i)+0.1)/bins, (float64(i)+0.9)/bins
		if read[i] > 0 {
			p.rect("box", x0, 0, x1, read[i]/most, fmt.Sprintf("%.0f recovered", read[i]))
		}
		if lost[i] > 0 {
			p.rect("otherdot", x0, read[i]/most, x1, (read[i]+lost[i])/most, fmt.Sprintf("%.0f lost", lost[i]))
		}
	}
	return chart{Title: "How sure it is", Large: true, SVG: p.svg("p-values of attacked pictures"),
		Note: "Number of attacked pictures by their p-value, surer to the right; in the second colour those whose payload was not recovered.", Legend: []string{"recovered", "lost"}}
}

// quality is about what marking does to pictures.
func quality(name string, rows []eval.Row) section {
	seen := map[string]bool{}
	var first []eval.Row
	recovered, decodes := map[string]int{}, map[string]int{}
	for _, r := range rows {
		if r.Attack != eval.Unmarked {
			decodes[r.Image]++
			if r.PayloadOK {
				recovered[r.Image]++
			}
		}
		if !seen[r.Image] {
			seen[r.Image], first = true, append(first, r)
		}
	}
	t := table{Fold: "Every picture",
		Head: []string{"picture", "MP", "PSNR, RGB", "PSNR, luma", "SSIM", "DSSIM", "GMSD", "recovered"}}
	var rgb, luma []float64
	for _, r := range first {
		rgb, luma = append(rgb, r.PSNRRGB), append(luma, r.PSNRLuma)
		share := float64(recovered[r.Image]) / max(1, float64(decodes[r.Image]))
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: r.Image}, {Text: fmt.Sprintf("%.2f", r.Megapixels)}, {Text: fmt.Sprintf("%.2f", r.PSNRRGB)},
			{Text: fmt.Sprintf("%.2f", r.PSNRLuma)}, {Text: fmt.Sprintf("%.4f", r.SSIM)}, {Text: fmt.Sprintf("%.5f", r.DSSIM)},
			{Text: fmt.Sprintf("%.5f", r.GMSD)}, {Text: fmt.Sprintf("%d/%d", recovered[r.Image], decodes[r.Image]), Heat: heat(share)}}})
	}
	return section{Title: name + "What it does to pictures", Tables: []table{t},
		Charts: []chart{histogram("PSNR over R, G and B", rgb), histogram("PSNR over luma", luma)}}
}

// histogram counts values by half decibels.
func histogram(title string, values []float64) chart {
	const width = 0.5
	low, high := math.Floor(slices.Min(values))-1, math.Ceil(slices.Max(values))+1
	counts := make([]float64, int((high-low)/width))
	most := 1.0
	for _, v := range values {
		i := min(int((v-low)/width), len(counts)-1)
		counts[i]++
		most = max(most, counts[i])
	}
	p := newPlot(360, 180)
	var xs []mark
	every := max(1, math.Ceil((high-low)/8))
	for v := low; v <= high; v += every {
		xs = append(xs, mark{(v - low) / (high - low), fmt.Sprintf("%.0f", v)})
	}
	p.axes(xs, []mark{{0, "0"}, {1, fmt.Sprintf("%.0f", most)}})
	n := float64(len(counts))
	for i, c := range counts {
		if c > 0 {
			p.rect("box", (float64(i)+0.06)/n, 0, (float64(i)+0.94)/n, c/most, fmt.Sprintf("%.0f pictures from %.1f dB", c, low+width*float64(i)))
		}
	}
	return chart{Title: title, Note: "pictures by decibels", Large: true, SVG: p.svg(title)}
}
