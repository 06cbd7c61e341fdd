package eval

import (
	"math"

	"github.com/certana/certana/internal/attack"
)

// Rate is a share with its 95% confidence interval.
type Rate struct {
	Name  string  `json:"name"`
	OK    int     `json:"ok"`
	N     int     `json:"n"`
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// NewRate makes a rate of ok out of n with Wilson's score interval (1927), which
// stays honest at shares near 0 and 1. No trials give the interval 0 to 1.
func NewRate(name string, ok, n int) Rate {
	r := Rate{Name: name, OK: ok, N: n, High: 1}
	if n == 0 {
		return r
	}
	const z = 1.959963984540054
	t := float64(n)
	r.Share = float64(ok) / t
	centre := (r.Share + z*z/(2*t)) / (1 + z*z/t)
	half := z / (1 + z*z/t) * math.Sqrt(r.Share*(1-r.Share)/t+z*z/(4*t*t))
	r.Low, r.High = max(centre-half, 0), min(centre+half, 1)
	return r
}

// Summary is what a run came to.
type Summary struct {
	Images  int            `json:"images"`
	Decodes int            `json:"decodes"`
	Tracks  []TrackSummary `json:"tracks"`
	Skipped []string       `json:"skipped,omitempty"` // pictures too small to carry a mark
}

// TrackSummary is one track's part of it. Quality is averaged over pictures,
// times over decodes and embeddings.
type TrackSummary struct {
	Track         string  `json:"track"`
	PSNRRGB       float64 `json:"psnr_rgb"`
	PSNRRGBLowest float64 `json:"psnr_rgb_lowest"`
	PSNRLuma      float64 `json:"psnr_luma"`
	SSIM          float64 `json:"ssim"`
	EmbedMS       float64 `json:"embed_ms"`
	DecodeMS      float64 `json:"decode_ms"`
	DecodeMSMost  float64 `json:"decode_ms_most"`
	// WrongPayloads counts decodes that accepted a payload that was not embedded.
	WrongPayloads int    `json:"wrong_payloads"`
	Recovery      Rate   `json:"recovery"` // every bit of the payload right, all attacks
	Classes       []Rate `json:"classes"`
	Attacks       []Rate `json:"attacks"`
}

// Summarise sums rows up, keeping tracks, classes and attacks in the order in
// which they first come.
func Summarise(rows []Row) Summary {
	s := Summary{Decodes: len(rows)}
	images := map[string]bool{}
	var order []string
	byTrack := map[string][]Row{}
	for _, r := range rows {
		images[r.Image] = true
		if byTrack[r.Track] == nil {
			order = append(order, r.Track)
		}
		byTrack[r.Track] = append(byTrack[r.Track], r)
	}
	s.Images = len(images)
	for _, t := range order {
		s.Tracks = append(s.Tracks, summariseTrack(t, byTrack[t]))
	}
	return s
}

func summariseTrack(track string, rows []Row) TrackSummary {
	t := TrackSummary{Track: track, PSNRRGBLowest: math.Inf(1)}
	classes, attacks, total := tally{}, tally{}, tally{}
	seen := map[string]bool{}
	for _, r := range rows {
		total.count("all", r.PayloadOK)
		classes.count(r.Class, r.PayloadOK)
		attacks.count(attack.Attack{Name: r.Attack, Strength: r.Strength}.Label(), r.PayloadOK)
		if r.Detected && !r.PayloadOK {
			t.WrongPayloads++
		}
		t.DecodeMS += r.DecodeMS
		t.DecodeMSMost = max(t.DecodeMSMost, r.DecodeMS)
		if seen[r.Image] {
			continue
		}
		seen[r.Image] = true
		t.PSNRRGB += r.PSNRRGB
		t.PSNRRGBLowest = min(t.PSNRRGBLowest, r.PSNRRGB)
		t.PSNRLuma += r.PSNRLuma
		t.SSIM += r.SSIM
		t.EmbedMS += r.EmbedMS
	}
	n := float64(len(seen))
	t.PSNRRGB, t.PSNRLuma, t.SSIM, t.EmbedMS = t.PSNRRGB/n, t.PSNRLuma/n, t.SSIM/n, t.EmbedMS/n
	t.DecodeMS /= float64(len(rows))
	t.Recovery, t.Classes, t.Attacks = total.rates()[0], classes.rates(), attacks.rates()
	return t
}

// tally counts successes by name, names in order of appearance.
type tally struct {
	order []string
	ok, n map[string]int
}

func (t *tally) count(name string, ok bool) {
	if t.n == nil {
		t.ok, t.n = map[string]int{}, map[string]int{}
	}
	if t.n[name] == 0 {
		t.order = append(t.order, name)
	}
	t.n[name]++
	if ok {
		t.ok[name]++
	}
}

func (t *tally) rates() []Rate {
	var out []Rate
	for _, name := range t.order {
		out = append(out, NewRate(name, t.ok[name], t.n[name]))
	}
	return out
}
