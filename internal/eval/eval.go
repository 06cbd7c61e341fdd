// Package eval measures watermark tracks: how many payloads come back after
// each attack of a suite, at which loss of quality and which cost, and how often
// a picture without a mark is taken for a marked one. A run is deterministic by
// its seed but for the times it took, and goes on where it was interrupted.
package eval

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
)

// Options say what Run measures.
type Options struct {
	// Corpus is the folder of pictures, searched recursively for PNG, JPEG,
	// TIFF and WebP by file name.
	Corpus string
	// Tracks are drawn one after the other on the same picture, as certification
	// does, and decoded each on its own.
	Tracks []watermark.Track
	// Fragile, if not nil, is drawn over them with the payload of the first.
	Fragile *fragile.Track
	// Suite is what every marked picture goes through; nil takes attack.Suite.
	Suite []attack.Attack
	// Out is the folder for rows.jsonl and summary.json, made when missing. Rows
	// that are already there are kept and not measured again; they must be of the
	// same seed and settings. With it each picture is also decoded before it is
	// marked. Empty keeps everything in memory.
	Out string
	// Limit measures so many files, spread evenly over the corpus; 0 is all.
	Limit int
	// MaxSide shrinks pictures with a longer side before marking; 0 keeps them.
	MaxSide int
	// Windows cuts so many windows out of each picture at its own resolution,
	// four being one in each quarter, and measures each as a picture; 0 takes
	// pictures whole.
	Windows int
	// WindowMegapixels is the most that a window has; 0 is 2.
	WindowMegapixels float64
	// Jobs is the number of pictures worked on at a time; 0 is one per CPU.
	Jobs int
	// Seed sets payloads and the random choices of attacks.
	Seed int64
	// Settings say how tracks were made, in words with commas between; rows keep
	// them with a hash of the corpus.
	Settings string
	// Progress, if not nil, is told how many decodes are done of how many. Calls
	// never overlap.
	Progress func(done, total int)
}

// Row is one decode of one attacked picture.
type Row struct {
	Image      string  `json:"image"` // path below the corpus, with #0 and so on for windows
	Seed       int64   `json:"seed"`
	Settings   string  `json:"settings,omitempty"` // of tracks and pictures
	Track      string  `json:"track"`
	Drawn      string  `json:"drawn"` // all tracks in the picture, such as a+b
	Attack     string  `json:"attack"`
	Strength   float64 `json:"strength"`
	Class      string  `json:"class"`
	PSNRRGB    float64 `json:"psnr_rgb"` // of all tracks together, dB, 100 at most
	PSNRLuma   float64 `json:"psnr_luma"`
	SSIM       float64 `json:"ssim"`
	DSSIM      float64 `json:"dssim"` // (1 − SSIM)/2
	GMSD       float64 `json:"gmsd"`
	Payload    string  `json:"payload"` // what was embedded
	Detected   bool    `json:"detected"`
	PayloadOK  bool    `json:"payload_ok"`
	PValue     float64 `json:"p_value"`
	EmbedMS    float64 `json:"embed_ms"`
	DecodeMS   float64 `json:"decode_ms"`
	Megapixels float64 `json:"megapixels"` // of the marked picture
	// BitAccuracy is the share of right bits of the payload that was accepted;
	// absent when none was, for then there are no bits to compare.
	BitAccuracy *float64 `json:"bit_accuracy,omitempty"`
}

// Unmarked is the attack and the class of rows of pictures without a mark.
const Unmarked = "unmarked"

func (r Row) stamp() string { return stampOf(r.Seed, r.Settings) }

func (r Row) key() string {
	return rowKey(r.Image, r.Track, r.Drawn, attack.Attack{Name: r.Attack, Strength: r.Strength})
}

func rowKey(image, track, drawn string, a attack.Attack) string {
	return strings.Join([]string{image, track, drawn, a.Label()}, "\x00")
}

// SuiteByName returns a list of attacks by names with commas between: "standard"
// (the 52), "extras", "beyond", "large", "all" of these, or labels of single
// attacks such as jpeg:50 and crop:0.5+jpeg:70. What comes twice is taken once.
func SuiteByName(names string) ([]attack.Attack, error) {
	if names == "" {
		names = "standard"
	}
	var suite []attack.Attack
	for _, name := range strings.Split(names, ",") {
		switch name {
		case "standard":
			suite = append(suite, attack.Suite()...)
		case "extras":
			suite = append(suite, attack.Extras()...)
		case "beyond":
			suite = append(suite, attack.Beyond()...)
		case "large":
			suite = append(suite, attack.Large()...)
		case "all":
			suite = slices.Concat(suite, attack.Suite(), attack.Extras(), attack.Beyond(), attack.Large())
		default:
			a, err := attack.Parse(name)
			if err != nil {
				return nil, fmt.Errorf("no suite and no attack: %w; suites are standard, extras, beyond, large and all", err)
			}
			if a.Class == "" {
				a.Class, _, _ = strings.Cut(name, ":")
			}
			suite = append(suite, a)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(suite, func(a attack.Attack) bool {
		again := seen[a.Label()]
		seen[a.Label()] = true
		return again
	}), nil
}

// Run measures tracks over a corpus. It returns what it has summed up so far
// with ctx's error when ctx ends; the rows written stay for the next run.
func Run(ctx context.Context, o Options) (Summary, error) {
	if len(o.Tracks) == 0 {
		return Summary{}, errors.New("no track to measure")
	}
	if o.Suite == nil {
		o.Suite = attack.Suite()
	}
	if o.Jobs < 1 {
		o.Jobs = runtime.NumCPU()
	}
	all, err := listCorpus(o.Corpus, 0)
	if err != nil {
		return Summary{}, err
	}
	which, err := identity(all)
	if err != nil {
		return Summary{}, err
	}
	files := inWindows(thin(all, o.Limit), o.Windows)
	if o.WindowMegapixels == 0 {
		o.WindowMegapixels = 2
	}
	o.Settings = sized(and(o.Settings, which), o.MaxSide, o.Windows, o.WindowMegapixels)
	book, err := openBook[Row](o.Out, "rows.jsonl", stampOf(o.Seed, o.Settings))
	if err != nil {
		return Summary{}, err
	}
	defer book.close()
	m := &measurement{Options: o, book: book}
	m.total = len(files) * len(m.plan())
	err = each(ctx, o.Jobs, files, m.picture)
	summary := Summarise(m.wanted(files))
	summary.Skipped, summary.Jobs = m.skipped, o.Jobs
	if err != nil {
		return summary, err
	}
	return summary, book.finish("summary.json", summary)
}
