package eval

import (
	"cmp"
	"math"
	"slices"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/eval/stat"
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

// NewRate makes a rate of ok out of n with Wilson's interval.
func NewRate(name string, ok, n int) Rate {
	r := Rate{Name: name, OK: ok, N: n, Share: float64(ok) / max(1, float64(n))}
	r.Low, r.High = stat.Wilson(ok, n)
	return r
}

// Summary is what a run came to.
type Summary struct {
	Images  int            `json:"images"`
	Decodes int            `json:"decodes"`
	Tracks  []TrackSummary `json:"tracks"`
	Jobs    int            `json:"jobs"`              // pictures at a time: times are by the wall clock
	Skipped []string       `json:"skipped,omitempty"` // pictures too small, or too plain, to carry a mark
	Rows    []Row          `json:"-"`                 // that were summed up
}

// TrackSummary is one track's part of it. Quality is averaged over pictures,
// times over decodes and embeddings.
type TrackSummary struct {
	Track         string  `json:"track"`
	Drawn         string  `json:"drawn"` // all tracks in the pictures
	PSNRRGB       float64 `json:"psnr_rgb"`
	PSNRRGBLowest float64 `json:"psnr_rgb_lowest"`
	PSNRLuma      float64 `json:"psnr_luma"`
	SSIM          float64 `json:"ssim"`
	SSIMLowest    float64 `json:"ssim_lowest"`
	DSSIM         float64 `json:"dssim"`
	GMSD          float64 `json:"gmsd"`
	Megapixels    float64 `json:"megapixels"`
	EmbedMS       float64 `json:"embed_ms"`
	EmbedMSPerMP  float64 `json:"embed_ms_per_mp"`
	DecodeMS      float64 `json:"decode_ms"`
	DecodeMSPerMP float64 `json:"decode_ms_per_mp"` // of the marked picture's size, whatever was left of it
	DecodeMSMost  float64 `json:"decode_ms_most"`
	// WrongPayloads counts decodes that accepted a payload that was not embedded.
	WrongPayloads int `json:"wrong_payloads"`
	// Unmarked counts decodes of pictures before they were marked, FalseAccepts
	// those of them in which a payload was accepted.
	Unmarked     int     `json:"unmarked"`
	FalseAccepts int     `json:"false_accepts"`
	RejectMS     float64 `json:"reject_ms"` // mean over unmarked pictures
	RejectMSMost float64 `json:"reject_ms_most"`

	Recovery Rate   `json:"recovery"` // every bit of the payload right, all attacks
	Classes  []Rate `json:"classes"`
	Attacks  []Rate `json:"attacks"`
}

// Summarise sums rows up, keeping tracks, classes and attacks in the order in
// which they first come.
func Summarise(rows []Row) Summary {
	s := Summary{Rows: rows}
	images := map[string]bool{}
	var order []string
	byTrack := map[string][]Row{}
	for _, r := range rows {
		images[r.Image] = true
		if r.Attack != Unmarked {
			s.Decodes++
		}
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

// summariseTrack sums up at least one row, which may be of no attack yet.
func summariseTrack(track string, rows []Row) TrackSummary {
	t := TrackSummary{Track: track, Drawn: rows[0].Drawn, PSNRRGBLowest: math.Inf(1), SSIMLowest: math.Inf(1)}
	classes, attacks, recovered := tally{}, tally{}, 0
	seen := map[string]bool{}
	var decoded float64 // megapixels
	for _, r := range rows {
		if !seen[r.Image] {
			seen[r.Image] = true
			t.picture(r)
		}
		if r.Attack == Unmarked {
			t.unmarked(r)
			continue
		}
		classes.count(r.Class, r.PayloadOK)
		attacks.count(attack.Attack{Name: r.Attack, Strength: r.Strength}.Label(), r.PayloadOK)
		if r.PayloadOK {
			recovered++
		} else if r.Detected {
			t.WrongPayloads++
		}
		t.DecodeMS += r.DecodeMS
		decoded += r.Megapixels
		t.DecodeMSMost = max(t.DecodeMSMost, r.DecodeMS)
	}
	decodes := len(rows) - t.Unmarked
	t.EmbedMSPerMP = t.EmbedMS / max(t.Megapixels, 1e-9)
	t.DecodeMSPerMP = t.DecodeMS / max(decoded, 1e-9)
	for _, v := range []*float64{&t.PSNRRGB, &t.PSNRLuma, &t.SSIM, &t.DSSIM, &t.GMSD, &t.EmbedMS, &t.Megapixels} {
		*v /= float64(len(seen))
	}
	t.DecodeMS /= max(1, float64(decodes))
	t.RejectMS /= max(1, float64(t.Unmarked))
	t.Recovery, t.Classes, t.Attacks = NewRate("all", recovered, decodes), classes.rates(), attacks.rates()
	return t
}

// picture adds the quality and the cost of marking one picture.
func (t *TrackSummary) picture(r Row) {
	t.PSNRRGB += r.PSNRRGB
	t.PSNRRGBLowest = min(t.PSNRRGBLowest, r.PSNRRGB)
	t.PSNRLuma += r.PSNRLuma
	t.SSIM += r.SSIM
	t.SSIMLowest = min(t.SSIMLowest, r.SSIM)
	t.DSSIM += r.DSSIM
	t.GMSD += r.GMSD
	t.EmbedMS += r.EmbedMS
	t.Megapixels += r.Megapixels
}

func (t *TrackSummary) unmarked(r Row) {
	t.Unmarked++
	if r.Detected {
		t.FalseAccepts++
	}
	t.RejectMS += r.DecodeMS
	t.RejectMSMost = max(t.RejectMSMost, r.DecodeMS)
}

// worst is the attack with the least recovery, the first of several.
func (t TrackSummary) worst() Rate {
	return slices.MinFunc(t.Attacks, func(a, b Rate) int { return cmp.Compare(a.Share, b.Share) })
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
