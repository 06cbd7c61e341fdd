package attack

import (
	"fmt"
	"math"

	"github.com/certana/certana/internal/attack/codec"
	"github.com/certana/certana/internal/raster"
)

// attacks is every attack by its name.
var attacks = map[string]function{
	"none": plain(func(m *raster.RGB8, _ float64) *raster.RGB8 { return clone(m) }),
	"jpeg": func(m *raster.RGB8, q float64, _ *numpyRand) (Result, error) { return throughJPEG(m, q) },
	"webp": throughWebP,
	"double_jpeg": func(m *raster.RGB8, q float64, _ *numpyRand) (Result, error) {
		r, err := throughJPEG(m, 90)
		if err != nil {
			return r, err
		}
		return throughJPEG(r.RGB, q)
	},
	"resize": func(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) { return scaled(m, s, s) },
	"aspect": func(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) { return scaled(m, s, 1) },
	"crop":   cropped,
	"rotate": rotated,
	"hflip":  plain(func(m *raster.RGB8, _ float64) *raster.RGB8 { return flip(m) }),
	"noise": func(m *raster.RGB8, s float64, rng *numpyRand) (Result, error) {
		return Result{RGB: addNoise(m, s, rng)}, between(s, 0, 255)
	},
	"blur": func(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) {
		if err := between(s, 0.01, 100); err != nil {
			return Result{}, err
		}
		return Result{RGB: blur(m, s)}, nil
	},
	"median": func(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) {
		if s != 3 && s != 5 && s != 7 {
			return Result{}, fmt.Errorf("the window must be 3, 5 or 7, not %g", s)
		}
		return Result{RGB: median(m, int(s))}, nil
	},
	"brightness": plain(brightness),
	"contrast":   plain(contrast),
	"saturation": plain(func(m *raster.RGB8, s float64) *raster.RGB8 { return enhance(grayscale(m), m, s) }),
	"gamma":      plain(gamma),
	"hue":        plain(hue),
	"sharpen":    plain(func(m *raster.RGB8, s float64) *raster.RGB8 { return enhance(smooth(m), m, s) }),
	"overlay":    overlaid,
	"grayscale":  plain(func(m *raster.RGB8, _ float64) *raster.RGB8 { return grayscale(m) }),
	"palette": func(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) {
		if err := between(s, 1, 256); err != nil {
			return Result{}, err
		}
		return Result{RGB: reducePalette(m, int(s))}, nil
	},
	"nlm": func(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) {
		if err := between(s, 0.1, 100); err != nil {
			return Result{}, err
		}
		return Result{RGB: nonLocalMeans(m, s)}, nil
	},
	"bilateral": func(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) {
		if err := between(s, 0.1, 1000); err != nil {
			return Result{}, err
		}
		return Result{RGB: bilateral(m, s)}, nil
	},
	"fit":           fitted,
	"social":        social,
	"screenshot":    screenshot,
	"pad":           padded,
	"crop_jpeg":     croppedJPEG,
	"rot_crop_jpeg": rotatedCroppedJPEG,
	"printscan":     printScan,
	"perspective":   perspective,
	"shear":         sheared,
	"splice":        splice,
	"copymove":      copyMove,
	"erase":         erase,
}

// plain wraps an attack of pixels and a strength alone.
func plain(f func(*raster.RGB8, float64) *raster.RGB8) function {
	return func(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) { return Result{RGB: f(m, s)}, nil }
}

func between(s, lo, hi float64) error {
	if !(s >= lo && s <= hi) {
		return fmt.Errorf("strength %g is outside %g to %g", s, lo, hi)
	}
	return nil
}

// share checks a share of the area.
func share(s float64) error { return between(s, 1e-6, 1) }

// pixels rounds a length to whole pixels, half to even.
func pixels(v float64) int { return int(math.RoundToEven(v)) }

func throughJPEG(m *raster.RGB8, q float64) (Result, error) {
	if err := between(q, 1, 100); err != nil {
		return Result{}, err
	}
	file, err := codec.EncodeJPEG(m.Pix, m.W, m.H, int(q))
	if err != nil {
		return Result{}, err
	}
	pix, w, h, err := codec.DecodeJPEG(file)
	return Result{RGB: &raster.RGB8{W: w, H: h, Pix: pix}, Encoded: file, Ext: ".jpg"}, err
}

func throughWebP(m *raster.RGB8, q float64, _ *numpyRand) (Result, error) {
	if err := between(q, 0, 100); err != nil {
		return Result{}, err
	}
	file, err := codec.EncodeWebP(m.Pix, m.W, m.H, q)
	if err != nil {
		return Result{}, err
	}
	pix, w, h, err := codec.DecodeWebP(file)
	return Result{RGB: &raster.RGB8{W: w, H: h, Pix: pix}, Encoded: file, Ext: ".webp"}, err
}

func scaled(m *raster.RGB8, sx, sy float64) (Result, error) {
	w, h := pixels(float64(m.W)*sx), pixels(float64(m.H)*sy)
	if err := between(max(sx, sy), 1e-4, 64); err != nil {
		return Result{}, err
	}
	return Result{RGB: resize(m, w, h)}, nil
}

func flip(m *raster.RGB8) *raster.RGB8 {
	out := raster.NewRGB8(m.W, m.H)
	for y := range m.H {
		src, dst := row(m, y), row(out, y)
		for x := range m.W {
			copy(dst[3*x:3*x+3], src[3*(m.W-1-x):])
		}
	}
	return out
}

func rotated(m *raster.RGB8, s float64, _ *numpyRand) (Result, error) {
	if math.Mod(s, 90) != 0 {
		out, matrix := rotate(m, s)
		return Result{RGB: out, Matrix: matrix}, nil
	}
	turns := (int(s/90)%4 + 4) % 4
	out := clone(m)
	for range turns {
		out = quarter(out)
	}
	return Result{RGB: out}, nil
}

// quarter turns by 90 degrees counter-clockwise.
func quarter(m *raster.RGB8) *raster.RGB8 {
	out := raster.NewRGB8(m.H, m.W)
	for y := range out.H {
		for x := range out.W {
			copy(row(out, y)[3*x:3*x+3], row(m, x)[3*(m.W-1-y):])
		}
	}
	return out
}
