// Package fragile is track B: a semi-fragile watermark that says where a marked
// picture was altered, without the original. Two interleaved grids of 8×8 luma
// DCT blocks, A at (0, 0) and B at (4, 4), each carry two coefficients that are
// moved towards a keyed lattice (dither modulation: Chen & Wornell, "Quantization
// index modulation", IEEE Trans. Inf. Theory 2001). Compression and mild noise
// leave the coefficients near the lattice; new content falls anywhere. A
// mean-field over both grids turns the distances into a map with a resolution
// of 4 pixels. The payload keys the lattice, so the reader must know which
// payload the picture claims, and see it on the pixel grid it was marked on.
// Large pictures are marked in pixels of k × k of their own, so that they can be
// posted smaller. The format is written down in FORMAT.md.
//
// The reading order: grid.go and dither.go (what the key decides), reduce.go,
// embed.go and pass.go (drawing), sheet.go, evidence.go and wiped.go (reading), field.go
// and cells.go (from blocks to a map), localize.go (the whole), sample.go (where
// the picture lies).
package fragile

import "github.com/certana/certana/internal/watermark"

// DefaultPSNR is the least PSNR in dB when Config names none.
const DefaultPSNR = 45

// Config sets the strength of the mark. The zero value takes the defaults.
// Drawing and reading must agree on it: it decides the lattice steps.
type Config struct {
	// PSNR is the least PSNR over R, G and B in dB (default DefaultPSNR). The
	// first lattice step is 22.7·10^((45−PSNR)/20); pictures in which clipping
	// costs more get one of six finer ones.
	PSNR float64
}

// Track is track B under one key. It is immutable and safe for concurrent use.
type Track struct {
	key   watermark.Key
	psnr  float64
	steps [len(stepScales)]float32
}

// New prepares track B for a key.
func New(key watermark.Key, cfg Config) *Track {
	if cfg.PSNR == 0 {
		cfg.PSNR = DefaultPSNR
	}
	return &Track{key: key, psnr: cfg.PSNR, steps: steps(cfg.PSNR)}
}

// Strength is the least PSNR in dB that the track is drawn with.
func (t *Track) Strength() float64 { return t.psnr }

// At returns the track under the same key at another strength, to read what was
// drawn with it; 0 is the track itself.
func (t *Track) At(psnr float64) *Track {
	if psnr == 0 || psnr == t.psnr {
		return t
	}
	return New(t.key, Config{PSNR: psnr})
}

// ID returns "b".
func (t *Track) ID() string { return "b" }
