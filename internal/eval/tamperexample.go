package eval

import (
	"context"
	"errors"
	"slices"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/eval/forge"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
)

// TamperExample is one map to look at, all pictures reduced alike.
type TamperExample struct {
	Image, After string
	Kind         forge.Kind
	Area         float64
	F1           float64
	Abstain      string
	Received     *raster.RGB8 // as it came
	Truth        *raster.RGB8 // white where it was altered
	Map          *raster.RGB8 // white where it is said to be; grey where nothing is said
}

// TamperExamples forges n pictures of a run again, evenly spread, each in
// another way, and returns what was read of them, at most side pixels long.
func TamperExamples(ctx context.Context, o TamperOptions, n, side int) ([]TamperExample, error) {
	o.defaults()
	files, err := listCorpus(o.Corpus, 0)
	if err != nil {
		return nil, err
	}
	m := &tampering{TamperOptions: o, all: inWindows(files, o.Windows)}
	m.book, err = openBook[TamperRow]("", "", "")
	if err != nil {
		return nil, err
	}
	after := slices.DeleteFunc(slices.Clone(o.After), func(a attack.Attack) bool { return a.Name == "none" })
	after = append([]attack.Attack{{Name: "none"}}, after...)
	var out []TamperExample
	for i, f := range thin(inWindows(thin(files, o.Limit), o.Windows), n) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		area := o.Areas[len(o.Areas)/2]
		e, err := m.example(f, o.Kinds[i%len(o.Kinds)], area, after[i%len(after)], side)
		if err != nil {
			return nil, err
		}
		if e != nil {
			out = append(out, *e)
		}
	}
	return out, nil
}

// example is nil for a picture that cannot be marked.
func (m *tampering) example(f corpusFile, k forge.Kind, area float64, after attack.Attack, side int) (*TamperExample, error) {
	s, err := m.mark(f)
	if errors.Is(err, watermark.ErrTooSmall) {
		return nil, nil //nolint:nilnil // the doc comment says so
	}
	if err != nil {
		return nil, err
	}
	donor, err := m.donor(s, k)
	if err != nil {
		return nil, err
	}
	forged, err := forge.Apply(s.marked, donor, k, area, m.forgerySeed(s, area))
	if err != nil {
		return nil, err
	}
	got, err := attack.Apply(forged.RGB, after.Name, after.Strength, m.Seed+int64(f.index))
	if err != nil {
		return nil, err
	}
	var r TamperRow
	d, seen := m.locate(s, (*watermark.RGB)(got.RGB), &r)
	truth := reduceTruth(forged.Truth, s.marked.W, s.marked.H)
	e := &TamperExample{Image: f.name, After: after.Label(), Kind: k, Area: area, Abstain: string(d.Abstain)}
	score, _ := compareMap(d, seen, truth)
	e.F1 = score.f1
	e.Received = shrunk(got.RGB, side)
	if d.Mask == nil { // nothing is said
		d.W, d.H = fragile.MarkedSize(s.marked.W, s.marked.H)
		d.Mask, d.Said = make([]uint8, len(truth)), make([]uint8, len(truth))
	}
	e.Truth, e.Map = shades(truth, nil, d.W, d.H, side), shades(d.Mask, d.Said, d.W, d.H, side)
	return e, nil
}

// shades draws a map: white ones, black zeros, grey where said is 0.
func shades(mask, said []uint8, w, h, side int) *raster.RGB8 {
	p := dsp.NewPlane(w, h)
	for i, v := range mask {
		p.Pix[i] = 255 * float32(v)
		if said != nil && said[i] == 0 {
			p.Pix[i] = 128
		}
	}
	p = dsp.Shrink(p, side)
	out := raster.NewRGB8(p.W, p.H)
	for i, v := range p.Pix {
		g := uint8(min(max(v+0.5, 0), 255))
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = g, g, g
	}
	return out
}

// shrunk reduces a picture so that it is at most side pixels long.
func shrunk(m *raster.RGB8, side int) *raster.RGB8 {
	if side >= max(m.W, m.H) {
		return m
	}
	var out *raster.RGB8
	for c := range 3 {
		p := dsp.NewPlane(m.W, m.H)
		for i := range p.Pix {
			p.Pix[i] = float32(m.Pix[3*i+c])
		}
		p = dsp.Shrink(p, side)
		if out == nil {
			out = raster.NewRGB8(p.W, p.H)
		}
		for i, v := range p.Pix {
			out.Pix[3*i+c] = uint8(min(max(v+0.5, 0), 255))
		}
	}
	return out
}
