// Package tamper says where a received picture (the probe) differs from the
// registered rendition of the same scene (the reference) by more than copying,
// compressing, resizing and toning explain.
package tamper

import (
	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/dsp"
)

// WorkingSide is the long side, in pixels, to which Compare reduces pictures.
const WorkingSide = 768

// Picture is an upright picture of interleaved 8-bit R, G, B samples (sRGB-like,
// alpha already on white), w × h, without padding.
type Picture struct {
	W, H int
	Pix  []uint8 // 3·W·H
}

// Box is one altered region, in pixels of the probe at full size.
type Box struct {
	X, Y, W, H int
	Area       int     // altered pixels inside
	Score      float64 // mean score of them, 0 to 1
}

// Map is what Compare found. Score and Covered have the probe's geometry at
// working resolution, W × H, row-major.
type Map struct {
	W, H          int
	FullW, FullH  int     // the probe's own size
	Score         []uint8 // 0 untouched to 255 altered; 128 and more is altered
	Covered       []bool  // false: outside the overlap, nothing is said
	Regions       []Box   // largest first
	Ratio         float64 // altered share of the covered pixels
	Coverage      float64 // covered share of the probe's pixels
	Agreement     float64 // NCC of luma over the covered pixels, robust to the altered ones, −1 to 1
	Altered       bool    // the operating point: at least one region stands
	SameScene     bool    // the pictures agree at all: without it the map says nothing
	ReferencePart float64 // share of the reference's pixels that the probe shows
}

// Compare holds probe against ref. h maps pixels of ref to pixels of probe, both
// at the sizes given here; refine it first (align.Refine, or use Inspect).
func Compare(ref, probe Picture, h align.Homography) *Map { return compare(ref, probe, h) }

// Result is what Inspect found.
type Result struct {
	Registration align.Registration // in pixels of the two pictures at full size
	Registered   bool               // false: no geometry was found, Map is nil
	Map          *Map
}

// Inspect registers probe to ref, refines, and compares. features are those of
// ref as stored (of its luma reduced to align.WorkingSide); nil extracts them.
func Inspect(ref Picture, features *align.Features, probe Picture) Result {
	return inspect(ref, features, probe)
}

// Luma returns 0.299 R + 0.587 G + 0.114 B reduced by area averaging to a long
// side of at most maxSide; 0 keeps the size.
func (p Picture) Luma(maxSide int) *dsp.Plane {
	w, h := dsp.ShrunkSize(p.W, p.H, maxSide)
	return p.planes(w, h).y
}

// Gray renders the map as w × h 8-bit grey samples, row-major, in the probe's
// geometry: 0 untouched, 255 altered, 0 where nothing is said.
func (m *Map) Gray(w, h int) []uint8 { return m.gray(w, h) }
