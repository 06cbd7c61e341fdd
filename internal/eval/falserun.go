package eval

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/watermark"
)

// falseCount is a run of FalseAccepts under way.
type falseCount struct {
	o    FalseAcceptOptions
	book *book[FalseRow]

	mu   sync.Mutex
	done int
}

// row is the head of a trial's row.
func (c *falseCount) row(s source, trial int, track string) FalseRow {
	r := FalseRow{Trial: trial, Seed: c.o.Seed, Settings: c.o.Settings, Side: c.o.Side, Track: track, Image: s.name}
	if s.path == "" {
		r.Image = fmt.Sprintf("made:%d", trial)
	}
	return r
}

func (c *falseCount) madeSeed(trial int) uint64 { return uint64(c.o.Seed)<<32 + uint64(trial) }

// source decodes every trial of one picture that the book lacks.
func (c *falseCount) source(ctx context.Context, s source) error {
	var whole *raster.RGB8
	for _, trial := range s.trials {
		var missing []watermark.Track
		for _, t := range c.o.Tracks {
			if !c.book.has(c.row(s, trial, t.ID()).key()) {
				missing = append(missing, t)
			}
		}
		c.advance(len(c.o.Tracks) - len(missing))
		if len(missing) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.path == "" {
			whole = raster.FromImage(synth.Photo(c.o.Side, c.o.Side, c.madeSeed(trial)))
		} else if whole == nil {
			var err error
			if whole, err = load(s.path, 0); err != nil {
				return err
			}
		}
		if err := c.trial(s, trial, whole, missing); err != nil {
			return err
		}
	}
	return nil
}

// trial decodes one crop.
func (c *falseCount) trial(s source, trial int, whole *raster.RGB8, tracks []watermark.Track) error {
	rng := rand.New(rand.NewPCG(uint64(c.o.Seed), 0x66707200<<32+uint64(trial)))
	w, h := min(c.o.Side, whole.W), min(c.o.Side, whole.H)
	x, y := rng.IntN(whole.W-w+1), rng.IntN(whole.H-h+1)
	m := cut(whole, x, y, w, h)
	for _, t := range tracks {
		r := c.row(s, trial, t.ID())
		r.X, r.Y = x, y
		luma := m.Luma(watermark.DecodeSide)
		start := time.Now()
		d := t.Decode(luma)
		r.DecodeMS = since(start)
		r.Detected, r.PValue = d.Detected, d.PValue
		if d.Detected {
			r.Payload = d.Payload.String()
		}
		if err := c.book.add(r); err != nil {
			return err
		}
		c.advance(1)
	}
	return nil
}

// wanted returns the rows that this run asks for, by track and trial.
func (c *falseCount) wanted(sources []source) []FalseRow {
	rows := make([]FalseRow, 0, c.o.Images*len(c.o.Tracks))
	for _, t := range c.o.Tracks {
		for _, s := range sources {
			for _, trial := range s.trials {
				if r, ok := c.book.get(c.row(s, trial, t.ID()).key()); ok {
					rows = append(rows, r)
				}
			}
		}
	}
	return rows
}

func (c *falseCount) advance(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done += n
	if c.o.Progress != nil && n > 0 {
		c.o.Progress(c.done, c.o.Images*len(c.o.Tracks))
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
