// Package watermark says what a watermark track is and what it carries; each
// track lives in a room of its own below this folder.
package watermark

import (
	"fmt"
	"strconv"

	"github.com/certana/certana/internal/dsp"
)

// Payload is the 64 bits that a track carries, as the API and the command line
// show them. Below it each track adds check bits of its own.
type Payload uint64

// String returns the payload as 16 lower-case hex digits.
func (p Payload) String() string { return fmt.Sprintf("%016x", uint64(p)) }

// ParsePayload reads exactly 16 hex digits of either case.
func ParsePayload(s string) (Payload, error) {
	if len(s) != 16 {
		return 0, fmt.Errorf("a payload is 16 hex digits, got %d characters", len(s))
	}
	v, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("a payload is 16 hex digits, got %q", s)
	}
	return Payload(v), nil
}

// Canvas is a picture that a track draws on: upright, in the sample layout of
// its codec, of which a track sees luma and adds a pattern.
type Canvas interface {
	// Size returns the upright width and height in pixels.
	Size() (w, h int)
	// Luma returns the luma (0.299 R + 0.587 G + 0.114 B, 0 to 255) reduced
	// by area averaging so that the long side is at most maxSide samples; 0
	// asks for full size. The caller owns the plane.
	Luma(maxSide int) *dsp.Plane
	// Add calls pattern for every row y in [0, h), with a scratch row of w
	// samples to fill, and adds gain*weight[c]*row[x] to channel c in {R, G, B},
	// rounding and clipping to the codec's samples. Rows may be asked for
	// concurrently and in any order.
	Add(pattern Pattern, gain float32, weight [3]float32)
	// AddedMSE tells the mean squared error over R, G and B, in 8-bit units,
	// that Add with the same arguments would make, estimated over every
	// stride-th row and with rounding and clipping counted. It changes nothing.
	AddedMSE(pattern Pattern, gain float32, weight [3]float32, stride int) float64
}

// Pattern writes row y of an additive pattern, in luma units, to dst.
type Pattern = dsp.Pattern

// Embedding says what a track did to a canvas.
type Embedding struct {
	PSNR float64 // over R, G and B, in dB, of this track alone
}

// Geometry maps the track's canonical pixels to the received picture's:
// x' = M[0]x + M[1]y + M[2], y' = M[3]x + M[4]y + M[5]. Canonical pixels are
// those of the marked picture divided by its scale g. A mirrored picture has a
// negative determinant. The translation is known modulo the track's period.
type Geometry struct {
	M      [6]float64 `json:"matrix"`
	Scale  float64    `json:"scale"`    // received pixels for one canonical pixel
	Angle  float64    `json:"angle"`    // degrees, counter-clockwise
	Mirror bool       `json:"mirrored"` // left and right exchanged
}

// DecodeSide is the long side, in pixels, to which a picture's luma is reduced
// before tracks are read from it: the canonical size of track A, and as much as
// any track looks at.
const DecodeSide = 1088

// Detection is what a blind decode of one picture found.
type Detection struct {
	Track    string    `json:"track"`              // "a", "b" or "c"
	Detected bool      `json:"detected"`           // a payload was accepted
	Payload  Payload   `json:"-"`                  // valid when Detected
	PValue   float64   `json:"p_value"`            // chance of a statistic as high with no mark there; 1 when nothing was seen
	Geometry *Geometry `json:"geometry,omitempty"` // where it was found
}

// Track embeds and finds one kind of watermark. A Track is immutable after
// construction and safe for concurrent use.
type Track interface {
	// ID is the track's letter: "a", "b" or "c".
	ID() string
	// Embed draws p on the canvas.
	Embed(c Canvas, p Payload) (Embedding, error)
	// Decode looks for any payload in a luma plane (0 to 255, any size).
	Decode(luma *dsp.Plane) Detection
}
