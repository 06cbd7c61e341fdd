// Package attack is the robustness suite: 52 ways in which a picture is altered
// on its way through the world, each a deterministic function of the pixels, a
// strength and a seed. The arithmetic follows Pillow, OpenCV and NumPy, which
// robustness studies are usually run with, to the rounding; the tests hold this
// package against them. A few further attacks outside the suite serve tamper
// tests and limits.
package attack

import (
	"image"

	"github.com/certana/certana/internal/dsp"
)

// RGB is an 8-bit picture of W × H pixels, three interleaved samples each, row
// by row without padding.
type RGB struct {
	W, H int
	Pix  []uint8
}

// NewRGB returns a black picture.
func NewRGB(w, h int) *RGB { return &RGB{W: w, H: h, Pix: make([]uint8, 3*w*h)} }

// FromImage converts any picture. Transparency is laid over white.
func FromImage(m image.Image) *RGB {
	b := m.Bounds()
	out := NewRGB(b.Dx(), b.Dy())
	if n, ok := m.(*image.NRGBA); ok {
		fromNRGBA(out, n)
		return out
	}
	for y := range out.H {
		for x := range out.W {
			r, g, bl, a := m.At(b.Min.X+x, b.Min.Y+y).RGBA()
			p := out.Pix[3*(y*out.W+x):]
			for c, v := range [3]uint32{r, g, bl} { // premultiplied, 16 bits
				p[c] = uint8((v + 0xffff - a + 128) / 257)
			}
		}
	}
	return out
}

func fromNRGBA(out *RGB, m *image.NRGBA) {
	b := m.Bounds()
	for y := range out.H {
		src := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
		for x := range out.W {
			s, d := src[4*x:4*x+4], out.Pix[3*(y*out.W+x):]
			a := int(s[3])
			for c := range 3 {
				d[c] = uint8((int(s[c])*a + 255*(255-a) + 127) / 255)
			}
		}
	}
}

// Image copies the picture to the standard library's type.
func (m *RGB) Image() *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, m.W, m.H))
	for i := range m.W * m.H {
		copy(out.Pix[4*i:4*i+3], m.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}

// Luma returns 0.299 R + 0.587 G + 0.114 B at full size, 0 to 255.
func (m *RGB) Luma() *dsp.Plane {
	p := dsp.NewPlane(m.W, m.H)
	for i := range p.Pix {
		s := m.Pix[3*i : 3*i+3]
		p.Pix[i] = 0.299*float32(s[0]) + 0.587*float32(s[1]) + 0.114*float32(s[2])
	}
	return p
}

// Clone returns a deep copy.
func (m *RGB) Clone() *RGB {
	out := NewRGB(m.W, m.H)
	copy(out.Pix, m.Pix)
	return out
}

// Crop copies w × h pixels from (x, y); the box must lie inside.
func (m *RGB) Crop(x, y, w, h int) *RGB {
	out := NewRGB(w, h)
	for j := range h {
		copy(out.row(j), m.Pix[3*((y+j)*m.W+x):3*((y+j)*m.W+x+w)])
	}
	return out
}

func (m *RGB) row(y int) []uint8 { return m.Pix[3*y*m.W : 3*(y+1)*m.W] }

// paste copies src over m with its corner at (x, y); it must fit.
func (m *RGB) paste(src *RGB, x, y int) {
	for j := range src.H {
		copy(m.row(y + j)[3*x:], src.row(j))
	}
}
