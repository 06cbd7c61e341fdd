package eval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/eval/stat"
	"github.com/certana/certana/internal/watermark"
)

// TrialOptions say what Trials measures.
type TrialOptions struct {
	Corpora []string // folders of pictures, whose residuals are read
	// Read reads one plane under n random keys that follow from a seed, and counts
	// accepted payloads and the list decodes spent.
	Read     func(luma *dsp.Plane, n int, seed uint64) (accepted, decoded int)
	Trials   int // keys in all, dealt out evenly to the pictures
	Jobs     int // at a time; 0 is one per CPU
	Seed     int64
	Out      string // folder for trials.jsonl and trials.json; empty keeps all in memory
	Progress func(done, total int)
}

// TrialRow is one piece of work: so many keys on one picture.
type TrialRow struct {
	Piece    int    `json:"piece"`
	Seed     int64  `json:"seed"`
	Image    string `json:"image"`
	Trials   int    `json:"trials"`
	Accepted int    `json:"accepted"`
	Decoded  int    `json:"list_decodes"`
}

func (r TrialRow) stamp() string { return stampOf(r.Seed, "") }

func (r TrialRow) key() string {
	return strconv.Itoa(r.Piece) + "\x00" + r.Image + "\x00" + strconv.Itoa(r.Trials)
}

// TrialSummary is what Trials came to.
type TrialSummary struct {
	Pictures int     `json:"pictures"`
	Trials   int     `json:"trials"`
	Accepted int     `json:"accepted"`
	Decoded  int     `json:"list_decodes"`
	Upper    float64 `json:"upper"` // Clopper–Pearson's bound of the rate, 95% on this side
}

// piece is how many keys are one piece of work; the last may be smaller.
const piece = 5000

// Trials reads real pictures under random keys, none of which marked them, and
// counts the payloads that are accepted all the same: the same wrong reading as
// of an unmarked picture under one key, many times cheaper. Goes on where it
// stopped.
func Trials(ctx context.Context, o TrialOptions) (TrialSummary, error) {
	if o.Jobs < 1 {
		o.Jobs = runtime.NumCPU()
	}
	var files []corpusFile
	for _, dir := range o.Corpora {
		more, err := listCorpus(dir, 0)
		if err != nil {
			return TrialSummary{}, err
		}
		files = append(files, more...)
	}
	if len(files) == 0 {
		return TrialSummary{}, errors.New("no pictures to read: trials need a corpus")
	}
	book, err := openBook[TrialRow](o.Out, "trials.jsonl", stampOf(o.Seed, ""))
	if err != nil {
		return TrialSummary{}, err
	}
	defer book.close()
	work := o.deal(files)
	t := &trialing{o: o, book: book}
	err = each(ctx, o.Jobs, work, t.picture)
	summary := t.sum(work)
	if err != nil {
		return summary, err
	}
	return summary, book.finish("trials.json", summary)
}

// deal gives each picture its pieces.
func (o *TrialOptions) deal(files []corpusFile) [][]TrialRow {
	work := make([][]TrialRow, min(len(files), (o.Trials+piece-1)/piece))
	for i := 0; i*piece < o.Trials; i++ {
		f := files[i%len(files)]
		r := TrialRow{Piece: i, Seed: o.Seed, Image: f.path, Trials: min(piece, o.Trials-i*piece)}
		work[i%len(files)] = append(work[i%len(files)], r)
	}
	return work
}

// trialing is a run of Trials under way.
type trialing struct {
	o    TrialOptions
	book *book[TrialRow]
	mu   sync.Mutex
	done int
}

func (t *trialing) picture(ctx context.Context, pieces []TrialRow) error {
	var luma *dsp.Plane
	for _, r := range pieces {
		if !t.book.has(r.key()) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if luma == nil {
				m, err := load(r.Image, 0)
				if err != nil {
					return err
				}
				luma = (*watermark.RGB)(m).Luma(watermark.DecodeSide)
			}
			r.Accepted, r.Decoded = t.o.Read(luma, r.Trials, uint64(t.o.Seed)<<32+uint64(r.Piece))
			if err := t.book.add(r); err != nil {
				return err
			}
		}
		t.advance(r.Trials)
	}
	return nil
}

func (t *trialing) advance(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done += n
	if t.o.Progress != nil {
		t.o.Progress(t.done, t.o.Trials)
	}
}

func (t *trialing) sum(work [][]TrialRow) TrialSummary {
	var s TrialSummary
	var images []string
	for _, r := range slices.Concat(work...) {
		got, ok := t.book.get(r.key())
		if !ok {
			continue
		}
		images = append(images, got.Image)
		s.Trials, s.Accepted, s.Decoded = s.Trials+got.Trials, s.Accepted+got.Accepted, s.Decoded+got.Decoded
	}
	slices.SortFunc(images, cmp.Compare)
	s.Pictures, s.Upper = len(slices.Compact(images)), stat.Upper(s.Accepted, s.Trials, 0.95)
	return s
}

// WriteTable prints the trials as a Markdown table.
func (s TrialSummary) WriteTable(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%d random keys on %d pictures\n\n| false accepts | rate below, 95%% | list decodes |\n|---|---|---|\n| %d | %.2g | %d |\n",
		s.Trials, s.Pictures, s.Accepted, s.Upper, s.Decoded)
	return err
}
