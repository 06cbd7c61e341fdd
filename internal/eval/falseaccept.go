package eval

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"

	"github.com/certana/certana/internal/watermark"
)

// FalseAcceptOptions say what FalseAccepts measures.
type FalseAcceptOptions struct {
	// Corpora are folders of unmarked pictures. Every second decode is of a
	// random crop of one of them, the others of made pictures; without corpora
	// all are made.
	Corpora []string
	Tracks  []watermark.Track
	Images  int // decodes of each track; 0 is 2,000
	Side    int // of the square crops, pixels; 0 is 256
	Jobs    int // at a time; 0 is one per CPU
	Seed    int64
	// Settings say how tracks were made, in words; rows keep them.
	Settings string
	// Out is the folder for fpr.jsonl and fpr.json, made when missing. Decodes
	// that are already there are not repeated, so that Images may grow. Empty
	// keeps everything in memory.
	Out string
	// Progress, if not nil, is told how many decodes are done of how many. Calls
	// never overlap.
	Progress func(done, total int)
}

// FalseRow is one decode of one picture without a mark.
type FalseRow struct {
	Trial    int     `json:"trial"`
	Seed     int64   `json:"seed"`
	Settings string  `json:"settings,omitempty"`
	Side     int     `json:"side"`
	Track    string  `json:"track"`
	Image    string  `json:"image"` // name of its folder and path below that, or made:trial
	X        int     `json:"x"`     // of the crop's corner
	Y        int     `json:"y"`
	Detected bool    `json:"detected"`
	Payload  string  `json:"payload,omitempty"` // that nobody embedded
	PValue   float64 `json:"p_value"`
	DecodeMS float64 `json:"decode_ms"`
}

func (r FalseRow) stamp() string { return stampOf(r.Seed, r.Settings) }

func (r FalseRow) key() string {
	return strings.Join([]string{strconv.Itoa(r.Trial), strconv.Itoa(r.Side), r.Track, r.Image}, "\x00")
}

// FalseAccepts decodes pictures that carry no mark and counts the payloads that
// are accepted all the same. Deterministic by seed but for the times: trial n is
// the same picture whatever Images is. Goes on where it stopped.
func FalseAccepts(ctx context.Context, o FalseAcceptOptions) (FalseAcceptSummary, error) {
	if len(o.Tracks) == 0 {
		return FalseAcceptSummary{}, errors.New("no track to measure")
	}
	if o.Images <= 0 {
		o.Images = 2000
	}
	if o.Side <= 0 {
		o.Side = 256
	}
	if o.Jobs < 1 {
		o.Jobs = runtime.NumCPU()
	}
	files, err := listCorpora(o.Corpora)
	if err != nil {
		return FalseAcceptSummary{}, err
	}
	which, err := identity(files)
	if err != nil {
		return FalseAcceptSummary{}, err
	}
	o.Settings = and(o.Settings, which)
	sources := o.sources(files)
	book, err := openBook[FalseRow](o.Out, "fpr.jsonl", stampOf(o.Seed, o.Settings))
	if err != nil {
		return FalseAcceptSummary{}, err
	}
	defer book.close()
	c := &falseCount{o: o, book: book}
	err = each(ctx, o.Jobs, sources, c.source)
	summary := summariseFalse(c.wanted(sources), o.Side)
	summary.Seed, summary.Settings = o.Seed, o.Settings
	if err != nil {
		return summary, err
	}
	return summary, book.finish("fpr.json", summary)
}

// source is one picture and the trials that are crops of it.
type source struct {
	path, name string // empty: each trial is a picture of its own, made from its number
	trials     []int
}

// madeTogether is how many made pictures are one piece of work.
const madeTogether = 64

// sources deals the trials out: odd ones to made pictures, even ones to the
// corpora's in turn.
func (o *FalseAcceptOptions) sources(files []corpusFile) []source {
	list := make([]source, len(files))
	for i, f := range files {
		list[i].path, list[i].name = f.path, f.name
	}
	var made []int
	for n := range o.Images {
		if len(files) > 0 && n%2 == 0 {
			s := &list[n/2%len(files)]
			s.trials = append(s.trials, n)
			continue
		}
		made = append(made, n)
	}
	for len(made) > 0 {
		n := min(madeTogether, len(made))
		list = append(list, source{trials: made[:n]})
		made = made[n:]
	}
	return list
}
