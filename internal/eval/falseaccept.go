package eval

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/watermark"
)

// FalseAcceptOptions say what FalseAccepts measures.
type FalseAcceptOptions struct {
	// Corpora are folders of unmarked pictures. Half of the decodes are of
	// random crops of them, the other half of made pictures; without corpora all
	// are made.
	Corpora []string
	Tracks  []watermark.Track
	Images  int // decodes of each track; 0 is 2,000
	Side    int // of the square crops, pixels; 0 is 256
	Jobs    int // at a time; 0 is one per CPU
	Seed    int64
	// Out is the folder for fpr.json, made when missing; empty writes nothing.
	Out string
	// Progress, if not nil, is told how many pictures are done of how many.
	// Calls never overlap.
	Progress func(done, total int)
}

// FalseAcceptSummary is what it came to.
type FalseAcceptSummary struct {
	Images int                `json:"images"`
	Made   int                `json:"made"`
	Side   int                `json:"side"`
	Tracks []FalseAcceptTrack `json:"tracks"`
}

// FalseAcceptTrack counts one track's accepted payloads where none was.
type FalseAcceptTrack struct {
	Track    string        `json:"track"`
	Accepted []FalseAccept `json:"accepted"`
	// Upper is the upper end of the 95% interval of the rate: 3/n when there was
	// none (the rule of three), Wilson's otherwise.
	Upper float64 `json:"upper"`
	// PBelow01 counts p-values under 0.01, which honest ones are once in a
	// hundred pictures.
	PBelow01     int         `json:"p_below_01"`
	LowestPValue FalseAccept `json:"lowest_p_value"` // the picture that looked most like a marked one
	DecodeMS     float64     `json:"decode_ms"`
}

// FalseAccept is one crop of an unmarked picture and what was seen in it.
type FalseAccept struct {
	Image   string  `json:"image"`
	X       int     `json:"x"`
	Y       int     `json:"y"`
	Payload string  `json:"payload,omitempty"` // that nobody embedded
	PValue  float64 `json:"p_value"`
}

// source is one picture and how many crops are taken of it.
type source struct {
	path  string // empty: made from seed
	seed  uint64
	crops int
}

// FalseAccepts decodes pictures that carry no mark and counts the payloads that
// are accepted all the same. Deterministic by seed but for the times.
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
	sources, made, err := o.sources()
	if err != nil {
		return FalseAcceptSummary{}, err
	}
	c := &falseCount{o: o, sum: FalseAcceptSummary{Images: o.Images, Made: made, Side: o.Side}}
	for _, t := range o.Tracks {
		c.sum.Tracks = append(c.sum.Tracks, FalseAcceptTrack{Track: t.ID(), LowestPValue: FalseAccept{PValue: 2}, Accepted: []FalseAccept{}})
	}
	if err := each(ctx, o.Jobs, sources, c.source); err != nil {
		return FalseAcceptSummary{}, err
	}
	c.conclude()
	if o.Out == "" {
		return c.sum, nil
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return c.sum, err
	}
	return c.sum, writeJSON(filepath.Join(o.Out, "fpr.json"), c.sum)
}

// sources shares the crops out evenly over the corpora's pictures and makes up
// the rest, never less than half.
func (o *FalseAcceptOptions) sources() (list []source, made int, err error) {
	var files []corpusFile
	for _, dir := range o.Corpora {
		more, err := listCorpus(dir, 0)
		if err != nil {
			return nil, 0, err
		}
		files = append(files, more...)
	}
	made = o.Images
	if len(files) > 0 {
		made = (o.Images + 1) / 2
	}
	for i, f := range files {
		real := o.Images - made
		if n := (i+1)*real/len(files) - i*real/len(files); n > 0 {
			list = append(list, source{path: f.path, seed: uint64(i), crops: n})
		}
	}
	for i := range made {
		list = append(list, source{seed: uint64(o.Seed)<<32 + uint64(i), crops: 1})
	}
	return list, made, nil
}

// falseCount gathers decodes from several goroutines.
type falseCount struct {
	o    FalseAcceptOptions
	mu   sync.Mutex
	sum  FalseAcceptSummary
	done int
}

// source decodes every crop of one picture.
func (c *falseCount) source(ctx context.Context, s source) error {
	name := fmt.Sprintf("made:%d", s.seed)
	var m *raster.RGB8
	if s.path == "" {
		m = raster.FromImage(synth.Photo(c.o.Side, c.o.Side, s.seed))
	} else {
		var err error
		if m, err = load(s.path, 0); err != nil {
			return err
		}
		name = s.path
	}
	rng := rand.New(rand.NewPCG(uint64(c.o.Seed), 0x66707200+s.seed))
	for range s.crops {
		if err := ctx.Err(); err != nil {
			return err
		}
		w, h := min(c.o.Side, m.W), min(c.o.Side, m.H)
		x, y := rng.IntN(m.W-w+1), rng.IntN(m.H-h+1)
		c.decode(cut(m, x, y, w, h), FalseAccept{Image: name, X: x, Y: y})
	}
	return nil
}

func (c *falseCount) decode(m *watermark.RGB, at FalseAccept) {
	for i, t := range c.o.Tracks {
		luma := m.Luma(0)
		start := time.Now()
		d := t.Decode(luma)
		ms := since(start)
		c.mu.Lock()
		sum := &c.sum.Tracks[i]
		sum.DecodeMS += ms
		at.PValue = d.PValue
		if d.PValue < 0.01 {
			sum.PBelow01++
		}
		if d.PValue < sum.LowestPValue.PValue {
			sum.LowestPValue = at
		}
		if d.Detected {
			at.Payload = d.Payload.String()
			sum.Accepted = append(sum.Accepted, at)
			at.Payload = ""
		}
		c.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	if c.o.Progress != nil {
		c.o.Progress(c.done, c.o.Images)
	}
}

func (c *falseCount) conclude() {
	n := c.o.Images
	for i := range c.sum.Tracks {
		t := &c.sum.Tracks[i]
		t.DecodeMS /= float64(n)
		t.Upper = min(3/float64(n), 1)
		if k := len(t.Accepted); k > 0 {
			t.Upper = NewRate("", k, n).High
		}
		slices.SortFunc(t.Accepted, func(a, b FalseAccept) int {
			return strings.Compare(fmt.Sprint(a.Image, a.Y, a.X), fmt.Sprint(b.Image, b.Y, b.X))
		})
	}
}

// cut copies w × h pixels from (x, y).
func cut(m *raster.RGB8, x, y, w, h int) *watermark.RGB {
	out := watermark.NewRGB(w, h)
	for j := range h {
		copy(out.Pix[3*j*w:3*(j+1)*w], m.Pix[3*((y+j)*m.W+x):])
	}
	return out
}
