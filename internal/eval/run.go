package eval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
)

// measurement is a run under way.
type measurement struct {
	Options
	book *book[Row]

	mu      sync.Mutex
	done    int
	total   int
	skipped []string
}

// step is one attack and one track that decodes what it left.
type step struct {
	attack attack.Attack
	track  int
}

// plan lists what is done with every picture, attacks of all tracks together.
func (m *measurement) plan() []step {
	suite := m.Suite
	if m.Out != "" {
		suite = append([]attack.Attack{{Name: Unmarked, Class: Unmarked}}, suite...)
	}
	steps := make([]step, 0, len(suite)*len(m.Tracks))
	for _, a := range suite {
		for t := range m.Tracks {
			steps = append(steps, step{a, t})
		}
	}
	return steps
}

func (m *measurement) key(f corpusFile, s step) string {
	return rowKey(f.name, m.Tracks[s.track].ID(), m.drawn(), s.attack)
}

func (m *measurement) drawn() string {
	var ids []string
	for _, t := range m.Tracks {
		ids = append(ids, t.ID())
	}
	if m.Fragile != nil {
		ids = append(ids, m.Fragile.ID())
	}
	return strings.Join(ids, "+")
}

// picture marks one picture and decodes it after every attack that has no row
// yet.
func (m *measurement) picture(ctx context.Context, f corpusFile) error {
	plan := m.plan()
	missing := slices.DeleteFunc(slices.Clone(plan), func(s step) bool { return m.book.has(m.key(f, s)) })
	m.advance(len(plan) - len(missing))
	if len(missing) == 0 {
		return nil
	}
	original, err := f.load(m.MaxSide, m.WindowMegapixels)
	if err != nil {
		return err
	}
	marked, base, err := m.mark(original, f)
	if errors.Is(err, watermark.ErrTooSmall) {
		m.mu.Lock()
		m.skipped = append(m.skipped, f.name)
		slices.Sort(m.skipped)
		m.mu.Unlock()
		m.advance(len(missing))
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	var attacked *watermark.RGB
	for i, s := range missing {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i == 0 || s.attack != missing[i-1].attack {
			if attacked, err = m.attack(original, marked, s.attack, f); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
		row := base[s.track]
		row.Attack, row.Strength, row.Class = s.attack.Name, s.attack.Strength, s.attack.Class
		decode(m.Tracks[s.track], attacked, &row)
		if err := m.book.add(row); err != nil {
			return err
		}
		m.advance(1)
	}
	return nil
}

// attack returns what a decoder gets.
func (m *measurement) attack(original, marked *raster.RGB8, a attack.Attack, f corpusFile) (*watermark.RGB, error) {
	if a.Name == Unmarked {
		return (*watermark.RGB)(original), nil
	}
	r, err := attack.Apply(marked, a.Name, a.Strength, m.Seed+int64(f.index))
	return (*watermark.RGB)(r.RGB), err
}

// mark draws every track and returns the marked picture with the head of each
// track's rows.
func (m *measurement) mark(original *raster.RGB8, f corpusFile) (*raster.RGB8, []Row, error) {
	canvas := (*watermark.RGB)(original).Clone()
	rows := make([]Row, len(m.Tracks))
	for i, t := range m.Tracks {
		p := payloadFor(m.Seed, f.index, t.ID())
		start := time.Now()
		if _, err := t.Embed(canvas, p); err != nil {
			return nil, nil, err
		}
		rows[i] = Row{Image: f.name, Seed: m.Seed, Settings: m.Settings, Track: t.ID(), Drawn: m.drawn(), Payload: p.String(), EmbedMS: since(start),
			Megapixels: float64(canvas.W*canvas.H) / 1e6}
	}
	if m.Fragile != nil {
		p := payloadFor(m.Seed, f.index, m.Tracks[0].ID())
		if _, err := m.Fragile.Embed(fragile.RGB{RGB: canvas}, p); err != nil {
			return nil, nil, err
		}
	}
	marked := (*raster.RGB8)(canvas)
	q := compare(original, marked)
	for i := range rows {
		rows[i].PSNRRGB, rows[i].PSNRLuma = q.PSNRRGB, q.PSNRLuma
		rows[i].SSIM, rows[i].DSSIM, rows[i].GMSD = q.SSIM, q.DSSIM, q.GMSD
	}
	return marked, rows, nil
}

// payloadFor draws 64 random bits for one picture and track.
func payloadFor(seed int64, index int, track string) watermark.Payload {
	salt := uint64(0x7061796c6f6164)
	for _, c := range track {
		salt = salt*31 + uint64(c)
	}
	return watermark.Payload(rand.New(rand.NewPCG(uint64(seed), salt+uint64(index)<<32)).Uint64())
}

// decode times one blind decode, of luma reduced as everywhere, and fills in what
// it found.
func decode(t watermark.Track, m *watermark.RGB, row *Row) {
	luma := m.Luma(watermark.DecodeSide)
	start := time.Now()
	d := t.Decode(luma)
	row.DecodeMS = since(start)
	row.Detected, row.PValue = d.Detected, d.PValue
	if !d.Detected {
		return
	}
	want, err := watermark.ParsePayload(row.Payload)
	if err != nil {
		panic(err) // the row's own String
	}
	share := 1 - float64(bits.OnesCount64(uint64(d.Payload^want)))/64
	row.BitAccuracy, row.PayloadOK = &share, share == 1
}

func since(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }

// wanted returns the rows that this run asks for, in corpus, track and table
// order, whatever else the book holds.
func (m *measurement) wanted(files []corpusFile) []Row {
	var rows []Row
	plan := m.plan()
	slices.SortStableFunc(plan, func(a, b step) int { return cmp.Compare(a.track, b.track) })
	for _, f := range files {
		for _, s := range plan {
			if r, ok := m.book.get(m.key(f, s)); ok {
				rows = append(rows, r)
			}
		}
	}
	return rows
}

func (m *measurement) advance(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += n
	if m.Progress != nil && n > 0 {
		m.Progress(m.done, m.total)
	}
}

// each calls f for every item from n goroutines and returns the first error,
// after which no more items are started.
func each[T any](ctx context.Context, n int, items []T, f func(context.Context, T) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := make(chan T)
	var workers sync.WaitGroup
	for range min(n, len(items)) {
		workers.Go(func() {
			for item := range queue {
				if err := f(ctx, item); err != nil {
					stop(err)
				}
			}
		})
	}
	for _, item := range items {
		if ctx.Err() != nil {
			break
		}
		select {
		case queue <- item:
		case <-ctx.Done():
		}
	}
	close(queue)
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
