package tamper

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
	_ "image/png"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

func load(t testing.TB, path string) Picture {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return fromImage(img)
}

func fromImage(img image.Image) Picture {
	b := img.Bounds()
	flat := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(flat, flat.Rect, img, b.Min, draw.Src)
	p := Picture{W: b.Dx(), H: b.Dy(), Pix: make([]uint8, 3*b.Dx()*b.Dy())}
	for i := range p.W * p.H {
		copy(p.Pix[3*i:3*i+3], flat.Pix[4*i:])
	}
	return p
}

// recompressed is p after JPEG at quality q; 0 leaves it as it is.
func recompressed(t testing.TB, p Picture, q int) Picture {
	if q == 0 {
		return p
	}
	img := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	for i := range p.W * p.H {
		copy(img.Pix[4*i:4*i+3], p.Pix[3*i:])
		img.Pix[4*i+3] = 255
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: q}); err != nil {
		t.Fatal(err)
	}
	out, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return fromImage(out)
}

// shape is a soft mask, 0 to 1, of an ellipse or a star-like polygon that covers
// about area of the picture, feathered over a pixel.
func shape(r *rand.Rand, w, h int, area float64) []float64 {
	mask := make([]float64, w*h)
	aspect := math.Exp(r.NormFloat64() * 0.3)
	radius := math.Sqrt(area * float64(w*h) / math.Pi)
	a, b := radius*aspect, radius/aspect
	var wave [5]float64
	if r.IntN(2) == 0 { // an irregular outline
		for k := range wave {
			wave[k] = r.NormFloat64() * 0.12
		}
	}
	place := func(size float64, n int) float64 {
		return size*0.7 + r.Float64()*math.Max(0, float64(n)-1.4*size)
	}
	cx, cy := place(a, w), place(b, h)
	for y := range h {
		for x := range w {
			u, v := (float64(x)-cx)/a, (float64(y)-cy)/b
			edge, phi := 1.0, math.Atan2(v, u)
			for k, c := range wave {
				edge += c * math.Sin(float64(k+2)*phi+float64(k))
			}
			d := (edge - math.Hypot(u, v)) * math.Min(a, b)
			mask[y*w+x] = min(max(d+0.5, 0), 1)
		}
	}
	return mask
}

// blended is p with q where mask is 1.
func blended(p, q Picture, mask []float64) Picture {
	out := Picture{p.W, p.H, make([]uint8, len(p.Pix))}
	for i := range out.Pix {
		m := mask[i/3]
		out.Pix[i] = uint8(math.Round(float64(p.Pix[i])*(1-m) + float64(q.Pix[i])*m))
	}
	return out
}

// shifted is p moved by (dx, dy), wrapping around.
func shifted(p Picture, dx, dy int) Picture {
	out := Picture{p.W, p.H, make([]uint8, len(p.Pix))}
	for y := range p.H {
		for x := range p.W {
			sx, sy := (x+dx)%p.W, (y+dy)%p.H
			copy(out.Pix[3*(y*p.W+x):][:3], p.Pix[3*(sy*p.W+sx):][:3])
		}
	}
	return out
}

// smeared fills the mask with what surrounds it, as an eraser does: the mean of
// the nearest unmasked pixels in the four directions, weighted by nearness.
func smeared(p Picture, mask []float64) Picture {
	out := Picture{p.W, p.H, append([]uint8(nil), p.Pix...)}
	for y := range p.H {
		for x := range p.W {
			if mask[y*p.W+x] == 0 {
				continue
			}
			var sum [3]float64
			var total float64
			for _, d := range [4][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
				for k := 1; ; k++ {
					u, v := x+k*d[0], y+k*d[1]
					if u < 0 || v < 0 || u >= p.W || v >= p.H {
						break
					}
					if mask[v*p.W+u] == 0 {
						for c := range sum {
							sum[c] += float64(p.Pix[3*(v*p.W+u)+c]) / float64(k)
						}
						total += 1 / float64(k)
						break
					}
				}
			}
			for c := range sum {
				out.Pix[3*(y*p.W+x)+c] = uint8(sum[c]/max(total, 1e-9) + 0.5)
			}
		}
	}
	return blended(p, out, mask)
}

// f1 compares a 0..255 map with a soft mask, both at half.
func f1(got []uint8, mask []float64) float64 {
	var hit, extra, missed float64
	for i, m := range mask {
		switch g := got[i] >= 128; {
		case g && m >= 0.5:
			hit++
		case g:
			extra++
		case m >= 0.5:
			missed++
		}
	}
	if hit == 0 {
		return 0
	}
	return 2 * hit / (2*hit + extra + missed)
}
