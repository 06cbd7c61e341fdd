package attack

import (
	"image"
	"image/color"
	"math"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/certana/certana/internal/raster"
)

// overlaid covers a share s of the picture with an opaque red box twice as wide
// as high, somewhere, with white text in it.
func overlaid(m *raster.RGB8, s float64, rng *numpyRand) (Result, error) {
	if err := share(s); err != nil {
		return Result{}, err
	}
	area := s * float64(m.W) * float64(m.H)
	w := max(1, min(pixels(math.Sqrt(area*2)), m.W))
	h := min(m.H, pixels(area/float64(w)))
	x := rng.integer(m.W - w + 1)
	y := rng.integer(m.H - h + 1)
	fill := raster.NewRGB8(w, h)
	for i := 0; i < len(fill.Pix); i += 3 {
		copy(fill.Pix[i:], []uint8{200, 30, 40})
	}
	r := pasted(m, fill, x, y)
	size := float64(max(8, int(float64(h)*0.36)))
	return r, write(r.RGB, "SAMPLE", x+w/10, y+h/3, size)
}

var bold = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(gobold.TTF) })

// write draws white text whose ascender line starts at (x, y); what leaves the
// picture is cut off.
func write(m *raster.RGB8, text string, x, y int, size float64) error {
	f, err := bold()
	if err != nil {
		return err
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		return err
	}
	defer face.Close()
	ascent := face.Metrics().Ascent
	canvas := image.NewAlpha(image.Rect(x, y, m.W, min(m.H, y+2*int(size))))
	if canvas.Rect.Empty() {
		return nil
	}
	d := font.Drawer{Dst: canvas, Src: image.NewUniform(color.Opaque), Face: face}
	d.Dot = fixed.Point26_6{X: fixed.I(x), Y: fixed.I(y) + ascent}
	d.DrawString(text)
	for j := canvas.Rect.Min.Y; j < canvas.Rect.Max.Y; j++ {
		for i := canvas.Rect.Min.X; i < canvas.Rect.Max.X; i++ {
			a := int(canvas.AlphaAt(i, j).A)
			p := m.Pix[3*(j*m.W+i):]
			for c := range 3 {
				p[c] = uint8((int(p[c])*(255-a) + 255*a + 127) / 255)
			}
		}
	}
	return nil
}
