package fragile

import (
	"math"

	"github.com/certana/certana/internal/watermark"
)

// pitch is the lattice step of each coefficient of each grid as received, in
// luma levels. Brightness and contrast scale all four alike; a blur or a
// sharpening scales low frequencies less than higher ones.
type pitch [len(grids)][2]float32

func even(step float32) pitch { return pitch{{step, step}, {step, step}} }

// The search for a changed pitch: factors of the drawn steps between toneLow
// and toneHigh, toneStep apart, then toneFine around the best.
const (
	toneLow   = 0.35
	toneHigh  = 1.8
	toneStep  = 0.004
	toneFine  = 0.0005
	toneCount = 1024 // blocks of each grid that are looked at, and
	fineCount = 8192 // around the best
)

// toneTries counts the pitches of one coefficient that were tried.
var toneTries = int(math.Log(toneHigh/toneLow)/toneStep) + 2 + 2*int(toneStep/toneFine)

// tune looks for the pitch of every coefficient on its own. One whose lattice
// is not seen, at five deviations, keeps the pitch in was.
func (t *Track) tune(s [len(grids)]*sheet, was pitch) pitch {
	for g := range s {
		for k := range s[g].coef {
			best, score := float32(0), 5.0
			try := func(f float64, blocks int) {
				step := t.steps[0] * float32(f)
				if v := s[g].closeness(k, step, blocks); v > score {
					best, score = step, v
				}
			}
			for f := toneLow; f < toneHigh; f *= 1 + toneStep {
				try(f, toneCount)
			}
			if best == 0 {
				continue
			}
			around := float64(best / t.steps[0])
			score = 0
			for d := -toneStep; d <= toneStep; d += toneFine {
				try(around*(1+d), fineCount)
			}
			was[g][k] = best
		}
	}
	return was
}

// closeness is the sum of 1/12 − r² over the residuals of coefficient k in about
// so many blocks, in standard deviations of what it is without a mark (then its mean is 0).
func (s *sheet) closeness(k int, step float32, blocks int) float64 {
	stride := max(1, len(s.clipped)/blocks)
	inverse, sum, n := 1/step, float32(0), 0
	for b := 0; b < len(s.clipped); b += stride {
		c := s.coef[k][b]
		if s.blind[b] || max(c, -c) < near*step {
			continue
		}
		r := wrap(c*inverse - s.dither[k][b])
		sum += 1.0/12 - r*r
		n++
	}
	return float64(sum) / math.Sqrt(float64(max(n, 1))/180)
}

// reading is what a sheet's residuals say as a whole at one pitch.
type reading struct {
	pitch   pitch
	quality float64 // mean log-likelihood of the fitted mixtures, in nats
	intact  float64 // mean σ of the intact coefficients, in steps
	tries   float64 // pitches among which this one was chosen
	coded   bool    // as by JPEG, whose blocks are grid A's: B strays further
}

// gained says whether contrast was raised since the mark was drawn: then what
// clips may have clipped since, and has lost the mark by that.
func (r reading) gained(t *Track) bool {
	sum := float32(0)
	for _, p := range r.pitch {
		sum += p[0] + p[1]
	}
	return sum/(2*float32(len(r.pitch))) > 1.01*t.steps[0]
}

// near is the distance from 0, in steps, under which a coefficient says little of
// its step: from about 0 it was pulled only part of its way to the nearest point,
// so that the lattice of a calm picture is seen there with pull times its step.
const near = 0.6

// find returns the likeliest pitch: one of those that Embed draws with, or a
// changed one where that is clearly better.
func (t *Track) find(s [len(grids)]*sheet) reading {
	p, quality := pitch{}, math.Inf(-1)
	for _, step := range t.steps {
		if q := likelihood(s, even(step)); q > quality {
			p, quality = even(step), q
		}
	}
	toned := t.tune(s, p)
	if likelihood(s, toned) > 1.1*quality+0.01 {
		r := read(s, toned)
		r.coded = false // tones were changed, whatever else
		r.tries = math.Pow(float64(toneTries), 2*float64(len(grids)))
		return r
	}
	r := read(s, p)
	r.tries = float64(len(t.steps))
	return r
}

// fewFar are too few coefficients of a kind to know their step from.
const fewFar = 200

// likelihood is the mean log-likelihood of the fitted mixtures over the
// coefficients that are not near 0, in nats; over all where those are few.
func likelihood(s [len(grids)]*sheet, p pitch) (mean float64) {
	for g := range s {
		var h [2]histogram
		n := [2]int{}
		for b, c := range s[g].clipped {
			for k := range h {
				v := s[g].coef[k][b]
				if !c && !s[g].blind[b] && max(v, -v) >= near*p[g][k] {
					h[k].add(s[g].residual(k, b, p[g][k]))
					n[k]++
				}
			}
		}
		if min(n[0], n[1]) < fewFar {
			return read(s, p).quality
		}
		mean += fit(&h).loglik / float64(len(s))
	}
	return mean
}

// codedRatio is how much further the coefficients of B stray than those of A when
// a picture was saved as JPEG: about twice; 1 to 1.3 times after filters. Below
// codedQuality other changes look alike.
const (
	codedRatio   = 1.5
	codedQuality = 0.5
)

// read fits the blocks where nothing clipped, if there are some: noise, for one,
// is weaker at black and white, which says nothing of the rest.
func read(s [len(grids)]*sheet, p pitch) reading {
	r := reading{pitch: p}
	var sigma [len(grids)]float64
	for g := range s {
		f := s[g].fitOpen(p[g])
		r.quality += f.loglik / float64(len(s))
		sigma[g] = (f.sigma[0] + f.sigma[1]) / 2
		r.intact += sigma[g] / float64(len(s))
	}
	r.coded = sigma[1] > codedRatio*sigma[0] && r.quality > codedQuality
	return r
}

// sheets reads both grids of a view.
func (t *Track) sheets(v View, p watermark.Payload) (s [len(grids)]*sheet) {
	for g := range s {
		s[g] = t.sheet(v, p, g)
	}
	return s
}
