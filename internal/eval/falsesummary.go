package eval

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/certana/certana/internal/eval/stat"
)

// FalseAcceptSummary is what FalseAccepts came to.
type FalseAcceptSummary struct {
	Images   int                `json:"images"`
	Made     int                `json:"made"` // of these by code
	Side     int                `json:"side"`
	Seed     int64              `json:"seed"`
	Settings string             `json:"settings"`
	Tracks   []FalseAcceptTrack `json:"tracks"`
	Rows     []FalseRow         `json:"-"` // that were summed up
}

// FalseAcceptTrack counts one track's accepted payloads where none was.
type FalseAcceptTrack struct {
	Track    string     `json:"track"`
	Decodes  int        `json:"decodes"`
	Accepted []FalseRow `json:"accepted"`
	// Upper is the exact (Clopper–Pearson) upper bound of the rate of false
	// accepts, with 95% confidence.
	Upper        float64     `json:"upper"`
	Calibration  []Calibrant `json:"calibration"`
	LowestPValue FalseRow    `json:"lowest_p_value"` // the picture that looked most like a marked one
	DecodeMS     float64     `json:"decode_ms"`
	DecodeMSMost float64     `json:"decode_ms_most"`
}

// Calibrant compares a p-value with how often one as small was stated of
// pictures without a mark, with Wilson's interval. Honest p-values are at most
// that frequent.
type Calibrant struct {
	Stated   float64 `json:"stated"`
	Count    int     `json:"count"`
	Observed float64 `json:"observed"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

// statedAt are the p-values at which calibration is reported.
var statedAt = []float64{0.1, 0.01, 0.001, 0.0001}

// calibrate counts p-values at and under each of the stated ones.
func calibrate(pValues, stated []float64) []Calibrant {
	out := make([]Calibrant, len(stated))
	for i, at := range stated {
		c := Calibrant{Stated: at}
		for _, p := range pValues {
			if p <= at {
				c.Count++
			}
		}
		c.Observed = float64(c.Count) / max(1, float64(len(pValues)))
		c.Low, c.High = stat.Wilson(c.Count, len(pValues))
		out[i] = c
	}
	return out
}

// summariseFalse sums up rows that lie together by track.
func summariseFalse(rows []FalseRow, side int) FalseAcceptSummary {
	s := FalseAcceptSummary{Side: side, Rows: rows}
	for len(rows) > 0 {
		n := slices.IndexFunc(rows, func(r FalseRow) bool { return r.Track != rows[0].Track })
		if n < 0 {
			n = len(rows)
		}
		t := FalseAcceptTrack{Track: rows[0].Track, Decodes: n, Accepted: []FalseRow{}, LowestPValue: rows[0]}
		made, p := 0, make([]float64, n)
		for i, r := range rows[:n] {
			p[i] = r.PValue
			t.DecodeMS += r.DecodeMS / float64(n)
			t.DecodeMSMost = max(t.DecodeMSMost, r.DecodeMS)
			if r.PValue < t.LowestPValue.PValue {
				t.LowestPValue = r
			}
			if r.Detected {
				t.Accepted = append(t.Accepted, r)
			}
			if strings.HasPrefix(r.Image, "made:") {
				made++
			}
		}
		t.Upper, t.Calibration = stat.Upper(len(t.Accepted), n, 0.95), calibrate(p, statedAt)
		slices.SortFunc(t.Accepted, func(a, b FalseRow) int { return cmp.Compare(a.Trial, b.Trial) })
		s.Tracks = append(s.Tracks, t)
		s.Images, s.Made = n, made
		rows = rows[n:]
	}
	return s
}

// WriteTable prints the false accepts and the calibration as Markdown tables.
func (s FalseAcceptSummary) WriteTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d unmarked pictures of %d×%d, %d of them made by code\n\n", s.Images, s.Side, s.Side, s.Made)
	b.WriteString("| track | false accepts | rate below, 95% | lowest p | decode, mean | most |\n|---|---|---|---|---|---|\n")
	for _, t := range s.Tracks {
		fmt.Fprintf(&b, "| %s | %d | %.2g | %.2g | %.0f ms | %.0f ms |\n",
			t.Track, len(t.Accepted), t.Upper, t.LowestPValue.PValue, t.DecodeMS, t.DecodeMSMost)
	}
	b.WriteString("\n| track | p at most | pictures | observed | 95% interval |\n|---|---|---|---|---|\n")
	for _, t := range s.Tracks {
		for _, c := range t.Calibration {
			fmt.Fprintf(&b, "| %s | %g | %d | %.2g | %.2g to %.2g |\n", t.Track, c.Stated, c.Count, c.Observed, c.Low, c.High)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
