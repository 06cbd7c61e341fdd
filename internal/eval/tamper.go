package eval

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/eval/forge"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
)

// TamperOptions say what Tamper measures.
type TamperOptions struct {
	// Corpus, Limit, MaxSide, Windows, WindowMegapixels, Jobs, Seed, Settings and
	// Progress are as in Options; Out is the folder for rows.jsonl, summary.json and
	// report.html.
	Corpus           string
	Limit            int
	MaxSide          int
	Windows          int
	WindowMegapixels float64
	Jobs             int
	Seed             int64
	Settings         string
	Out              string
	Progress         func(done, total int)

	// Track says where pictures were altered.
	Track *fragile.Track
	// Under are drawn before it, in order.
	Under []watermark.Track
	// Place finds a received picture, of which the marked one had w × h pixels,
	// on the grid it was marked on; nil reads pictures as they are alone. It is
	// asked when a picture of another size came, or one without a mark on its own
	// grid.
	Place func(m *watermark.RGB, p watermark.Payload, w, h int) (fragile.View, bool)

	Kinds []forge.Kind // nil takes all
	Areas []float64    // altered shares; nil takes DefaultAreas
	// After is what happens to pictures between forging and reading, also to
	// those that nobody forged; nil takes DefaultAfter.
	After []attack.Attack
	// Benign is what happens to unforged pictures beside After; nil takes
	// DefaultBenign.
	Benign []attack.Attack
}

// DefaultAreas are the altered shares that are measured.
var DefaultAreas = []float64{0.005, 0.01, 0.02, 0.05, 0.1, 0.2}

// DefaultAfter is what forged pictures go through.
func DefaultAfter() []attack.Attack {
	return []attack.Attack{{Name: "none"}, {Name: "noise", Strength: 5}, {Name: "jpeg", Strength: 90},
		{Name: "jpeg", Strength: 80}, {Name: "jpeg", Strength: 70}, {Name: "webp", Strength: 80}}
}

// DefaultBenign is what untouched pictures go through beside that.
func DefaultBenign() []attack.Attack {
	return []attack.Attack{{Name: "blur", Strength: 1}, {Name: "median", Strength: 3}, {Name: "sharpen", Strength: 2},
		{Name: "contrast", Strength: 1.5}, {Name: "brightness", Strength: 0.8}, {Name: "brightness", Strength: 1.2},
		{Name: "noise", Strength: 10}, {Name: "webp", Strength: 50},
		{Name: "resize", Strength: 0.75}, {Name: "crop", Strength: 0.75}}
}

// AfterGeometry is what forged pictures go through when they can be placed.
func AfterGeometry() []attack.Attack {
	q80 := attack.Attack{Name: "jpeg", Strength: 80}
	return []attack.Attack{
		attack.Chain("", attack.Attack{Name: "crop", Strength: 0.75}, q80),
		attack.Chain("", attack.Attack{Name: "resize", Strength: 0.75}, q80),
		{Name: "rotate", Strength: 5}}
}

// untouched is the Edit of pictures that nobody forged.
const untouched = "none"

// TamperRow is one map of one picture.
type TamperRow struct {
	Image      string  `json:"image"`
	Seed       int64   `json:"seed"`
	Settings   string  `json:"settings,omitempty"`
	Tracks     string  `json:"tracks"` // drawn, "b" or "a+b"
	Edit       string  `json:"edit"`   // a forge.Kind, or none
	Area       float64 `json:"area"`   // meant to be altered, 0 to 0.25
	After      string  `json:"after"`  // the attack's label
	PSNRRGB    float64 `json:"psnr_rgb"`
	PSNRLuma   float64 `json:"psnr_luma"`
	SSIM       float64 `json:"ssim"`
	DSSIM      float64 `json:"dssim"`
	GMSD       float64 `json:"gmsd"`
	Megapixels float64 `json:"megapixels"`
	// F1, IoU and AUC compare the map with the truth, over the pixels in view. What
	// it is silent about it has not found; a map that abstains comes to 0, 0 and
	// 0.5. Absent for untouched pictures, and where nothing altered is in view and
	// nothing is flagged.
	F1  *float64 `json:"f1,omitempty"`
	IoU *float64 `json:"iou,omitempty"`
	AUC *float64 `json:"auc,omitempty"`
	// Flagged is the share of what is known that is said to be altered.
	Flagged float64 `json:"flagged"`
	Known   float64 `json:"known"`   // share of the picture of which something is said
	Abstain string  `json:"abstain"` // why nothing is said; empty when it speaks
	PValue  float64 `json:"p_value"`
	Placed  bool    `json:"placed"` // the picture was moved back to its grid
	EmbedMS float64 `json:"embed_ms"`
	MapMS   float64 `json:"map_ms"`
}

func (r TamperRow) stamp() string { return stampOf(r.Seed, r.Settings) }

func (r TamperRow) key() string {
	return strings.Join([]string{r.Image, r.Tracks, r.Edit, strconv.FormatFloat(r.Area, 'g', -1, 64), r.After}, "\x00")
}

// Tamper measures how well track B says where pictures were altered. Like Run it
// goes on where it stopped.
func Tamper(ctx context.Context, o TamperOptions) (TamperSummary, error) {
	if o.Track == nil {
		return TamperSummary{}, errors.New("no track that maps alterations")
	}
	o.defaults()
	files, err := listCorpus(o.Corpus, 0)
	if err != nil {
		return TamperSummary{}, err
	}
	which, err := identity(files)
	if err != nil {
		return TamperSummary{}, err
	}
	o.Settings = and(o.Settings, which)
	all := inWindows(files, o.Windows)
	book, err := openBook[TamperRow](o.Out, "rows.jsonl", stampOf(o.Seed, o.Settings))
	if err != nil {
		return TamperSummary{}, err
	}
	defer book.close()
	m := &tampering{TamperOptions: o, book: book, all: all}
	picked := inWindows(thin(files, o.Limit), o.Windows)
	m.total = len(picked) * len(m.plan(picked[0]))
	err = each(ctx, o.Jobs, picked, m.picture)
	summary := SummariseTamper(m.wanted(picked))
	summary.Skipped = m.skipped
	if err != nil {
		return summary, err
	}
	return summary, book.finish("summary.json", summary)
}

func (o *TamperOptions) defaults() {
	if o.Kinds == nil {
		o.Kinds = forge.Kinds
	}
	if o.Areas == nil {
		o.Areas = DefaultAreas
	}
	if o.After == nil {
		o.After = DefaultAfter()
		if o.Place != nil {
			o.After = append(o.After, AfterGeometry()...)
		}
	}
	if o.Benign == nil {
		o.Benign = DefaultBenign()
	}
	if o.WindowMegapixels == 0 {
		o.WindowMegapixels = 2
	}
	if o.Jobs < 1 {
		o.Jobs = runtime.NumCPU()
	}
	o.Settings = sized(o.Settings, o.MaxSide, o.Windows, o.WindowMegapixels)
}
