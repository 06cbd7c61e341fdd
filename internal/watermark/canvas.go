package watermark

import (
	"errors"
	"fmt"
	"math"

	"github.com/certana/certana/internal/dsp"
)

// ErrTooSmall says that a picture has too few pixels to carry a track.
var ErrTooSmall = errors.New("picture is too small to carry the watermark")

// ErrNoRoom is the ErrTooSmall of a picture that could hold a track but shows so
// much on so few pixels that nobody would read it again.
var ErrNoRoom = fmt.Errorf("%w: it could not be read again", ErrTooSmall)

// ErrTooNarrow is the ErrTooSmall of a strip of enough pixels: at the size that
// its long side is read at, its short side has too few.
var ErrTooNarrow = fmt.Errorf("%w: it is too narrow for its length", ErrTooSmall)

// RGB is a Canvas in memory: W×H pixels of interleaved 8-bit R, G, B.
type RGB struct {
	W, H int
	Pix  []uint8
}

var _ Canvas = (*RGB)(nil)

// NewRGB returns a black picture.
func NewRGB(w, h int) *RGB { return &RGB{W: w, H: h, Pix: make([]uint8, 3*w*h)} }

// Clone returns a deep copy.
func (c *RGB) Clone() *RGB {
	return &RGB{W: c.W, H: c.H, Pix: append([]uint8(nil), c.Pix...)}
}

// Size returns the width and height in pixels.
func (c *RGB) Size() (w, h int) { return c.W, c.H }

// Luma implements Canvas.
func (c *RGB) Luma(maxSide int) *dsp.Plane {
	p := dsp.NewPlane(c.W, c.H)
	for i := range p.Pix {
		q := c.Pix[3*i : 3*i+3 : 3*i+3]
		p.Pix[i] = 0.299*float32(q[0]) + 0.587*float32(q[1]) + 0.114*float32(q[2])
	}
	return dsp.Shrink(p, maxSide)
}

// Add implements Canvas, rounding to nearest.
func (c *RGB) Add(pattern Pattern, gain float32, weight [3]float32) {
	row := make([]float32, c.W)
	for y := range c.H {
		pattern(y, row)
		q := c.Pix[3*y*c.W : 3*(y+1)*c.W]
		for x, d := range row {
			d *= gain
			for k := range weight {
				q[3*x+k] = round8(float32(q[3*x+k]) + d*weight[k])
			}
		}
	}
}

// AddedMSE implements Canvas.
func (c *RGB) AddedMSE(pattern Pattern, gain float32, weight [3]float32, stride int) float64 {
	row := make([]float32, c.W)
	var sum, n float64
	for y := min(stride/2, c.H-1); y < c.H; y += stride {
		pattern(y, row)
		q := c.Pix[3*y*c.W : 3*(y+1)*c.W]
		var rowSum int
		for x, d := range row {
			d *= gain
			for k := range weight {
				e := int(round8(float32(q[3*x+k])+d*weight[k])) - int(q[3*x+k])
				rowSum += e * e
			}
		}
		sum += float64(rowSum)
		n += float64(3 * c.W)
	}
	return sum / n
}

func round8(v float32) uint8 {
	switch {
	case v <= 0:
		return 0
	case v >= 255:
		return 255
	}
	return uint8(v + 0.5)
}

// PSNR returns the peak signal-to-noise ratio in dB, over R, G and B, between
// two pictures of one size; +Inf when they are equal.
func PSNR(a, b *RGB) float64 {
	var sum float64
	for i, v := range a.Pix {
		d := float64(v) - float64(b.Pix[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a.Pix))/sum)
}
