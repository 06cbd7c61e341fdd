package tamper

import (
	"math"
	"math/rand/v2"

	"github.com/certana/certana/internal/dsp"
)

// leaves is a made picture of overlapping coloured ellipses of all sizes with a
// little texture: the edges and colours of a photograph.
func leaves(w, h int, seed uint64) Picture {
	r := rand.New(rand.NewPCG(seed, 31))
	pix := make([]float64, 3*w*h)
	for i := range pix {
		pix[i] = 120
	}
	for k := range 900 {
		size := 140 * math.Pow(0.03, math.Sqrt(float64(k)/900))
		cx, cy := r.Float64()*float64(w), r.Float64()*float64(h)
		a, b := size*(0.4+r.Float64()), size*(0.4+r.Float64())
		sin, cos := math.Sincos(r.Float64() * math.Pi)
		grey := 40 + 170*r.Float64()
		var colour [3]float64
		for c := range colour {
			colour[c] = grey + r.NormFloat64()*25
		}
		slope, grain := r.NormFloat64()*15/size, 3*r.Float64()
		reach := int(max(a, b)) + 1
		for y := max(0, int(cy)-reach); y < min(h, int(cy)+reach); y++ {
			for x := max(0, int(cx)-reach); x < min(w, int(cx)+reach); x++ {
				dx, dy := float64(x)-cx, float64(y)-cy
				u, v := (dx*cos+dy*sin)/a, (dy*cos-dx*sin)/b
				if u*u+v*v < 1 {
					n := slope*dx + grain*r.NormFloat64()
					for c := range colour {
						pix[3*(y*w+x)+c] = colour[c] + n
					}
				}
			}
		}
	}
	return quantised(w, h, func(i int) float64 { return pix[i] })
}

// quantised rounds and clips 3·w·h samples.
func quantised(w, h int, at func(i int) float64) Picture {
	p := Picture{w, h, make([]uint8, 3*w*h)}
	for i := range p.Pix {
		p.Pix[i] = uint8(math.Round(min(max(at(i), 0), 255)))
	}
	return p
}

// each applies f to every channel of p; all results have the same size.
func each(p Picture, f func(*dsp.Plane) *dsp.Plane) Picture {
	var out [3]*dsp.Plane
	for c := range out {
		in := dsp.NewPlane(p.W, p.H)
		for i := range in.Pix {
			in.Pix[i] = float32(p.Pix[3*i+c])
		}
		out[c] = f(in)
	}
	return quantised(out[0].W, out[0].H, func(i int) float64 { return float64(out[i%3].Pix[i/3]) })
}

// window is w × h pixels of p from (x, y); outside of p they are of one colour.
func window(p Picture, x, y, w, h int) Picture {
	return quantised(w, h, func(i int) float64 {
		u, v := i/3%w+x, i/3/w+y
		if u < 0 || v < 0 || u >= p.W || v >= p.H {
			return 238
		}
		return float64(p.Pix[3*(v*p.W+u)+i%3])
	})
}

// turnedBy is p turned about its centre by degrees, black corners.
func turnedBy(p Picture, degrees float64) Picture {
	s, c := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(p.W-1)/2, float64(p.H-1)/2
	return each(p, func(in *dsp.Plane) *dsp.Plane {
		out := dsp.WarpMap(in, func(y int, xs, ys []float32) {
			for x := range xs {
				dx, dy := float64(x)-cx, float64(y)-cy
				xs[x], ys[x] = float32(cx+c*dx+s*dy), float32(cy-s*dx+c*dy)
			}
		}, 1, in.W, in.H)
		for y := range in.H {
			for x := range in.W {
				dx, dy := float64(x)-cx, float64(y)-cy
				if u, v := cx+c*dx+s*dy, cy-s*dx+c*dy; u < 0 || v < 0 || u > float64(in.W-1) || v > float64(in.H-1) {
					out.Set(x, y, 0)
				}
			}
		}
		return out
	})
}
