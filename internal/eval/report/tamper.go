package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/certana/certana/internal/eval"
)

// Tamper writes report.html for a run of eval.Tamper: s is what it came to,
// examples are maps beside the truth.
func Tamper(dir string, s eval.TamperSummary, examples []eval.TamperExample, o Origin) error {
	p := page{
		Title: "Where a picture was altered",
		Lead: "Marked pictures are forged, processed, and mapped without the original. F1, IoU and AUC are over pixels; " +
			"a map that abstains has found nothing and is counted so.",
		Meta: []pair{{"pictures", strconv.Itoa(s.Images)}, {"maps", strconv.Itoa(s.Maps)}, {"tracks", s.Tracks}},
		Footer: "Means over areas of 1% and more and over all kinds but collages, unless a row says otherwise. AUC is of the hard map: the mean of the shares of altered " +
			"and of intact pixels that are right. Other methods’ figures are their authors’, on other pictures.",
	}
	if len(s.Skipped) > 0 {
		p.Meta = append(p.Meta, pair{"could not be marked", strings.Join(s.Skipped, ", ")})
	}
	var forged []eval.TamperAfter
	for _, a := range s.After {
		if len(a.Areas) > 0 {
			forged = append(forged, a)
		}
	}
	p.Sections = append(p.Sections, section{Cards: tamperCards(s, forged)})
	if len(forged) > 0 {
		p.Sections = append(p.Sections,
			section{Title: "By what happened after forging", Tables: []table{tamperTable(forged)}, Charts: []chart{areaChart(forged)}})
	}
	p.Sections = append(p.Sections, section{Title: "Nobody altered these", Tables: []table{alarmTable(s.After)},
		Text: []string{"Share of untouched pictures that is said to be altered. Where nothing can be said the map abstains, which is no alarm."}})
	strips, err := exampleStrips(examples)
	if err != nil {
		return err
	}
	if len(strips) > 0 {
		p.Sections = append(p.Sections, section{Title: "Maps", Strips: strips})
	}
	p.origin(o)
	return p.write(dir, "report.html")
}

func tamperCards(s eval.TamperSummary, forged []eval.TamperAfter) []card {
	var out []card
	for i, a := range forged {
		if a.After == "none" || a.After == "jpeg:80" || a.After == "jpeg:70" {
			c := card{Name: "F1, " + afterName(a.After), Value: fmt.Sprintf("%.3f", a.Forged.F1),
				Note: fmt.Sprintf("95%%: %.3f to %.3f; %d of %d abstain", a.Forged.Low, a.Forged.High, a.Forged.Abstained, a.Forged.N)}
			if i == 0 {
				c.Kind = "lead"
			}
			out = append(out, c)
		}
	}
	alarm := card{Name: "falsely flagged, untouched", Value: "–"}
	if len(s.After) > 0 {
		a := s.After[0].Alarm
		alarm.Value, alarm.Note = fmt.Sprintf("%.3f%%", 100*a.Mean), fmt.Sprintf("worst %.2f%%, %s", 100*a.Worst, afterName(s.After[0].After))
	}
	cost := fmt.Sprintf("at %.2f MP", s.Megapixels)
	if s.PlaceMSPerMP > 0 {
		cost += fmt.Sprintf("; %.0f ms/MP when it must be placed first", s.PlaceMSPerMP)
	}
	return append(out, alarm,
		card{Name: "PSNR, RGB", Value: fmt.Sprintf("%.2f dB", s.PSNRRGB), Note: fmt.Sprintf("lowest %.2f dB; luma %.2f dB; SSIM %.4f, lowest %.4f; GMSD %.5f", s.PSNRRGBLowest, s.PSNRLuma, s.SSIM, s.SSIMLowest, s.GMSD)},
		card{Name: "embed, map: ms/MP", Value: fmt.Sprintf("%.0f, %.0f", s.EmbedMSPerMP, s.MapMSPerMP), Note: cost})
}

func afterName(label string) string {
	if label == "none" {
		return "clean"
	}
	return label
}

func tamperTable(forged []eval.TamperAfter) table {
	t := table{Head: []string{"F1"}}
	for _, a := range forged {
		t.Head = append(t.Head, afterName(a.After))
	}
	add := func(name string, strong bool, value func(a eval.TamperAfter) float64) {
		r := row{Strong: strong, Cells: []cell{{Text: name}}}
		for _, a := range forged {
			v := value(a)
			r.Cells = append(r.Cells, cell{Text: fmt.Sprintf("%.3f", v), Heat: mapHeat(v)})
		}
		t.Rows = append(t.Rows, r)
	}
	add("mean, 1% and more", true, func(a eval.TamperAfter) float64 { return a.Forged.F1 })
	for i, k := range forged[0].Kinds {
		add(k.Name, false, func(a eval.TamperAfter) float64 { return a.Kinds[i].F1 })
	}
	for i, k := range forged[0].Areas {
		add(k.Name+" of the area", false, func(a eval.TamperAfter) float64 { return a.Areas[i].F1 })
	}
	add("IoU", true, func(a eval.TamperAfter) float64 { return a.Forged.IoU })
	add("AUC", true, func(a eval.TamperAfter) float64 { return a.Forged.AUC })
	for _, m := range mappers {
		r := row{Cells: []cell{{Text: m.name}}}
		if m.psnr > 0 {
			r.Cells[0].Text += fmt.Sprintf(", %.1f dB", m.psnr)
		}
		for _, a := range forged {
			c := cell{Text: "–"}
			if v, ok := m.f1[a.After]; ok {
				c = cell{Text: fmt.Sprintf("%.2f", v), Heat: mapHeat(v)}
			}
			r.Cells = append(r.Cells, c)
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// mapHeat colours agreement of maps, which is never complete at edges.
func mapHeat(v float64) string {
	switch {
	case v >= 0.95:
		return "full"
	case v >= 0.85:
		return "high"
	case v >= 0.5:
		return "mid"
	}
	return "low"
}

// areaChart plots F1 against the altered area, a line for each processing.
func areaChart(forged []eval.TamperAfter) chart {
	p := newPlot(420, 210)
	var xs []mark
	n := float64(len(forged[0].Areas))
	for i, a := range forged[0].Areas {
		xs = append(xs, mark{(float64(i) + 0.5) / n, a.Name})
	}
	shown := forged[:min(len(forged), 6)]
	least := 0.5
	for _, a := range shown {
		for _, r := range a.Areas {
			if r.F1 < least {
				least = 0
			}
		}
	}
	height := func(f1 float64) float64 { return (f1 - least) / (1 - least) }
	ys := []mark{{0, fmt.Sprintf("%g", least)}, {0.5, fmt.Sprintf("%g", (1+least)/2)}, {1, "1"}}
	p.axes(xs, ys)
	c := chart{Title: "Small alterations are harder", Note: "F1 against the altered share of the area", Wide: true}
	for i, a := range slices.Backward(shown) {
		var line [][2]float64
		for j, r := range a.Areas {
			line = append(line, [2]float64{xs[j].at, height(r.F1)})
		}
		p.path(fmt.Sprintf("line s%d", i), line, false)
	}
	for _, a := range shown {
		c.Legend = append(c.Legend, afterName(a.After))
	}
	c.SVG = p.svg("F1 against area")
	return c
}

func alarmTable(after []eval.TamperAfter) table {
	t := table{Head: []string{"after", "mean flagged", "worst", "worst picture", "abstained"}}
	for _, a := range after {
		level, mean, worst := "full", fmt.Sprintf("%.3f%%", 100*a.Alarm.Mean), fmt.Sprintf("%.2f%%", 100*a.Alarm.Worst)
		switch {
		case a.Alarm.Abstained == a.Alarm.N:
			level, mean, worst = "silent", "–", "–" // nothing was said, right or wrong
		case a.Alarm.Mean > 0.02:
			level = "low"
		case a.Alarm.Mean > 0.005:
			level = "mid"
		case a.Alarm.Mean > 0.001:
			level = "high"
		}
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: afterName(a.After)}, {Text: mean, Heat: level},
			{Text: worst}, {Text: a.Alarm.WorstAt},
			{Text: fmt.Sprintf("%d of %d", a.Alarm.Abstained, a.Alarm.N)}}})
	}
	return t
}

func exampleStrips(examples []eval.TamperExample) ([]strip, error) {
	var out []strip
	for _, e := range examples {
		verdict := fmt.Sprintf("F1 %.3f", e.F1)
		if e.Abstain != "" {
			verdict = "abstains: " + e.Abstain
		}
		s := strip{Title: fmt.Sprintf("%s, %s of %g%%, %s: %s", e.Image, e.Kind, 100*e.Area, afterName(e.After), verdict)}
		said, err := inline(e.Received, 1, "received")
		if err != nil {
			return nil, err
		}
		truth, err := inline(e.Truth, 1, "truth")
		if err != nil {
			return nil, err
		}
		seen, err := inline(e.Map, 1, "map, without the original")
		if err != nil {
			return nil, err
		}
		s.Pictures = []picture{said, truth, seen}
		out = append(out, s)
	}
	return out, nil
}
