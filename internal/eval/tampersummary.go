package eval

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/certana/certana/internal/eval/forge"
)

// TamperSummary is what Tamper came to.
type TamperSummary struct {
	Images  int      `json:"images"`
	Maps    int      `json:"maps"`
	Tracks  string   `json:"tracks"`
	Skipped []string `json:"skipped,omitempty"` // pictures too small, or too plain, to carry a mark

	PSNRRGB       float64 `json:"psnr_rgb"`
	PSNRRGBLowest float64 `json:"psnr_rgb_lowest"`
	PSNRLuma      float64 `json:"psnr_luma"`
	SSIM          float64 `json:"ssim"`
	SSIMLowest    float64 `json:"ssim_lowest"`
	DSSIM         float64 `json:"dssim"`
	GMSD          float64 `json:"gmsd"`
	Megapixels    float64 `json:"megapixels"`
	EmbedMSPerMP  float64 `json:"embed_ms_per_mp"`
	MapMSPerMP    float64 `json:"map_ms_per_mp"`
	PlaceMSPerMP  float64 `json:"place_ms_per_mp"` // of pictures that had to be placed first, map and all

	After []TamperAfter `json:"after"` // in the order of the options
	Rows  []TamperRow   `json:"-"`     // that were summed up
}

// TamperAfter sums up what was read after one kind of processing.
type TamperAfter struct {
	After string `json:"after"`
	// Forged is over the kinds of forgery but collages, and over areas of 1% and
	// more, as studies of localisation have it; N is 0 where pictures were not
	// forged.
	Forged MapRate   `json:"forged"`
	Kinds  []MapRate `json:"kinds"` // over areas of 1% and more
	Areas  []MapRate `json:"areas"` // over all kinds but collages
	Alarm  Alarm     `json:"false_alarm"`
}

// MapRate is the mean agreement of N maps with the truth, of which Abstained
// said nothing and count as having found nothing.
type MapRate struct {
	Name      string  `json:"name"`
	N         int     `json:"n"`
	Abstained int     `json:"abstained"`
	F1        float64 `json:"f1"`
	Low       float64 `json:"f1_low"` // of the 95% interval of the mean F1
	High      float64 `json:"f1_high"`
	IoU       float64 `json:"iou"`
	AUC       float64 `json:"auc"`

	squares float64
}

// Alarm is the share of untouched pictures that is said to be altered; a picture
// of which nothing is said counts as 0 and as abstained.
type Alarm struct {
	N         int     `json:"n"`
	Abstained int     `json:"abstained"`
	Mean      float64 `json:"mean"`
	Worst     float64 `json:"worst"`
	WorstAt   string  `json:"worst_at,omitempty"`
}

func (m *MapRate) add(r TamperRow) {
	if r.F1 == nil {
		return // what was altered is not in view
	}
	m.N++
	if r.Abstain != "" {
		m.Abstained++
	}
	m.F1, m.IoU, m.AUC = m.F1+*r.F1, m.IoU+*r.IoU, m.AUC+*r.AUC
	m.squares += *r.F1 * *r.F1
}

func (m *MapRate) conclude() {
	n := max(1, float64(m.N))
	m.F1, m.IoU, m.AUC = m.F1/n, m.IoU/n, m.AUC/n
	half := 1.96 * math.Sqrt(max(0, m.squares/n-m.F1*m.F1)/n)
	m.Low, m.High = max(0, m.F1-half), min(1, m.F1+half)
}

// SummariseTamper sums rows up, in the order in which names first come.
func SummariseTamper(rows []TamperRow) TamperSummary {
	s := TamperSummary{Rows: rows, Maps: len(rows), PSNRRGBLowest: math.Inf(1), SSIMLowest: math.Inf(1)}
	s.quality(rows)
	var order []string
	by := map[string]*TamperAfter{}
	for _, r := range rows {
		a := by[r.After]
		if a == nil {
			a = &TamperAfter{After: r.After, Forged: MapRate{Name: "all"}}
			by[r.After], order = a, append(order, r.After)
		}
		a.count(r)
	}
	for _, name := range order {
		a := by[name]
		a.conclude()
		s.After = append(s.After, *a)
	}
	if len(rows) == 0 {
		s.PSNRRGBLowest, s.SSIMLowest = 0, 0
	}
	return s
}

func (s *TamperSummary) quality(rows []TamperRow) {
	seen := map[string]bool{}
	var ms, mp [2]float64 // as they lay, and placed
	for _, r := range rows {
		s.Tracks = r.Tracks
		i := 0
		if r.Placed {
			i = 1
		}
		ms[i], mp[i] = ms[i]+r.MapMS, mp[i]+r.Megapixels
		if seen[r.Image] {
			continue
		}
		seen[r.Image] = true
		s.PSNRRGBLowest, s.SSIMLowest = min(s.PSNRRGBLowest, r.PSNRRGB), min(s.SSIMLowest, r.SSIM)
		s.PSNRRGB, s.PSNRLuma, s.SSIM = s.PSNRRGB+r.PSNRRGB, s.PSNRLuma+r.PSNRLuma, s.SSIM+r.SSIM
		s.DSSIM, s.GMSD = s.DSSIM+r.DSSIM, s.GMSD+r.GMSD
		s.Megapixels, s.EmbedMSPerMP = s.Megapixels+r.Megapixels, s.EmbedMSPerMP+r.EmbedMS
	}
	s.Images = len(seen)
	if s.Images == 0 {
		return
	}
	s.EmbedMSPerMP /= s.Megapixels
	for i, v := range []*float64{&s.MapMSPerMP, &s.PlaceMSPerMP} {
		if mp[i] > 0 {
			*v = ms[i] / mp[i]
		}
	}
	for _, v := range []*float64{&s.PSNRRGB, &s.PSNRLuma, &s.SSIM, &s.DSSIM, &s.GMSD, &s.Megapixels} {
		*v /= float64(s.Images)
	}
}

// leastArea is that of forgeries that count in means over several areas.
const leastArea = 0.01

func (a *TamperAfter) count(r TamperRow) {
	if r.Edit == untouched {
		a.Alarm.N++
		if r.Abstain != "" {
			a.Alarm.Abstained++
		}
		a.Alarm.Mean += r.Flagged
		if r.Flagged > a.Alarm.Worst {
			a.Alarm.Worst, a.Alarm.WorstAt = r.Flagged, r.Image
		}
		return
	}
	large, usual := r.Area >= leastArea, r.Edit != string(forge.Collage)
	if large {
		rated(&a.Kinds, r.Edit).add(r)
	}
	if !usual {
		return
	}
	if large {
		a.Forged.add(r)
	}
	rated(&a.Areas, strconv.FormatFloat(100*r.Area, 'g', 3, 64)+"%").add(r)
}

// rated finds or begins the rate of a name.
func rated(list *[]MapRate, name string) *MapRate {
	for i := range *list {
		if (*list)[i].Name == name {
			return &(*list)[i]
		}
	}
	*list = append(*list, MapRate{Name: name})
	return &(*list)[len(*list)-1]
}

func (a *TamperAfter) conclude() {
	a.Alarm.Mean /= max(1, float64(a.Alarm.N))
	a.Forged.conclude()
	for _, list := range [][]MapRate{a.Kinds, a.Areas} {
		for i := range list {
			list[i].conclude()
		}
	}
}

// WriteTable prints the summary as Markdown tables.
func (s TamperSummary) WriteTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d pictures, %d maps, tracks %s\n", s.Images, s.Maps, s.Tracks)
	if len(s.Skipped) > 0 {
		fmt.Fprintf(&b, "could not be marked: %s\n", strings.Join(s.Skipped, ", "))
	}
	fmt.Fprintf(&b, "\n| | |\n|---|---|\n| PSNR, RGB | %.2f dB mean, %.2f dB lowest |\n", s.PSNRRGB, s.PSNRRGBLowest)
	fmt.Fprintf(&b, "| PSNR, luma | %.2f dB |\n| SSIM, luma | %.4f mean, %.4f lowest |\n| DSSIM, GMSD | %.5f, %.5f |\n", s.PSNRLuma, s.SSIM, s.SSIMLowest, s.DSSIM, s.GMSD)
	fmt.Fprintf(&b, "| embed | %.0f ms/MP |\n| map | %.0f ms/MP |\n", s.EmbedMSPerMP, s.MapMSPerMP)
	if s.PlaceMSPerMP > 0 {
		fmt.Fprintf(&b, "| place and map | %.0f ms/MP |\n", s.PlaceMSPerMP)
	}
	s.forgedTable(&b)
	fmt.Fprintf(&b, "\n| untouched | flagged, mean | worst | abstained |\n|---|---|---|---|\n")
	for _, a := range s.After {
		fmt.Fprintf(&b, "| %s | %.3f%% | %.2f%% | %d of %d |\n", a.After, 100*a.Alarm.Mean, 100*a.Alarm.Worst, a.Alarm.Abstained, a.Alarm.N)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s TamperSummary) forgedTable(b *strings.Builder) {
	var forged []TamperAfter
	for _, a := range s.After {
		if len(a.Areas) > 0 {
			forged = append(forged, a)
		}
	}
	if len(forged) == 0 {
		return
	}
	fmt.Fprintf(b, "\n| F1 |")
	for _, a := range forged {
		fmt.Fprintf(b, " %s |", a.After)
	}
	fmt.Fprintf(b, "\n|---|%s\n", strings.Repeat("---|", len(forged)))
	line := func(name string, value func(a TamperAfter) string) {
		fmt.Fprintf(b, "| %s |", name)
		for _, a := range forged {
			fmt.Fprintf(b, " %s |", value(a))
		}
		b.WriteString("\n")
	}
	line("**mean, 1% and more**", func(a TamperAfter) string { return fmt.Sprintf("%.3f", a.Forged.F1) })
	for i, k := range forged[0].Kinds {
		line(k.Name, func(a TamperAfter) string { return fmt.Sprintf("%.3f", a.Kinds[i].F1) })
	}
	for i, k := range forged[0].Areas {
		line(k.Name, func(a TamperAfter) string { return fmt.Sprintf("%.3f", a.Areas[i].F1) })
	}
	line("IoU", func(a TamperAfter) string { return fmt.Sprintf("%.3f", a.Forged.IoU) })
	line("AUC", func(a TamperAfter) string { return fmt.Sprintf("%.3f", a.Forged.AUC) })
	line("abstained", func(a TamperAfter) string { return fmt.Sprintf("%d of %d", a.Forged.Abstained, a.Forged.N) })
}
