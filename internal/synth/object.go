package synth

import (
	"image"
	"math"
	"math/rand/v2"
)

// outline is a closed star-shaped curve around its centre: the radius at angle
// t is r·(1 + Σ amp[k]·cos(k·t + phase[k])), stretched by sx and sy.
type outline struct {
	r, sx, sy  float64
	amp, phase [7]float64
	cx, cy     float64
}

func newOutline(rng *rand.Rand) outline {
	o := outline{r: 1, sx: 1, sy: 1}
	for k := 2; k < len(o.amp); k++ {
		o.amp[k] = 0.22 * rng.NormFloat64() / float64(k)
		o.amp[k] = min(max(o.amp[k], -0.16), 0.16)
		o.phase[k] = 2 * math.Pi * rng.Float64()
	}
	return o
}

func (o *outline) radius(t float64) float64 {
	f := 1.0
	for k := 2; k < len(o.amp); k++ {
		f += o.amp[k] * math.Cos(float64(k)*t+o.phase[k])
	}
	return o.r * max(f, 0.3)
}

// fit scales the outline to area pixels and turns its proportions towards those
// of a w × h picture, as far as it needs to lie inside.
func (o *outline) fit(area float64, w, h int) {
	const steps = 720
	var unit, reach float64
	for i := range steps {
		r := o.radius(2 * math.Pi * float64(i) / steps)
		unit += r * r * math.Pi / steps
		reach = max(reach, r)
	}
	o.r = math.Sqrt(area / unit)
	reach *= o.r
	if short := float64(min(w, h)); 2*reach > 0.9*short {
		squeeze := 0.9 * short / (2 * reach)
		if h < w {
			o.sx, o.sy = 1/squeeze, squeeze
		} else {
			o.sx, o.sy = squeeze, 1/squeeze
		}
	}
}

// box returns the half-open box of pixels that the outline can touch.
func (o *outline) box(bounds image.Rectangle) image.Rectangle {
	var rx, ry float64
	for i := range 720 {
		t := 2 * math.Pi * float64(i) / 720
		r := o.radius(t)
		rx, ry = max(rx, math.Abs(r*math.Cos(t)*o.sx)), max(ry, math.Abs(r*math.Sin(t)*o.sy))
	}
	return image.Rect(int(o.cx-rx)-1, int(o.cy-ry)-1, int(o.cx+rx)+3, int(o.cy+ry)+3).Intersect(bounds)
}

// cover tells how much of pixel (x, y) lies inside, 0 to 1, with an edge that
// is about one pixel soft.
func (o *outline) cover(x, y int) float64 {
	dx, dy := (float64(x)-o.cx)/o.sx, (float64(y)-o.cy)/o.sy
	d := math.Hypot(dx, dy)
	return min(max(o.radius(math.Atan2(dy, dx))-d+0.5, 0), 1)
}

// PasteObject draws over dst an irregular, shaded and textured object that was
// not there: a forgery whose truth is known. areaShare in (0, 0.5] is the share
// of the picture that it covers; its place, shape and colours follow from seed.
// It returns the box of the touched pixels and a mask of dst's bounds, 0
// outside to 255 inside, with the coverage on the one-pixel edge.
func PasteObject(dst *image.NRGBA, seed uint64, areaShare float64) (image.Rectangle, *image.Gray) {
	b := dst.Bounds()
	rng := rand.New(rand.NewPCG(seed, 0x6f626a656374))
	o := newOutline(rng)
	o.fit(areaShare*float64(b.Dx()*b.Dy()), b.Dx(), b.Dy())
	o.place(rng, b)
	skin := objectSkin(rng, o.box(b))
	mask := image.NewGray(b)
	var touched image.Rectangle
	box := o.box(b)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			a := o.cover(x, y)
			v := uint8(255*a + 0.5)
			if v == 0 {
				continue
			}
			touched = touched.Union(image.Rect(x, y, x+1, y+1))
			mask.Pix[mask.PixOffset(x, y)] = v
			blend(dst.Pix[dst.PixOffset(x, y):], skin.Pix[skin.PixOffset(x, y):], a)
		}
	}
	return touched, mask
}

// ObjectMask draws the outline of an object as PasteObject has it on a w × h
// picture, without a soft edge: w·h samples row by row, 1 inside, and the box of
// those.
func ObjectMask(w, h int, seed uint64, areaShare float64) ([]uint8, image.Rectangle) {
	b := image.Rect(0, 0, w, h)
	rng := rand.New(rand.NewPCG(seed, 0x6d61736b))
	o := newOutline(rng)
	o.fit(areaShare*float64(w*h), w, h)
	o.place(rng, b)
	mask := make([]uint8, w*h)
	var touched image.Rectangle
	box := o.box(b)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			if o.cover(x, y) >= 0.5 {
				mask[y*w+x] = 1
				touched = touched.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return mask, touched
}

// place puts the centre anywhere that keeps the whole object inside bounds, or
// in the middle when nothing does.
func (o *outline) place(rng *rand.Rand, b image.Rectangle) {
	wide := image.Rect(-1<<20, -1<<20, 1<<20, 1<<20)
	box := o.box(wide)
	draw := func(lo, hi, first, last int) float64 {
		from, to := float64(lo-first), float64(hi-last)
		u := rng.Float64()
		if to < from {
			return (from + to) / 2
		}
		return from + u*(to-from)
	}
	o.cx = draw(b.Min.X, b.Max.X, box.Min.X, box.Max.X)
	o.cy = draw(b.Min.Y, b.Max.Y, box.Min.Y, box.Max.Y)
}

// objectSkin paints the material of an object: one textured colour with a few
// large patches, shaded as a round body is.
func objectSkin(rng *rand.Rand, box image.Rectangle) *image.NRGBA {
	w, h := max(box.Dx(), 1), max(box.Dy(), 1)
	s := newScene(w, h, rng)
	s.cast(s.pal.pick(rng), 0.15)
	short := float64(min(w, h))
	s.leaves(leafLaw{rMin: short / 8, rMax: short / 3, cover: 0.3})
	lx, ly := float32(rng.Float64()*0.8-0.4), float32(rng.Float64()*0.8-0.4)
	s.shade(func(x, y int) float32 {
		u, v := 2*float32(x)/float32(w)-1-lx, 2*float32(y)/float32(h)-1-ly
		return max(1.3-0.6*(u*u+v*v), 0.2)
	})
	s.soften(1, 0.10)
	skin := s.develop()
	skin.Rect = box
	return skin
}

func blend(dst, src []uint8, a float64) {
	for c := range 3 {
		dst[c] = uint8(float64(dst[c])*(1-a) + float64(src[c])*a + 0.5)
	}
	dst[3] = 255
}
