package raster

import (
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// speckle returns a picture of smooth colour with noise, away from clipping.
func speckle(w, h int) *RGB8 {
	rng := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	out := NewRGB8(w, h)
	for y := range h {
		for x := range w {
			for c := range 3 {
				v := 128 + 50*math.Sin(float64(x*(c+1)+y)/37) + 10*rng.NormFloat64()
				out.Pix[3*(y*w+x)+c] = uint8(max(40, min(215, v)))
			}
		}
	}
	return out
}

// ramp is a pattern that no turn or mirror leaves alone.
func ramp(y int, dst []float32) {
	for x := range dst {
		dst[x] = 3*float32(math.Sin(float64(x)/5+0.3)) + 2*float32(math.Cos(float64(y)/9+0.1*float64(x)))
	}
}

// layouts makes one picture in every sample layout, 61 × 45 as stored.
func layouts(t testing.TB, orient int) map[string]*Picture {
	src := speckle(61, 45)
	out := map[string]*Picture{}
	add := func(name string, s samples) {
		p := src.Picture(PNG)
		p.data, p.info.Orientation = s, orient
		if orient > 4 {
			p.info.Width, p.info.Height = p.h, p.w
		}
		out[name] = p
	}
	for _, sub := range [][2]int{{1, 1}, {2, 1}, {2, 2}, {4, 1}, {1, 2}} {
		y := &ycc{hs: sub[0], vs: sub[1], y: newPlane(61, 45, 64, 48)}
		cw, ch := (61+sub[0]-1)/sub[0], (45+sub[1]-1)/sub[1]
		y.cb, y.cr = newPlane(cw, ch, 64, 48), newPlane(cw, ch, 64, 48)
		for i := range 61 * 45 {
			r, g, b := float32(src.Pix[3*i]), float32(src.Pix[3*i+1]), float32(src.Pix[3*i+2])
			c := channelGain{r, g, b}
			x, row := i%61, i/61
			y.y.pix[row*64+x] = clip8(c.luma())
			y.cb.pix[row/sub[1]*64+x/sub[0]] = clip8(128 + c.blue())
			y.cr.pix[row/sub[1]*64+x/sub[0]] = clip8(128 + c.red())
		}
		add("ycc"+strconv.Itoa(sub[0])+strconv.Itoa(sub[1]), y)
		if sub == [2]int{2, 2} {
			limited := y.clone().(*ycc)
			limited.limited = true
			add("limited", limited)
		}
	}
	grey := &ycc{hs: 1, vs: 1, grey: true, y: newPlane(61, 45, 64, 48)}
	for i := range grey.y.pix {
		grey.y.pix[i] = src.Pix[i%len(src.Pix)]
	}
	add("grey", grey)
	for _, n := range []int{1, 2, 3, 4} {
		p := &pixels[uint16]{w: 61, h: 45, n: n, model: colour(n / 3), alpha: -1, pix: make([]uint16, 61*45*n)}
		q := &pixels[uint8]{w: 61, h: 45, n: n, model: colour(n / 3), alpha: -1, pix: make([]uint8, 61*45*n)}
		for i := range p.pix {
			p.pix[i], q.pix[i] = 10000+uint16(i*7919%40000), src.Pix[i%len(src.Pix)]
		}
		if n%2 == 0 {
			p.alpha, q.alpha = n-1, n-1
			for i := n - 1; i < len(p.pix); i += n {
				p.pix[i], q.pix[i] = 65535, 255
			}
		}
		add("16bit"+strconv.Itoa(n), p)
		add("8bit"+strconv.Itoa(n), q)
	}
	ink := &pixels[uint8]{w: 61, h: 45, n: 4, model: cmyk, alpha: -1, pix: make([]uint8, 61*45*4)}
	for i := range ink.pix {
		ink.pix[i] = 30 + src.Pix[i%len(src.Pix)]/2
	}
	add("cmyk", ink)
	return out
}

// AddedMSE with stride 1 must be the error that Add makes, seen through a
// conversion to RGB without rounding; the twin goes pixel by pixel.
func TestAddedMSEIsWhatAddDoes(t *testing.T) {
	for _, orient := range []int{1, 2, 3, 4, 5, 6, 7, 8} {
		for name, p := range layouts(t, orient) {
			weight := [3]float32{.299, .587, .114}
			said := p.AddedMSE(ramp, 1.7, weight, 1)
			before := exactRGB(p)
			p.Add(ramp, 1.7, weight)
			sum := 0.0
			for i, v := range exactRGB(p) {
				sum += (v - before[i]) * (v - before[i])
			}
			done := sum / float64(len(before))
			if done == 0 || math.Abs(said-done) > 1e-3*done {
				t.Errorf("%s turned %d: AddedMSE says %.4f, Add made %.4f", name, orient, said, done)
			}
		}
	}
}

func exactRGB(p *Picture) []float64 {
	w, h := p.w, p.h
	out := make([]float64, 0, 3*w*h)
	for y := range h {
		for x := range w {
			switch d := p.data.(type) {
			case *ycc:
				lu, ch, black := d.levels()
				v := (float64(d.y.row(y)[x]) - float64(black)) / float64(lu)
				if d.grey {
					out = append(out, v, v, v)
					continue
				}
				b := (float64(d.cb.row(y / d.vs)[x/d.hs]) - 128) / float64(ch)
				r := (float64(d.cr.row(y / d.vs)[x/d.hs]) - 128) / float64(ch)
				out = append(out, v+1.402*r, v-0.344136*b-0.714136*r, v+1.772*b)
			case *pixels[uint8]:
				r, g, b := d.rgbAt(d.row(y)[x*d.n:(x+1)*d.n], 1)
				out = append(out, float64(r), float64(g), float64(b))
			case *pixels[uint16]:
				r, g, b := d.rgbAt(d.row(y)[x*d.n:(x+1)*d.n], 1./257)
				out = append(out, float64(r), float64(g), float64(b))
			}
		}
	}
	return out
}

// What is added must appear in luma, upright, with the gain of the weights.
func TestAddAppearsUpright(t *testing.T) {
	for _, orient := range []int{1, 2, 3, 4, 5, 6, 7, 8} {
		for name, p := range layouts(t, orient) {
			before := p.Luma(0)
			p.Add(ramp, 2, [3]float32{1, 1, 1})
			after := p.Luma(0)
			w, h := p.Size()
			if before.W != w || before.H != h {
				t.Fatalf("%s turned %d: luma of %d × %d, size %d × %d", name, orient, before.W, before.H, w, h)
			}
			row, worst := make([]float32, w), 0.0
			for y := range h {
				ramp(y, row)
				for x, d := range row {
					worst = max(worst, math.Abs(float64(after.At(x, y)-before.At(x, y)-2*d)))
				}
			}
			if limit := 1.6; worst > limit { // rounding, a conversion's share more
				t.Errorf("%s turned %d: luma is off by up to %.2f", name, orient, worst)
			}
		}
	}
}

// Exiftool's own samples of the eight orientations must all come out upright
// alike: the pictures of that set are one scene, stored eight ways.
func TestOrientationAgainstImageMagick(t *testing.T) {
	if _, err := exec.LookPath("convert"); err != nil {
		t.Skip("ImageMagick, the oracle, is not installed")
	}
	dir := t.TempDir()
	src := filepath.Join(dir, "src.png")
	data, err := speckle(40, 24).EncodePNG()
	if err != nil {
		t.Fatal(err)
	}
	write(t, src, data)
	for orient := 1; orient <= 8; orient++ {
		tagged, turned := filepath.Join(dir, "tagged.tif"), filepath.Join(dir, "turned.png")
		run(t, "convert", src, "-orient", []string{"", "TopLeft", "TopRight", "BottomRight", "BottomLeft", "LeftTop", "RightTop", "RightBottom", "LeftBottom"}[orient], tagged)
		run(t, "convert", tagged, "-auto-orient", turned)
		got, want := load(t, tagged), load(t, turned)
		if got.info.Orientation != orient {
			t.Fatalf("orientation %d read as %d", orient, got.info.Orientation)
		}
		a, b := got.RGB(0), want.RGB(0)
		if a.W != b.W || a.H != b.H || !slices.Equal(a.Pix, b.Pix) {
			t.Errorf("orientation %d is not upright", orient)
		}
	}
}

// The reductions against a twin that samples the area integral directly.
func TestReduce(t *testing.T) {
	for name, p := range layouts(t, 6) {
		w, h := p.Size()
		full := p.Luma(0)
		for _, long := range []int{60, 50, 31, 20, 7, 1} {
			got := p.Luma(long)
			if max(got.W, got.H) != long {
				t.Fatalf("%s: asked for %d, got %d × %d", name, long, got.W, got.H)
			}
			for y := range got.H {
				for x := range got.W {
					want := area(full.Pix, w, h, float64(x)*float64(w)/float64(got.W), float64(y)*float64(h)/float64(got.H),
						float64(w)/float64(got.W), float64(h)/float64(got.H))
					if math.Abs(float64(got.At(x, y))-want) > 0.01 {
						t.Fatalf("%s to %d: (%d, %d) is %.3f, want %.3f", name, long, x, y, got.At(x, y), want)
					}
				}
			}
			rgb := p.RGB(long)
			if rgb.W != got.W || rgb.H != got.H {
				t.Fatalf("%s: RGB of %d × %d, luma of %d × %d", name, rgb.W, rgb.H, got.W, got.H)
			}
			for i, v := range got.Pix {
				l := 0.299*float64(rgb.Pix[3*i]) + 0.587*float64(rgb.Pix[3*i+1]) + 0.114*float64(rgb.Pix[3*i+2])
				if math.Abs(l-float64(v)) > 4 && name != "limited" { // saturated colours clip
					t.Fatalf("%s to %d: RGB has luma %.2f, want %.2f", name, long, l, v)
				}
			}
		}
	}
}

func area(pix []float32, w, h int, x0, y0, dx, dy float64) float64 {
	sum, weight := 0.0, 0.0
	for y := range h {
		for x := range w {
			a := max(0, min(x0+dx, float64(x+1))-max(x0, float64(x))) * max(0, min(y0+dy, float64(y+1))-max(y0, float64(y)))
			sum += a * float64(pix[y*w+x])
			weight += a
		}
	}
	return sum / weight
}

func TestTransparentPixelsStayAsTheyAre(t *testing.T) {
	for _, premul := range []bool{false, true} {
		px := &pixels[uint8]{w: 3, h: 1, n: 4, model: rgb, alpha: 3, premul: premul,
			pix: []uint8{100, 100, 100, 0, 100, 100, 100, 128, 100, 100, 100, 255}}
		p := &Picture{w: 3, h: 1, data: px, turned: new(turnedBands), info: Info{Format: PNG, Width: 3, Height: 1, Orientation: 1}}
		p.Add(func(_ int, dst []float32) { dst[0], dst[1], dst[2] = 10, 10, 10 }, 1, [3]float32{1, 1, 1})
		half := uint8(110)
		if premul {
			half = 105
		}
		want := []uint8{100, 100, 100, 0, half, half, half, 128, 110, 110, 110, 255}
		if !slices.Equal(px.pix, want) {
			t.Errorf("premultiplied %v: %v, want %v", premul, px.pix, want)
		}
	}
}
