package fragile

import (
	"math"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// Reason says why a Map is silent.
type Reason string

// The reasons to abstain. None of them means that the picture was altered.
const (
	Speaks   Reason = ""          // it does not abstain
	TooSmall Reason = "too small" // under 64 pixels on a side
	Absent   Reason = "absent"    // no mark of this key and payload on this pixel grid
	Blurred  Reason = "too weak"  // processed so strongly that nothing can be told apart
)

// Map says where a picture was altered since it was marked.
type Map struct {
	W, H int
	// Mask is W×H, row by row, 1 where altered; all 0 when nothing was, nil
	// when the track abstains.
	Mask []uint8
	// Share is the altered share of the area, 0 to 1.
	Share float64
	// Abstain is Speaks when Mask is meant, else why nothing is said.
	Abstain Reason
	// PValue bounds the chance of as much of the mark in a picture without it.
	PValue float64
	// Quality is the mean log-likelihood of the fitted mixture over uniform, in
	// nats for each coefficient: about 1.8 untouched, 0 without a mark.
	Quality float64
	// Intact is the deviation of intact coefficients from the lattice, in steps.
	Intact float64
	// Step is the lattice step that was found, in luma levels.
	Step float64
}

// Limits of speaking.
const (
	presentP   = 1e-6 // greatest p-value at which the mark counts as present
	leastSpeak = 0.0
)

// Localize maps the alterations of a luma plane (0 to 255) that claims payload
// p. The plane must lie on the pixel grid that was marked: whoever knows the
// geometry has undone scale, rotation and crop.
func (t *Track) Localize(luma *dsp.Plane, p watermark.Payload) Map {
	return t.LocalizeView(lookAtLuma(luma), p)
}

// LocalizeView does the same with knowledge of where colours clipped, which
// lowers false alarms in pictures with much pure black, white or colour.
func (t *Track) LocalizeView(v View, p watermark.Payload) Map {
	m := Map{W: v.Luma.W, H: v.Luma.H, PValue: 1}
	if min(m.W, m.H) < minSide {
		m.Abstain = TooSmall
		return m
	}
	var s [len(grids)]*sheet
	for g := range s {
		s[g] = t.sheet(v, p, g)
	}
	step := t.findStep(s, &m)
	m.Step = float64(step)
	m.PValue = presence(s, step, len(t.steps))
	switch {
	case m.PValue > presentP:
		m.Abstain = Absent
	case m.Quality < leastSpeak:
		m.Abstain = Blurred
	default:
		m.draw(s, step)
	}
	return m
}

// findStep returns the step with the most likely mixture.
func (t *Track) findStep(s [len(grids)]*sheet, m *Map) (best float32) {
	m.Quality = math.Inf(-1)
	for _, step := range t.steps {
		quality, intact := 0.0, 0.0
		for _, g := range s {
			f, _ := g.fitBlocks(step, func(int) bool { return true })
			quality += f.loglik / float64(len(s))
			intact += (f.sigma[0] + f.sigma[1]) / float64(2*len(s))
		}
		if quality > m.Quality {
			best, m.Quality, m.Intact = step, quality, intact
		}
	}
	return best
}

func (m *Map) draw(s [len(grids)]*sheet, step float32) {
	var l [len(grids)][]float32
	for g := range s {
		l[g] = s[g].weigh(step)
	}
	b := bias(l)
	f := [len(grids)]*spins{newSpins(s[0], l[0], b), newSpins(s[1], l[1], b)}
	relax(f[0], f[1])
	c := newCells(m.W, m.H, f, l)
	if !c.prune() {
		m.Mask = make([]uint8, m.W*m.H)
		return
	}
	m.Mask = c.mask(m.W, m.H)
	n := 0
	for _, v := range m.Mask {
		n += int(v)
	}
	m.Share = float64(n) / float64(len(m.Mask))
}
