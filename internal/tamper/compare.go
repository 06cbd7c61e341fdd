package tamper

import (
	"math"

	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/dsp"
)

// Floors of the residual energies, in squared levels: smaller differences are
// no one's concern, whatever their statistics.
const (
	lumaFloor   = 4.0
	chromaFloor = 2.0
)

// compare fills a Map; without a usable transform it covers nothing.
func compare(ref, probe Picture, h align.Homography) *Map {
	pw, ph, rw, rh := sizes(ref, probe, h)
	m := &Map{W: pw, H: ph, FullW: probe.W, FullH: probe.H}
	g := align.Resized(probe.W, probe.H, pw, ph).Mul(h).Mul(align.Resized(rw, rh, ref.W, ref.H))
	var colours []uint32
	if pw == probe.W && ph == probe.H { // a reduced picture mixes its colours
		colours = probe.palette()
	}
	ev, ok := gather(ref.planes(rw, rh), probe.planes(pw, ph), g, colours)
	if !ok {
		m.Score, m.Covered = make([]uint8, pw*ph), make([]bool, pw*ph)
		return m
	}
	m.Score, m.Covered = ev.decide(), ev.covered
	m.Regions = m.boxes()
	m.Altered = len(m.Regions) > 0
	m.Agreement, m.SameScene = ev.agree()
	covered, altered := count(m.Covered), 0
	for _, s := range m.Score {
		if s >= 128 {
			altered++
		}
	}
	m.Coverage = float64(covered) / float64(pw*ph)
	m.Ratio = float64(altered) / float64(max(covered, 1))
	m.ReferencePart = shown(rw, rh, pw, ph, g)
	return m
}

// sceneShare is the share of textured places that must agree for two pictures
// to be of the same scene: of unrelated ones a few in a hundred do by chance.
const sceneShare = 0.25

// agree sums up the local NCC of textured covered places: its median, and
// whether enough of them agree (over 0.6).
func (ev *evidence) agree() (agreement float64, same bool) {
	p := ev.agreement
	half := halfSize(ev.covered, ev.coarse.W, ev.coarse.H)
	var v []float64
	good := 0
	for y := 5; y < p.H; y += 8 {
		for x := 5; x < p.W; x += 8 {
			if i := y*p.W + x; half[i] && ev.texture.Pix[i] > 16 {
				v = append(v, float64(p.Pix[i]))
				if p.Pix[i] > 0.6 {
					good++
				}
			}
		}
	}
	return median(v), len(v) >= 20 && float64(good) >= sceneShare*float64(len(v))
}

// shown is the share of a grid of reference points that fall into the probe.
func shown(rw, rh, pw, ph int, h align.Homography) float64 {
	const n = 32
	in := 0
	for j := range n {
		for i := range n {
			u, v := h.Apply((float64(i)+0.5)/n*float64(rw)-0.5, (float64(j)+0.5)/n*float64(rh)-0.5)
			if u > -0.5 && v > -0.5 && u < float64(pw)-0.5 && v < float64(ph)-0.5 {
				in++
			}
		}
	}
	return float64(in) / (n * n)
}

// evidence is what one pair of pictures says of every probe pixel: logarithms of
// residual energy over what copying explains, in units of the null's spread.
type evidence struct {
	coarse, fine, chroma *dsp.Plane // chroma at half size
	covered              []bool
	agreement            *dsp.Plane // local NCC at half size
	texture              *dsp.Plane // local variance of the reference's luma at half size
	nulls                [3]null
}

// gather brings ref into probe's geometry, tone and sharpness, and measures what
// is left. colours is the probe's palette, nil if it has none.
func gather(ref, probe ycc, h align.Homography, colours []uint32) (ev evidence, ok bool) {
	w, t := probe.y.W, probe.y.H
	ref, covered, ok := ref.warped(h, w, t)
	if !ok {
		return ev, false
	}
	ev.covered = covered
	halfY, probeHalf := dsp.Halve(ref.y), dsp.Halve(probe.y)
	ev.texture = energy(5, difference(halfY, dsp.BoxMean(halfY, 5, 5)))
	ev.agreement = localNCC(halfY, probeHalf, 5)
	half := halfSize(covered, w, t)
	tone, ok := fitTone(softly(halfY, ref), softly(probeHalf, probe), ev.agreement, clippedNear(halfY, probeHalf, ref, probe), half)
	if !ok {
		return ev, false
	}
	ref = tone.toned(ref)
	ref.y = sharpened(ref.y, probe.y, covered)
	if len(colours) > 0 && !grey(colours) {
		ref = ref.quantised(colours)
	}

	residual := dsp.BoxMean(inside(difference(probe.y, ref.y), covered), 1, 1)
	detail := energy(3, difference(ref.y, dsp.GaussianBlur(ref.y, 2)))
	coarse, fine := energy(4, residual), energy(1, residual)
	ev.nulls[0] = fitNull(coarse, detail, covered, lumaFloor)
	ev.nulls[1] = fitNull(fine, detail, covered, lumaFloor)
	ev.coarse = ev.nulls[0].scores(coarse, detail, lumaFloor)
	ev.fine = ev.nulls[1].scores(fine, detail, lumaFloor)

	colour := energy(2, dsp.GaussianBlur(inside(difference(probe.cb, ref.cb), half), 1.5),
		dsp.GaussianBlur(inside(difference(probe.cr, ref.cr), half), 1.5))
	busy := energy(2, difference(ref.cb, dsp.GaussianBlur(ref.cb, 2)), difference(ref.cr, dsp.GaussianBlur(ref.cr, 2)),
		dsp.Halve(difference(ref.y, dsp.GaussianBlur(ref.y, 3))))
	ev.nulls[2] = fitNull(colour, busy, half, chromaFloor)
	ev.chroma = ev.nulls[2].scores(colour, busy, chromaFloor)
	return ev, true
}

// sizes returns the working sizes of probe and reference: the probe's long side
// at most WorkingSide, the reference at no more than the probe's resolution.
func sizes(ref, probe Picture, h align.Homography) (pw, ph, rw, rh int) {
	pw, ph = dsp.ShrunkSize(probe.W, probe.H, WorkingSide)
	g := align.Resized(probe.W, probe.H, pw, ph).Mul(h)
	a, b, c, d := g.Jacobian(float64(ref.W-1)/2, float64(ref.H-1)/2)
	scale := math.Sqrt(math.Abs(a*d - b*c))
	rw, rh = ref.W, ref.H
	if scale < 0.9 {
		rw, rh = dsp.ShrunkSize(ref.W, ref.H, max(16, int(math.Ceil(scale*float64(max(ref.W, ref.H))))))
	}
	return pw, ph, rw, rh
}

// inside is p with 0 where it is not covered; it changes p.
func inside(p *dsp.Plane, covered []bool) *dsp.Plane {
	for i := range p.Pix {
		if !covered[i] {
			p.Pix[i] = 0
		}
	}
	return p
}

// halfSize is a mask of w × t at half size: covered where all four pixels are.
func halfSize(covered []bool, w, t int) []bool {
	hw, ht := (w+1)/2, (t+1)/2
	out := make([]bool, hw*ht)
	for y := range ht {
		for x := range hw {
			u, v := min(2*x+1, w-1), min(2*y+1, t-1)
			out[y*hw+x] = covered[2*y*w+2*x] && covered[2*y*w+u] && covered[v*w+2*x] && covered[v*w+u]
		}
	}
	return out
}
