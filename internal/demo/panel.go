package demo

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"github.com/certana/certana/internal/raster"
)

// panelSide is the long side of each picture of a panel, in pixels.
const panelSide = 400

// panel lays pictures (files of any format) side by side on white, reduced to
// panelSide, and returns a PNG.
func panel(files ...[]byte) ([]byte, error) {
	const gap = 8
	var all []image.Image
	width, height := -gap, 0
	for _, f := range files {
		p, err := raster.Decode(f, raster.Options{})
		if err != nil {
			return nil, err
		}
		img := p.RGB(panelSide).Image()
		all = append(all, img)
		width += img.Bounds().Dx() + gap
		height = max(height, img.Bounds().Dy())
	}
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.Draw(out, out.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	x := 0
	for _, img := range all {
		draw.Draw(out, img.Bounds().Add(image.Pt(x, 0)), img, image.Point{}, draw.Src)
		x += img.Bounds().Dx() + gap
	}
	var b bytes.Buffer
	err := png.Encode(&b, out)
	return b.Bytes(), err
}
