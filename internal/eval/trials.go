package eval

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
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
	// With always it spends at least one list decode on each.
	Read     func(luma *dsp.Plane, n int, seed uint64, always bool) (accepted, decoded int)
	Always   bool
	Trials   int // keys in all, dealt out evenly to the pictures
	Jobs     int // at a time; 0 is one per CPU
	Seed     int64
	Settings string // in words; rows keep them with a hash of the corpora
	Out      string // folder for trials.jsonl and trials.json; empty keeps all in memory
	Progress func(done, total int)
}

// TrialRow is one piece of work: so many keys on one picture.
type TrialRow struct {
	Piece    int    `json:"piece"`
	Seed     int64  `json:"seed"`
	Settings string `json:"settings,omitempty"`
	Image    string `json:"image"`
	Trials   int    `json:"trials"`
	Accepted int    `json:"accepted"`
	Decoded  int    `json:"list_decodes"`
}

func (r TrialRow) stamp() string { return stampOf(r.Seed, r.Settings) }

func (r TrialRow) key() string {
	return strconv.Itoa(r.Piece) + "\x00" + r.Image + "\x00" + strconv.Itoa(r.Trials)
}

// TrialSummary is what Trials came to.
type TrialSummary struct {
	Seed     int64   `json:"seed"`
	Settings string  `json:"settings"`
	Pictures int     `json:"pictures"`
	Trials   int     `json:"trials"`
	Accepted int     `json:"accepted"`
	Decoded  int     `json:"list_decodes"`
	Upper    float64 `json:"upper"` // Clopper–Pearson's bound of the rate by trial, 95% on this side
	// UpperDecode is that by list decode: 1 without any.
	UpperDecode float64 `json:"upper_by_list_decode"`
}

// piece is how many keys are one piece of work; the last may be smaller.
const piece = 5000

// Trials reads real pictures under random keys, none of which marked them, and
// counts the payloads that are accepted all the same. Each key has one geometry
// to read in, the picture's own, where a decoder looks at many; and unless
// Always is set a list decode is spent only where the pilots speak for one, as a
// decoder does: on about one key in seven, on some pictures one in thirty. What
// the check bits keep out is therefore bounded by list decode, too. Goes on where
// it stopped.
func Trials(ctx context.Context, o TrialOptions) (TrialSummary, error) {
	if o.Jobs < 1 {
		o.Jobs = runtime.NumCPU()
	}
	files, err := listCorpora(o.Corpora)
	if err != nil {
		return TrialSummary{}, err
	}
	if len(files) == 0 {
		return TrialSummary{}, errors.New("no pictures to read: trials need a corpus")
	}
	which, err := identity(files)
	if err != nil {
		return TrialSummary{}, err
	}
	o.Settings = and(o.Settings, which)
	if o.Always {
		o.Settings = and(o.Settings, "a list decode for every key")
	}
	book, err := openBook[TrialRow](o.Out, "trials.jsonl", stampOf(o.Seed, o.Settings))
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

// pieces are those of one picture.
type pieces struct {
	path string
	rows []TrialRow
}

// deal gives each picture its pieces.
func (o *TrialOptions) deal(files []corpusFile) []pieces {
	work := make([]pieces, min(len(files), (o.Trials+piece-1)/piece))
	for i := 0; i*piece < o.Trials; i++ {
		f, w := files[i%len(files)], &work[i%len(files)]
		w.path = f.path
		w.rows = append(w.rows, TrialRow{Piece: i, Seed: o.Seed, Settings: o.Settings, Image: f.name, Trials: min(piece, o.Trials-i*piece)})
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

func (t *trialing) picture(ctx context.Context, w pieces) error {
	var luma *dsp.Plane
	for _, r := range w.rows {
		if !t.book.has(r.key()) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if luma == nil {
				m, err := load(w.path, 0)
				if err != nil {
					return err
				}
				luma = (*watermark.RGB)(m).Luma(watermark.DecodeSide)
			}
			r.Accepted, r.Decoded = t.o.Read(luma, r.Trials, uint64(t.o.Seed)<<32+uint64(r.Piece), t.o.Always)
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

func (t *trialing) sum(work []pieces) TrialSummary {
	s := TrialSummary{Seed: t.o.Seed, Settings: t.o.Settings}
	for _, w := range work {
		before := s.Trials
		for _, r := range w.rows {
			if got, ok := t.book.get(r.key()); ok {
				s.Trials, s.Accepted, s.Decoded = s.Trials+got.Trials, s.Accepted+got.Accepted, s.Decoded+got.Decoded
			}
		}
		if s.Trials > before {
			s.Pictures++
		}
	}
	s.UpperDecode = stat.Upper(s.Accepted, s.Decoded, 0.95)
	s.Upper = stat.Upper(s.Accepted, s.Trials, 0.95)
	return s
}

// DecodesEach is how many list decodes a trial took on average.
func (s TrialSummary) DecodesEach() float64 { return float64(s.Decoded) / max(1, float64(s.Trials)) }

// WriteTable prints the trials as a Markdown table.
func (s TrialSummary) WriteTable(w io.Writer) error {
	_, err := fmt.Fprintf(w, `%d random keys on %d pictures

| false accepts | rate by key below, 95%% | list decodes | for each key | rate by list decode below, 95%% |
|---|---|---|---|---|
| %d | %.2g | %d | %.3f | %.2g |
`, s.Trials, s.Pictures, s.Accepted, s.Upper, s.Decoded, s.DecodesEach(), s.UpperDecode)
	return err
}
