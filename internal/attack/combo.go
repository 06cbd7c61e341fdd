package attack

import (
	"math"

	"github.com/certana/certana/internal/raster"
)

// region draws a box of the given share of the area and of the picture's
// proportions, anywhere inside.
func region(m *raster.RGB8, share float64, rng *numpyRand) (x, y, w, h int) {
	f := math.Sqrt(share)
	h, w = max(1, pixels(float64(m.H)*f)), max(1, pixels(float64(m.W)*f))
	x = rng.integer(m.W - w + 1)
	y = rng.integer(m.H - h + 1)
	return x, y, w, h
}

// cropBox is region with the vertical place drawn first.
func cropBox(m *raster.RGB8, share float64, rng *numpyRand) (x, y, w, h int) {
	f := math.Sqrt(share)
	h, w = max(1, pixels(float64(m.H)*f)), max(1, pixels(float64(m.W)*f))
	y = rng.integer(m.H - h + 1)
	x = rng.integer(m.W - w + 1)
	return x, y, w, h
}

func cropped(m *raster.RGB8, s float64, rng *numpyRand) (Result, error) {
	if err := share(s); err != nil {
		return Result{}, err
	}
	x, y, w, h := cropBox(m, s, rng)
	return Result{RGB: crop(m, x, y, w, h), Box: &[4]int{x, y, w, h}}, nil
}

func croppedJPEG(m *raster.RGB8, s float64, rng *numpyRand) (Result, error) {
	c, err := cropped(m, s, rng)
	if err != nil {
		return c, err
	}
	r, err := throughJPEG(c.RGB, 70)
	r.Box = c.Box
	return r, err
}

// rotatedCroppedJPEG rotates, keeps the middle 90% of the area and saves at 80.
func rotatedCroppedJPEG(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) {
	turned, matrix := rotate(m, s)
	f := math.Sqrt(0.9)
	h, w := pixels(float64(m.H)*f), pixels(float64(m.W)*f)
	x, y := (m.W-w)/2, (m.H-h)/2
	r, err := throughJPEG(crop(turned, x, y, w, h), 80)
	r.Matrix, r.Box = matrix, &[4]int{x, y, w, h}
	return r, err
}

// social shrinks the longest side to s pixels, never enlarging, and saves at 70.
func social(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) {
	r, err := fitted(m, s, nil)
	if err != nil {
		return r, err
	}
	return throughJPEG(r.RGB, 70)
}

// fitted shrinks the longest side to s pixels, never enlarging.
func fitted(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) {
	if err := between(s, 1, 1<<16); err != nil {
		return Result{}, err
	}
	f := min(s/float64(max(m.H, m.W)), 1)
	return Result{RGB: resize(m, pixels(float64(m.W)*f), pixels(float64(m.H)*f))}, nil
}

// screenshot scales by s, puts a light frame of 2 to 8% of the original sides
// around and brings the tones down a little.
func screenshot(m *raster.RGB8, s float64, rng *numpyRand) (Result, error) {
	r, err := scaled(m, s, s)
	if err != nil {
		return r, err
	}
	var side [4]int // top, bottom, left, right
	for i, length := range [4]int{m.H, m.H, m.W, m.W} {
		side[i] = pixels(rng.uniform(0.02, 0.08) * float64(length))
	}
	framed := frame(r.RGB, side[2], side[0], side[3], side[1], [3]uint8{238, 238, 240})
	return Result{RGB: gamma(framed, 1.1), Pad: &[4]int{side[2], side[0], side[3], side[1]}}, nil
}

func padded(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) {
	if err := between(s, 0, 4); err != nil {
		return Result{}, err
	}
	p := pixels(s * float64(min(m.H, m.W)))
	return Result{RGB: frame(m, p, p, p, p, [3]uint8{}), Pad: &[4]int{p, p, p, p}}, nil
}

func frame(m *raster.RGB8, left, top, right, bottom int, fill [3]uint8) *raster.RGB8 {
	out := raster.NewRGB8(m.W+left+right, m.H+top+bottom)
	for i := 0; i < len(out.Pix); i += 3 {
		copy(out.Pix[i:], fill[:])
	}
	paste(out, m, left, top)
	return out
}

// printScan is a print held under a scanner: slight perspective, blur, darker
// middle tones, less contrast, noise; s scales every part.
func printScan(m *raster.RGB8, s float64, rng *numpyRand) (Result, error) {
	if err := between(s, 0.02, 4); err != nil {
		return Result{}, err
	}
	matrix, err := jitter(m, 0.012*s, rng)
	if err != nil {
		return Result{}, err
	}
	out := projective(m, matrix, [3]uint8{255, 255, 255})
	out = gamma(blur(out, 0.8*s), 1+0.12*s)
	scale, lift := float32(1-0.08*s), float32(12*s)
	for i, v := range out.Pix {
		out.Pix[i] = round8(float64(float32(v)*scale+lift) + 3*s*rng.normal())
	}
	return Result{RGB: out, Matrix: matrix}, nil
}

func perspective(m *raster.RGB8, s float64, rng *numpyRand) (Result, error) {
	if err := between(s, 0, 0.2); err != nil {
		return Result{}, err
	}
	matrix, err := jitter(m, s, rng)
	if err != nil {
		return Result{}, err
	}
	return Result{RGB: projective(m, matrix, [3]uint8{}), Matrix: matrix}, nil
}

// sheared slides rows sideways by tan(s degrees), the middle row staying.
func sheared(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) {
	if err := between(math.Abs(s), 0, 60); err != nil {
		return Result{}, err
	}
	t := math.Tan(s * math.Pi / 180)
	matrix := []float64{1, float64(float32(t)), float64(float32(-t * float64(m.H) / 2)), 0, 1, 0}
	return Result{RGB: affine(m, matrix), Matrix: matrix}, nil
}

// splice puts a blurred, mirrored part of the same picture with red and blue
// exchanged over a region.
func splice(m *raster.RGB8, s float64, rng *numpyRand) (Result, error) {
	if err := share(s); err != nil {
		return Result{}, err
	}
	x, y, w, h := region(m, s, rng)
	patch := raster.NewRGB8(w, h)
	for j := range h {
		copy(row(patch, j), row(m, m.H-1-j)[3*(m.W-w):])
	}
	patch = blur(patch, 0.6)
	for i := 0; i < len(patch.Pix); i += 3 {
		patch.Pix[i], patch.Pix[i+2] = patch.Pix[i+2], patch.Pix[i]
	}
	return pasted(m, patch, x, y), nil
}

// copyMove covers a region by another of the same picture.
func copyMove(m *raster.RGB8, s float64, rng *numpyRand) (Result, error) {
	if err := share(s); err != nil {
		return Result{}, err
	}
	x, y, w, h := region(m, s, rng)
	fromX, fromY, _, _ := region(m, s, rng)
	return pasted(m, crop(m, fromX, fromY, w, h), x, y), nil
}

// erase blurs a region until its content is gone.
func erase(m *raster.RGB8, s float64, rng *numpyRand) (Result, error) {
	if err := share(s); err != nil {
		return Result{}, err
	}
	x, y, w, h := region(m, s, rng)
	return pasted(m, blur(crop(m, x, y, w, h), max(2, float64(w)/12)), x, y), nil
}

func pasted(m, patch *raster.RGB8, x, y int) Result {
	out := clone(m)
	paste(out, patch, x, y)
	return Result{RGB: out, Box: &[4]int{x, y, patch.W, patch.H}}
}
