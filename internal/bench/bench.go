// Package bench times what certana does to a picture, each part and the whole,
// as a ratio to the least that any server does to a JPEG: decode it and encode it
// again with libjpeg-turbo, the same picture in the same run. The ratio says more
// about the program, the milliseconds more about the machine.
package bench

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/watermark"
)

// Deployment is a running certana, asked without HTTP in between.
type Deployment interface {
	// Certify uploads a picture, waits until it is certified and returns the
	// watermarked rendition.
	Certify(ctx context.Context, jpeg []byte) (marked []byte, err error)
	// Settle waits until nothing is left to do in the background.
	Settle(ctx context.Context) error
	// Verify returns the verdict on a picture.
	Verify(ctx context.Context, jpeg []byte) (verdict string, err error)
}

// Size is a picture to measure on.
type Size struct {
	Name string `json:"name"`
	W    int    `json:"width"`
	H    int    `json:"height"`
}

// Sizes are 0.4, 2 and 12 megapixels.
var Sizes = []Size{{"0.4 MP", 768, 512}, {"2 MP", 1632, 1224}, {"12 MP", 4000, 3000}}

// Timing is the median of several runs of one part on one picture.
type Timing struct {
	Part    string  `json:"part"`
	MS      float64 `json:"ms"`
	Ratio   float64 `json:"ratio"`             // to the transcode of the same picture, run by run; their median
	Verdict string  `json:"verdict,omitempty"` // of a verification
}

// Result holds the timings of one size, the transcode first.
type Result struct {
	Size
	Timings []Timing `json:"timings"`
}

// Options of a run.
type Options struct {
	Sizes      []Size
	Runs       int // of each part; the median counts
	Track      watermark.Track
	Deployment Deployment
	Progress   func(done, total int) // may be nil
}

// Run measures every part on every size. Nothing else should run on the machine
// meanwhile.
func Run(ctx context.Context, o Options) ([]Result, error) {
	var out []Result
	for i, size := range o.Sizes {
		m := &measurement{Options: o, ctx: ctx, result: Result{Size: size}}
		if err := m.all(uint64(i + 1)); err != nil {
			return nil, fmt.Errorf("%s: %w", size.Name, err)
		}
		out = append(out, m.result)
		if o.Progress != nil {
			o.Progress(i+1, len(o.Sizes))
		}
	}
	return out, nil
}

// measurement is one size under way.
type measurement struct {
	Options
	ctx    context.Context
	result Result
	jpeg   []byte // the picture whose transcode is the yardstick
}

// time runs one part and keeps the median of its times, and the median of their
// ratios to a transcode that is run right before each: a machine that speeds up
// or slows down meanwhile changes both. prepare, if not nil, is run before each
// and not timed.
func (m *measurement) time(part string, prepare, work func(run int) error) error {
	var all, ratios []float64
	for run := range m.Runs {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		if prepare != nil {
			if err := prepare(run); err != nil {
				return fmt.Errorf("%s: %w", part, err)
			}
		}
		start := time.Now()
		if _, err := raster.TranscodeJPEG(m.jpeg); err != nil {
			return fmt.Errorf("transcode: %w", err)
		}
		yardstick := time.Since(start)
		start = time.Now()
		if err := work(run); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
		took := time.Since(start)
		all = append(all, took.Seconds()*1000)
		ratios = append(ratios, took.Seconds()/yardstick.Seconds())
	}
	slices.Sort(all)
	slices.Sort(ratios)
	m.result.Timings = append(m.result.Timings, Timing{Part: part, MS: all[len(all)/2], Ratio: ratios[len(ratios)/2]})
	return nil
}

func (m *measurement) all(seed uint64) error {
	photo := raster.FromImage(synth.Photo(m.result.W, m.result.H, seed))
	// Each certification needs a picture of its own: the same bytes again are
	// refused. A quality of its own makes one.
	uploads := make([][]byte, m.Runs)
	for i := range uploads {
		b, err := raster.EncodeJPEG(photo, 88+i%8)
		if err != nil {
			return err
		}
		uploads[i] = append(b, bytes.Repeat([]byte{0}, i/8)...)
	}
	m.jpeg = uploads[0]
	if err := m.parts(uploads[0]); err != nil {
		return err
	}
	return m.whole(uploads)
}

// parts times what a certification is made of.
func (m *measurement) parts(jpeg []byte) error {
	var picture *raster.Picture
	fresh := func(int) (err error) {
		picture, err = raster.Decode(jpeg, raster.Options{})
		return err
	}
	steps := []struct {
		name          string
		prepare, work func(int) error
	}{
		{"transcode", nil, func(int) error { _, err := raster.TranscodeJPEG(jpeg); return err }},
		{"decode", nil, fresh},
		{"embed A", fresh, func(int) error { _, err := m.Track.Embed(picture, 0x0123456789abcdef); return err }},
		{"encode", nil, func(int) error { _, err := raster.Encode(picture); return err }},
		{"decode A", nil, func(int) error { m.Track.Decode(picture.Luma(watermark.DecodeSide)); return nil }},
		{"PDQ", nil, func(int) error { fingerprint.PDQ(picture.Luma(512)); return nil }},
	}
	for _, s := range steps {
		if err := m.time(s.name, s.prepare, s.work); err != nil {
			return err
		}
	}
	return nil
}

// whole times certification and verification from file to answer.
func (m *measurement) whole(uploads [][]byte) error {
	var marked []byte
	settle := func(int) error { return m.Deployment.Settle(m.ctx) }
	err := m.time("certify", settle, func(run int) (err error) {
		marked, err = m.Deployment.Certify(m.ctx, uploads[run])
		return err
	})
	if err != nil {
		return err
	}
	if err := m.Deployment.Settle(m.ctx); err != nil {
		return err
	}
	copies, err := submissions(marked)
	if err != nil {
		return err
	}
	for _, c := range copies {
		verdict := ""
		err := m.time("verify, "+c.name, nil, func(int) (err error) {
			verdict, err = m.Deployment.Verify(m.ctx, c.data)
			return err
		})
		if err != nil {
			return err
		}
		m.result.Timings[len(m.result.Timings)-1].Verdict = verdict
	}
	return nil
}

type submission struct {
	name string
	data []byte
}

// submissions are the rendition itself, the same pixels in other bytes, a posted
// copy and a forgery.
func submissions(marked []byte) ([]submission, error) {
	p, err := raster.Decode(marked, raster.Options{})
	if err != nil {
		return nil, err
	}
	w, h := p.Size()
	full := p.RGB(0)
	forged := full.Image()
	synth.PasteObject(forged, 7, 0.06)
	out := []submission{{name: "clean copy, same bytes", data: marked}}
	for _, c := range []struct {
		name    string
		rgb     *raster.RGB8
		quality int
	}{
		{"clean copy, saved again", full, 92},
		{"JPEG 70 at 75%", p.RGB(max(w, h) * 3 / 4), 70},
		{"object pasted in", raster.FromImage(forged), 90},
	} {
		b, err := raster.EncodeJPEG(c.rgb, c.quality)
		if err != nil {
			return nil, err
		}
		out = append(out, submission{c.name, b})
	}
	return out, nil
}
