package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/certana/certana/internal/eval"
)

// FalseAccepts writes fpr.html for runs of eval.FalseAccepts and eval.Trials,
// either of which may be nil.
func FalseAccepts(dir string, s *eval.FalseAcceptSummary, trials *eval.TrialSummary, o Origin) error {
	p := page{Title: "Where there is no mark",
		Lead:   "Pictures that nobody marked are decoded. A payload that is accepted in one of them is a false accept.",
		Footer: "Bounds are Clopper and Pearson’s, with 95% confidence on their side. Intervals are Wilson’s at 95%."}
	cards := section{}
	if trials != nil {
		cards.Cards = append(cards.Cards,
			falseCard(fmt.Sprintf("accepted under %d random keys", trials.Trials), trials.Accepted, trials.Upper),
			card{Name: "list decodes spent", Value: strconv.Itoa(trials.Decoded),
				Note: fmt.Sprintf("%.2f for each key, on %d pictures; the rate by list decode is below %.2g", trials.DecodesEach(), trials.Pictures, trials.UpperDecode)})
	}
	var tracks []section
	if s != nil {
		p.Meta = []pair{{"crops", fmt.Sprintf("%d of %d×%d", s.Images, s.Side, s.Side)}, {"made by code", strconv.Itoa(s.Made)}}
		for _, t := range s.Tracks {
			cards.Cards = append(cards.Cards, falseCard(fmt.Sprintf("accepted in %d crops, track %s", t.Decodes, t.Track), len(t.Accepted), t.Upper),
				card{Name: "lowest p-value", Value: fmt.Sprintf("%.1g", t.LowestPValue.PValue), Note: pictureName(t.LowestPValue.Image)},
				card{Name: "rejection", Value: fmt.Sprintf("%.0f ms", t.DecodeMS), Note: fmt.Sprintf("most %.0f ms", t.DecodeMSMost)})
			tracks = append(tracks, calibrationSection(t, s.Rows))
		}
	}
	p.Sections = append(append(p.Sections, cards), tracks...)
	p.origin(o)
	return p.write(dir, "fpr.html")
}

// pictureName is what a person calls the picture of a row.
func pictureName(image string) string {
	if trial, made := strings.CutPrefix(image, "made:"); made {
		return "picture made by code, trial " + trial
	}
	return image
}

func falseCard(name string, accepted int, upper float64) card {
	c := card{Name: name, Value: strconv.Itoa(accepted), Note: fmt.Sprintf("the rate is below %.2g", upper), Kind: "lead"}
	if accepted > 0 {
		c.Kind = "bad"
	}
	return c
}

func calibrationSection(t eval.FalseAcceptTrack, rows []eval.FalseRow) section {
	var p []float64
	for _, r := range rows {
		if r.Track == t.Track {
			p = append(p, r.PValue)
		}
	}
	out := section{Title: "P-values of track " + t.Track, Charts: []chart{calibrationChart(p)}}
	tab := table{Head: []string{"p at most", "pictures", "observed", "95% interval"}}
	for _, c := range t.Calibration {
		tab.Rows = append(tab.Rows, row{Cells: []cell{{Text: fmt.Sprintf("%g", c.Stated)}, {Text: strconv.Itoa(c.Count)},
			{Text: fmt.Sprintf("%.3g", c.Observed)}, {Text: fmt.Sprintf("%.2g – %.2g", c.Low, c.High)}}})
	}
	out.Tables = []table{tab}
	return out
}
