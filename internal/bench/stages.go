package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/tamper"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
)

// StageSizes are those of Sizes and 24 megapixels: a cost that grows with the
// picture faster than its area shows there.
var StageSizes = append(slices.Clone(Sizes), Size{"24 MP", 6000, 4000})

// Stage is the median processor time of one step on one thread: what it takes on
// a machine with nothing else to do, near enough, whoever else is at work.
type Stage struct {
	Part  string  `json:"part"`
	MS    float64 `json:"ms"`
	PerMP float64 `json:"ms_per_mp"` // per megapixel of the picture, whatever size the step works at
}

// StageResult holds the stages of one size.
type StageResult struct {
	Size
	Stages []Stage `json:"stages"`
}

// StageOptions of a run.
type StageOptions struct {
	Sizes    []Size
	Runs     int // of each stage; the median counts
	A        watermark.Track
	Foreign  watermark.Track // A under another key
	B        *fragile.Track
	Progress func(done, total int) // may be nil
}

// Stages times the steps of marking and reading one by one, on one thread, on
// made photographs. The runs go round robin, so that a machine that slows down
// slows all stages alike.
func Stages(ctx context.Context, o StageOptions) ([]StageResult, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var out []StageResult
	for i, size := range o.Sizes {
		r, err := o.one(ctx, size, uint64(i+1))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", size.Name, err)
		}
		out = append(out, r)
		if o.Progress != nil {
			o.Progress(i+1, len(o.Sizes))
		}
	}
	return out, nil
}

// cpuTime is the processor time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // of its own process, into its own memory: it cannot fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// payload is what the benchmarks embed.
const payload watermark.Payload = 0x0123456789abcdef

func (o StageOptions) one(ctx context.Context, size Size, seed uint64) (StageResult, error) {
	w := &stageWork{StageOptions: o}
	out := StageResult{Size: size}
	if err := w.prepare(size, seed); err != nil {
		return out, err
	}
	steps := w.steps()
	times := make([][]float64, len(steps))
	for range o.Runs {
		for i, s := range steps {
			if err := ctx.Err(); err != nil {
				return out, err
			}
			if s.prepare != nil {
				s.prepare()
			}
			runtime.GC() // so that no stage clears up after another
			start := cpuTime()
			if err := s.work(); err != nil {
				return out, fmt.Errorf("%s: %w", s.name, err)
			}
			times[i] = append(times[i], (cpuTime()-start).Seconds()*1000)
		}
	}
	mp := float64(size.W) * float64(size.H) / 1e6
	for i, s := range steps {
		slices.Sort(times[i])
		ms := times[i][len(times[i])/2]
		out.add(Stage{s.name, ms, ms / mp}, s.worstOf)
	}
	return out, nil
}

// add appends a stage; of several with one name that look for the worst case,
// the slowest stays.
func (r *StageResult) add(s Stage, worstOf bool) {
	if n := len(r.Stages); worstOf && n > 0 && r.Stages[n-1].Part == s.Part {
		r.Stages[n-1] = slices.MaxFunc([]Stage{r.Stages[n-1], s}, func(a, b Stage) int {
			if a.MS < b.MS {
				return -1
			}
			return 1
		})
		return
	}
	r.Stages = append(r.Stages, s)
}

// stageWork is one picture, unmarked and marked, as the stages need it.
type stageWork struct {
	StageOptions
	file     []byte
	plain    *raster.Picture
	marked   *raster.Picture   // by both tracks
	attacked []*raster.Picture // copies that are hard to read
	fresh    *raster.Picture
	canvas   fragile.RGB
}

// prepare makes the picture. The copies that are hard to read are sheared,
// stretched, and another deployment's, whose comb looks like ours.
func (w *stageWork) prepare(size Size, seed uint64) (err error) {
	if w.file, err = raster.EncodeJPEG(raster.FromImage(synth.Photo(size.W, size.H, seed)), 90); err != nil {
		return err
	}
	if w.plain, err = raster.Decode(w.file, raster.Options{}); err != nil {
		return err
	}
	own, err := w.markedBy(w.A)
	if err != nil {
		return err
	}
	foreign, err := w.markedBy(w.Foreign)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		rgb      *raster.RGB8
		name     string
		strength float64
	}{{own, "shear", 2}, {own, "aspect", 1.1}, {foreign, "rotate", 5}} {
		r, err := attack.Apply(c.rgb, c.name, c.strength, int64(seed))
		if err != nil {
			return err
		}
		w.attacked = append(w.attacked, r.RGB.Picture(raster.PNG))
	}
	c := fragile.RGB{RGB: &watermark.RGB{W: own.W, H: own.H, Pix: own.Pix}}
	if _, err = w.B.Embed(c, payload); err == nil {
		w.marked = own.Picture(raster.PNG)
	}
	return err
}

func (w *stageWork) markedBy(t watermark.Track) (*raster.RGB8, error) {
	p := w.plain.Clone()
	_, err := t.Embed(p, payload)
	return p.RGB(0), err
}

// step is one stage; prepare, if not nil, is run before each and not timed.
type step struct {
	name    string
	prepare func()
	work    func() error
	worstOf bool
}

var errMissed = errors.New("the mark was not read as it should be")

func (w *stageWork) steps() []step {
	fresh := func() { w.fresh = w.plain.Clone() }
	pixels := func() {
		m := w.plain.RGB(0)
		w.canvas = fragile.RGB{RGB: &watermark.RGB{W: m.W, H: m.H, Pix: m.Pix}}
	}
	steps := []step{
		{name: "decode file", work: func() (err error) { _, err = raster.Decode(w.file, raster.Options{}); return err }},
		{name: "reduce luma", work: func() error { w.plain.Luma(watermark.DecodeSide); return nil }},
		{name: "embed A", prepare: fresh, work: func() error { _, err := w.A.Embed(w.fresh, payload); return err }},
		{name: "encode", work: func() error { _, err := raster.Encode(w.fresh); return err }},
		{name: "embed B", prepare: pixels, work: func() error { _, err := w.B.Embed(w.canvas, payload); return err }},
		{name: "decode A, clean", work: func() error { return w.decode(w.marked, true) }},
	}
	for _, p := range w.attacked {
		steps = append(steps, step{name: "decode A, worst", worstOf: true, work: func() error {
			w.A.Decode(p.Luma(watermark.DecodeSide))
			return nil
		}})
	}
	return append(steps,
		step{name: "decode A, unmarked", work: func() error { return w.decode(w.plain, false) }},
		step{name: "map B", prepare: w.look, work: w.localize},
		step{name: "PDQ", work: func() error { fingerprint.PDQ(w.plain.Luma(512)); return nil }},
		step{name: "align, extract", work: func() error { align.Extract(w.plain.Luma(align.WorkingSide), tamper.Features); return nil }},
	)
}

func (w *stageWork) decode(p *raster.Picture, want bool) error {
	if d := w.A.Decode(p.Luma(watermark.DecodeSide)); d.Detected != want || want && d.Payload != payload {
		return errMissed
	}
	return nil
}

func (w *stageWork) look() {
	m := w.marked.RGB(0)
	w.canvas = fragile.RGB{RGB: &watermark.RGB{W: m.W, H: m.H, Pix: m.Pix}}
}

func (w *stageWork) localize() error {
	if m := w.B.LocalizeView(fragile.Look(w.canvas), payload); m.Abstain != fragile.Speaks {
		return fmt.Errorf("the map abstains: %s", m.Abstain)
	}
	return nil
}
