package eval

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
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

// picture marks one picture and decodes it after every attack that has no row
// yet.
func (m *measurement) picture(ctx context.Context, f corpusFile) error {
	missing := m.missing(f)
	m.advance(len(m.Tracks)*len(m.Suite) - len(missing))
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
	for _, a := range m.Suite {
		if err := m.attackOnce(ctx, marked, a, f, base, missing); err != nil {
			return err
		}
	}
	return nil
}

// attackOnce attacks the marked picture and lets every track that misses a row
// decode it.
func (m *measurement) attackOnce(ctx context.Context, marked *raster.RGB8, a attack.Attack, f corpusFile, base []Row, missing map[string]bool) error {
	var luma *watermark.RGB
	for i, t := range m.Tracks {
		if !missing[rowKey(f.name, t.ID(), a)] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if luma == nil {
			r, err := attack.Apply(marked, a.Name, a.Strength, m.Seed+int64(f.index))
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			luma = (*watermark.RGB)(r.RGB)
		}
		row := base[i]
		row.Attack, row.Strength, row.Class = a.Name, a.Strength, a.Class
		decode(t, luma, &row)
		if err := m.book.add(row); err != nil {
			return err
		}
		m.advance(1)
	}
	return nil
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
		rows[i] = Row{Image: f.name, Seed: m.Seed, Track: t.ID(), Payload: p.String(), EmbedMS: since(start),
			Megapixels: float64(canvas.W*canvas.H) / 1e6}
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

// decode times one blind decode and fills in what it found.
func decode(t watermark.Track, m *watermark.RGB, row *Row) {
	luma := m.Luma(0)
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

// missing returns the keys of the rows that the book lacks for one picture.
func (m *measurement) missing(f corpusFile) map[string]bool {
	keys := map[string]bool{}
	for _, t := range m.Tracks {
		for _, a := range m.Suite {
			if key := rowKey(f.name, t.ID(), a); !m.book.has(key) {
				keys[key] = true
			}
		}
	}
	return keys
}

// wanted returns the rows that this run asks for, in corpus and table order,
// whatever else the book holds.
func (m *measurement) wanted(files []corpusFile) []Row {
	var rows []Row
	for _, f := range files {
		for _, t := range m.Tracks {
			for _, a := range m.Suite {
				if r, ok := m.book.get(rowKey(f.name, t.ID(), a)); ok {
					rows = append(rows, r)
				}
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
