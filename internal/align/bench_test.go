package align

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/certana/certana/internal/dsp"
)

// blobs is a made picture of overlapping ellipses of all sizes, drawn front to
// back: the edges and the 1/f texture of a photograph.
func blobs(w, h int, seed uint64) *dsp.Plane {
	r := rand.New(rand.NewPCG(seed, 11))
	p := dsp.NewPlane(w, h)
	for i := range p.Pix {
		p.Pix[i] = 128
	}
	for k := range 1500 {
		size := 150 * math.Pow(0.03, math.Sqrt(float64(k)/1500))
		cx, cy := r.Float64()*float64(w), r.Float64()*float64(h)
		a, b := size*(0.4+r.Float64()), size*(0.4+r.Float64())
		sin, cos := math.Sincos(r.Float64() * math.Pi)
		v, slope := float32(30+200*r.Float64()), float32(r.NormFloat64()*20/size)
		reach := int(math.Max(a, b)) + 1
		for y := max(0, int(cy)-reach); y < min(h, int(cy)+reach); y++ {
			for x := max(0, int(cx)-reach); x < min(w, int(cx)+reach); x++ {
				dx, dy := float64(x)-cx, float64(y)-cy
				u, t := (dx*cos+dy*sin)/a, (dy*cos-dx*sin)/b
				if u*u+t*t < 1 {
					p.Set(x, y, min(max(v+slope*float32(dx), 0), 255))
				}
			}
		}
	}
	return p
}

func BenchmarkExtract(b *testing.B) {
	p := blobs(1024, 683, 1)
	for b.Loop() {
		Extract(p, 1200)
	}
}

func BenchmarkRegister(b *testing.B) {
	p := blobs(1024, 683, 1)
	f := Extract(p, 1200)
	g := Extract(dsp.ResizeArea(p, 700, 467), 1200)
	for b.Loop() {
		if _, ok := Register(f, g); !ok {
			b.Fatal("not registered")
		}
	}
}
