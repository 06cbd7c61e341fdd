// Package spread is track A: a robust, blind watermark in the frequency domain.
// A keyed periodic tile of 64 canonical pixels, made of 252 harmonics, is added
// to the picture under a perceptual mask; a decoder finds its geometry from the
// harmonics themselves, so that scale, rotation, mirroring, cropping and mild
// distortion need no help from the original. The 64 payload bits and 40 keyed
// check bits go through a polar code that is list-decoded. The format is written
// down in ../FORMAT.md.
//
// The reading order: layout.go (what the key decides), tile.go, mask.go and
// embed.go (drawing), whiten.go, fold.go, orient.go and soft.go (reading at a
// known geometry), comb.go, climb.go and bend.go (finding it), decode.go (the
// whole).
package spread

import (
	"github.com/certana/certana/internal/watermark"
)

// DefaultPSNR is the target in dB when Config names none.
const DefaultPSNR = 47

// Config sets the strength of the mark. The zero value takes the defaults.
type Config struct {
	// PSNR is the target over R, G and B in dB (default DefaultPSNR) for a
	// picture of average activity. Each picture's own target moves by
	// −10·log10(ρ/3.13), at least −3 and at most +2.5 dB, where ρ is the square
	// root of the geometric mean of its local standard deviation: busy
	// pictures hide more, smooth ones less. The share of it that is flat to the
	// last pixel moves the target to +2.5 dB.
	PSNR float64
}

// Track is track A under one key. It is immutable and safe for concurrent use.
type Track struct {
	key    watermark.Key
	cfg    Config
	layout *layout
	*finder
}

var _ watermark.Track = (*Track)(nil)

// New prepares track A for a key.
func New(key watermark.Key, cfg Config) *Track {
	if cfg.PSNR == 0 {
		cfg.PSNR = DefaultPSNR
	}
	t := &Track{key: key, cfg: cfg, layout: newLayout(key)}
	t.finder = newFinder(t.layout)
	return t
}

// ID returns "a".
func (t *Track) ID() string { return "a" }
