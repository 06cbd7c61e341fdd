package attack

import (
	"math"

	"github.com/certana/certana/internal/raster"
)

// round8 rounds half to even and clips to a sample.
func round8(v float64) uint8 { return uint8(min(max(math.RoundToEven(v), 0), 255)) }

// perSample maps every sample through a table.
func perSample(m *raster.RGB8, f func(v float64) float64) *raster.RGB8 {
	var table [256]uint8
	for i := range table {
		table[i] = round8(f(float64(i)))
	}
	out := raster.NewRGB8(m.W, m.H)
	for i, v := range m.Pix {
		out.Pix[i] = table[v]
	}
	return out
}

func brightness(m *raster.RGB8, s float64) *raster.RGB8 {
	return perSample(m, func(v float64) float64 { return float64(float32(v) * float32(s)) })
}

func gamma(m *raster.RGB8, g float64) *raster.RGB8 {
	return perSample(m, func(v float64) float64 { return 255 * math.Pow(v/255, g) })
}

// grey is Pillow's luma of a pixel in 16-bit fixed point.
func grey(p []uint8) uint8 {
	return uint8((uint32(p[0])*19595 + uint32(p[1])*38470 + uint32(p[2])*7471 + 0x8000) >> 16)
}

func grayscale(m *raster.RGB8) *raster.RGB8 {
	out := raster.NewRGB8(m.W, m.H)
	for i := 0; i < len(m.Pix); i += 3 {
		v := grey(m.Pix[i : i+3])
		out.Pix[i], out.Pix[i+1], out.Pix[i+2] = v, v, v
	}
	return out
}

// enhance is Pillow's blend: away from the degenerate picture towards m by the
// factor s, which may pass 1; fractions are cut off, not rounded.
func enhance(degenerate, m *raster.RGB8, s float64) *raster.RGB8 {
	out := raster.NewRGB8(m.W, m.H)
	f := float32(s)
	for i, d := range degenerate.Pix {
		v := float32(d) + f*(float32(m.Pix[i])-float32(d))
		out.Pix[i] = uint8(min(max(v, 0), 255))
	}
	return out
}

// contrast moves samples away from the mean of luma.
func contrast(m *raster.RGB8, s float64) *raster.RGB8 {
	var sum uint64
	for i := 0; i < len(m.Pix); i += 3 {
		sum += uint64(grey(m.Pix[i : i+3]))
	}
	mean := uint8(float64(sum)/float64(m.W*m.H) + 0.5)
	flat := raster.NewRGB8(m.W, m.H)
	for i := range flat.Pix {
		flat.Pix[i] = mean
	}
	return enhance(flat, m, s)
}

// hue turns the hue of every pixel by degrees in HSV, in float32.
func hue(m *raster.RGB8, degrees float64) *raster.RGB8 {
	out := raster.NewRGB8(m.W, m.H)
	for i := 0; i < len(m.Pix); i += 3 {
		h, s, v := toHSV(float32(m.Pix[i])/255, float32(m.Pix[i+1])/255, float32(m.Pix[i+2])/255)
		h = float32(math.Mod(float64(h+float32(degrees)), 360))
		if h < 0 {
			h += 360
		}
		r, g, b := fromHSV(h, s, v)
		out.Pix[i], out.Pix[i+1], out.Pix[i+2] = round8(float64(r*255)), round8(float64(g*255)), round8(float64(b*255))
	}
	return out
}

// toHSV returns hue in degrees, saturation and value for R, G, B in [0, 1].
func toHSV(r, g, b float32) (h, s, v float32) {
	const epsilon = 1.1920929e-07 // keeps grey pixels from dividing by zero
	v = max(r, g, b)
	d := v - min(r, g, b)
	s = d / (v + epsilon)
	k := 60 / (d + epsilon)
	switch v {
	case r:
		h = (g - b) * k
	case g:
		h = (b-r)*k + 120
	default:
		h = (r-g)*k + 240
	}
	if h < 0 {
		h += 360
	}
	return h, s, v
}

func fromHSV(h, s, v float32) (r, g, b float32) {
	h /= 60
	sector := float32(math.Floor(float64(h)))
	f := h - sector
	low, down, up := v*(1-s), v*(1-s*f), v*(1-s*(1-f))
	switch int(sector) % 6 {
	case 0:
		return v, up, low
	case 1:
		return down, v, low
	case 2:
		return low, v, up
	case 3:
		return low, down, v
	case 4:
		return up, low, v
	default:
		return v, low, down
	}
}

// addNoise adds normal noise of deviation sigma to samples in memory order.
func addNoise(m *raster.RGB8, sigma float64, rng *numpyRand) *raster.RGB8 {
	out := raster.NewRGB8(m.W, m.H)
	for i, v := range m.Pix {
		out.Pix[i] = round8(float64(float32(v) + float32(sigma*rng.normal())))
	}
	return out
}
