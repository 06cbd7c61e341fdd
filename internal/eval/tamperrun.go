package eval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/eval/forge"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
)

// tampering is a run of Tamper under way.
type tampering struct {
	TamperOptions
	book *book[TamperRow]
	all  []corpusFile

	mu      sync.Mutex
	done    int
	total   int
	skipped []string
}

// plan lists the rows of one picture, forgeries of one kind and area together.
func (m *tampering) plan(f corpusFile) []TamperRow {
	head := TamperRow{Image: f.name, Seed: m.Seed, Settings: m.Settings, Tracks: m.tracks()}
	var rows []TamperRow
	add := func(edit string, area float64, after attack.Attack) {
		r := head
		r.Edit, r.Area, r.After = edit, area, after.Label()
		if !slices.Contains(rows, r) {
			rows = append(rows, r)
		}
	}
	for _, a := range slices.Concat(m.After, m.Benign) {
		add(untouched, 0, a)
	}
	for _, k := range m.Kinds {
		for _, area := range m.Areas {
			for _, a := range m.After {
				add(string(k), area, a)
			}
		}
	}
	return rows
}

func (m *tampering) tracks() string {
	var ids []string
	for _, t := range m.Under {
		ids = append(ids, t.ID())
	}
	return strings.Join(append(ids, m.Track.ID()), "+")
}

func (m *tampering) wanted(files []corpusFile) []TamperRow {
	var rows []TamperRow
	for _, f := range files {
		for _, r := range m.plan(f) {
			if r, ok := m.book.get(r.key()); ok {
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// picture measures all rows of one picture that the book lacks.
func (m *tampering) picture(ctx context.Context, f corpusFile) error {
	plan := m.plan(f)
	missing := slices.DeleteFunc(slices.Clone(plan), func(r TamperRow) bool { return m.book.has(r.key()) })
	m.advance(len(plan) - len(missing))
	if len(missing) == 0 {
		return nil
	}
	s, err := m.mark(f)
	if errors.Is(err, watermark.ErrTooSmall) {
		m.skip(f.name)
		m.advance(len(missing))
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	for len(missing) > 0 {
		n := slices.IndexFunc(missing, func(r TamperRow) bool {
			return r.Edit != missing[0].Edit || r.Area != missing[0].Area
		})
		if n < 0 {
			n = len(missing)
		}
		if err := m.forgery(ctx, s, missing[:n]); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		missing = missing[n:]
	}
	return nil
}

// subject is one marked picture.
type subject struct {
	file    corpusFile
	marked  *raster.RGB8
	payload watermark.Payload
	head    TamperRow // quality and cost of the mark

	donors [2]*raster.RGB8 // an unmarked and a marked other picture, once needed
}

func (m *tampering) mark(f corpusFile) (*subject, error) {
	original, err := f.load(m.MaxSide, m.WindowMegapixels)
	if err != nil {
		return nil, err
	}
	s := &subject{file: f, payload: payloadFor(m.Seed, f.index, m.Track.ID())}
	canvas := (*watermark.RGB)(original).Clone()
	start := time.Now()
	if err := m.draw(canvas, s.payload); err != nil {
		return nil, err
	}
	s.head.EmbedMS = since(start)
	s.marked = (*raster.RGB8)(canvas)
	q := compare(original, s.marked)
	s.head.PSNRRGB, s.head.PSNRLuma, s.head.SSIM, s.head.DSSIM, s.head.GMSD = q.PSNRRGB, q.PSNRLuma, q.SSIM, q.DSSIM, q.GMSD
	s.head.Megapixels = float64(original.W*original.H) / 1e6
	return s, nil
}

// draw draws every track with one payload, which the registry knows of a
// picture that claims it.
func (m *tampering) draw(c *watermark.RGB, p watermark.Payload) error {
	for _, t := range m.Under {
		if _, err := t.Embed(c, p); err != nil {
			return err
		}
	}
	_, err := m.Track.Embed(fragile.RGB{RGB: c}, p)
	return err
}

// forgery alters the picture in one way and maps it after everything that may
// have happened to it since.
func (m *tampering) forgery(ctx context.Context, s *subject, rows []TamperRow) error {
	f := forge.Forgery{RGB: s.marked}
	if edit := rows[0].Edit; edit != untouched {
		donor, err := m.donor(s, forge.Kind(edit))
		if err != nil {
			return err
		}
		if f, err = forge.Apply(s.marked, donor, forge.Kind(edit), rows[0].Area, m.forgerySeed(s, rows[0].Area)); err != nil {
			return err
		}
	}
	for _, r := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		after, err := attack.Parse(r.After)
		if err != nil {
			return err
		}
		got, err := attack.Apply(f.RGB, after.Name, after.Strength, m.Seed+int64(s.file.index))
		if err != nil {
			return err
		}
		m.read(s, (*watermark.RGB)(got.RGB), f.Truth, &r)
		if err := m.book.add(r); err != nil {
			return err
		}
		m.advance(1)
	}
	return nil
}

// forgerySeed sets the place and the shape of a forgery.
func (m *tampering) forgerySeed(s *subject, area float64) uint64 {
	return uint64(m.Seed)<<40 ^ uint64(s.file.index)<<20 ^ uint64(1e4*area)
}

// donor is the next picture of the corpus: as it is, or marked with its own
// payload for a collage.
func (m *tampering) donor(s *subject, k forge.Kind) (*raster.RGB8, error) {
	which := 0
	switch k {
	case forge.Splice:
	case forge.Collage:
		which = 1
	default:
		return nil, nil
	}
	if s.donors[which] != nil {
		return s.donors[which], nil
	}
	d, payload, err := m.another(s)
	if err == nil && which == 1 {
		if err = m.draw((*watermark.RGB)(d), payload); errors.Is(err, watermark.ErrTooSmall) {
			err = nil // stays as it is
		}
	}
	s.donors[which] = d
	return d, err
}

// another is the picture after the subject, made up when there is none.
func (m *tampering) another(s *subject) (*raster.RGB8, watermark.Payload, error) {
	next := m.all[(s.file.index+max(1, m.Windows))%len(m.all)]
	payload := payloadFor(m.Seed, next.index, m.Track.ID())
	if next.path == s.file.path {
		return raster.FromImage(synth.Photo(s.marked.W, s.marked.H, uint64(payload))), ^payload, nil
	}
	d, err := next.load(m.MaxSide, m.WindowMegapixels)
	return d, payload, err
}

// read maps a received picture and compares it with the truth, nil for none.
func (m *tampering) read(s *subject, got *watermark.RGB, truth []uint8, r *TamperRow) {
	r.PSNRRGB, r.PSNRLuma, r.SSIM, r.DSSIM, r.GMSD = s.head.PSNRRGB, s.head.PSNRLuma, s.head.SSIM, s.head.DSSIM, s.head.GMSD
	r.Megapixels, r.EmbedMS = s.head.Megapixels, s.head.EmbedMS
	start := time.Now()
	d, seen := m.locate(s, got, r)
	r.MapMS = since(start)
	r.Flagged, r.Known, r.Abstain, r.PValue = d.Share, d.Known, string(d.Abstain), d.PValue
	if truth == nil {
		return
	}
	if c, ok := compareMap(d, seen, reduceTruth(truth, s.marked.W, s.marked.H)); ok {
		r.F1, r.IoU, r.AUC = &c.f1, &c.iou, &c.auc
	}
}

// locate reads a picture on its own grid when it has the size that was marked,
// and where it is placed when that says nothing. seen tells the pixels of the mark
// in view, nil being all; a picture of another size that cannot be placed shows
// nobody knows which, and has all of its alterations to miss.
func (m *tampering) locate(s *subject, got *watermark.RGB, r *TamperRow) (d fragile.Map, seen []uint8) {
	d = fragile.Map{Abstain: fragile.Absent, PValue: 1}
	if got.W == s.marked.W && got.H == s.marked.H {
		if d = m.Track.LocalizeView(fragile.Look(fragile.RGB{RGB: got}), s.payload); d.Abstain != fragile.Absent {
			return d, nil
		}
	}
	if m.Place == nil {
		return d, nil
	}
	view, ok := m.Place(got, s.payload, s.marked.W, s.marked.H)
	if !ok {
		return d, nil
	}
	r.Placed = true
	return m.Track.LocalizeView(view, s.payload), seenPixels(view)
}

func (m *tampering) skip(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.skipped = append(m.skipped, name)
	slices.Sort(m.skipped)
}

func (m *tampering) advance(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += n
	if m.Progress != nil && n > 0 {
		m.Progress(m.done, m.total)
	}
}
