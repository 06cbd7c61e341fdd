// Package attack is the robustness suite: 52 ways in which a picture is altered
// on its way through the world, each a deterministic function of the pixels, a
// strength and a seed. The arithmetic follows Pillow, OpenCV and NumPy, which
// robustness studies are usually run with, to the rounding; the tests hold this
// package against them. A few further attacks outside the suite serve tamper
// tests and limits.
package attack

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/certana/certana/internal/raster"
)

// Attack is one entry of a suite.
type Attack struct {
	Name     string
	Strength float64
	Class    string // the group that tables sum it under
}

// Label is the attack's name with its strength, as tables print it.
func (a Attack) Label() string {
	if a.Strength == 0 {
		return a.Name
	}
	return a.Name + ":" + strconv.FormatFloat(a.Strength, 'g', -1, 64)
}

// Result is an attacked picture and how it came about.
type Result struct {
	RGB     *raster.RGB8
	Encoded []byte    // the file that RGB was decoded from, when the attack encodes
	Ext     string    // ".jpg", ".webp", or ".png" when Encoded is nil
	Box     *[4]int   // x, y, width, height of a crop, overlay or pasted region
	Pad     *[4]int   // pixels added left, top, right, bottom
	Matrix  []float64 // forward map of a warp, row by row: 2×3 affine or 3×3 projective
}

// ErrUnknown is returned for a name that is no attack.
var ErrUnknown = errors.New("unknown attack")

// Apply attacks a picture, which it leaves as it is. Random choices depend on
// the name, the strength, the seed and the picture's size alone.
//
// Strengths: jpeg, double_jpeg and webp take a quality of 1 to 100; resize and
// aspect a factor; crop, crop_jpeg, overlay, splice, copymove and erase a share
// of the area in (0, 1]; rotate, rot_crop_jpeg, hue and shear degrees (rotation
// is counter-clockwise on the same canvas, with black corners); noise and blur a
// standard deviation in levels and pixels; median an odd window; brightness,
// contrast, saturation and sharpen a factor with 1 for no change; gamma an
// exponent; palette a number of colours up to 256; social and fit the longest
// side in pixels; screenshot a factor; pad and perspective a share of the side;
// printscan a multiple of its usual severity; nlm and bilateral a strength in
// levels. A chain's name holds its steps, and its own strength is not looked at.
func Apply(m *raster.RGB8, name string, strength float64, seed int64) (Result, error) {
	if strings.Contains(name, "+") {
		return chained(m, name, seed)
	}
	f, ok := attacks[name]
	if !ok {
		return Result{}, fmt.Errorf("%w %q", ErrUnknown, name)
	}
	if m.W < 1 || m.H < 1 || len(m.Pix) != 3*m.W*m.H {
		return Result{}, fmt.Errorf("attack %s: a picture of %d×%d with %d samples", name, m.W, m.H, len(m.Pix))
	}
	r, err := f(m, strength, newRand(seedOf(name, strength, seed, m)))
	if err != nil {
		return Result{}, fmt.Errorf("attack %s:%g: %w", name, strength, err)
	}
	if r.Ext == "" {
		r.Ext = ".png"
	}
	return r, nil
}

// function is one attack; rng is seeded for this call alone.
type function func(m *raster.RGB8, s float64, rng *numpyRand) (Result, error)
