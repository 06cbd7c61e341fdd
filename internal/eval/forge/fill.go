package forge

import (
	"math"

	"github.com/certana/certana/internal/raster"
)

// fill covers the masked pixels smoothly from those around them: means of what
// is known go up a pyramid until nothing is missing and come down into the holes
// (pull-push; Gortler, Grzeszczuk, Szeliski & Cohen, "The lumigraph", 1996); a
// few rounds of diffusion then take the blocks away.
func fill(m *raster.RGB8, mask []uint8) {
	base := newLevel(m.W, m.H)
	for i, v := range mask {
		if v == 0 {
			base.weight[i] = 1
			for c := range 3 {
				base.sum[3*i+c] = float32(m.Pix[3*i+c])
			}
		}
	}
	base.complete()
	for range 24 {
		base.diffuse(mask)
	}
	for i, v := range mask {
		if v == 1 {
			for c := range 3 {
				m.Pix[3*i+c] = uint8(min(max(math.RoundToEven(float64(base.sum[3*i+c])), 0), 255))
			}
		}
	}
}

// level is a picture with holes: sum holds means where weight is 1.
type level struct {
	w, h   int
	sum    []float32 // 3 for each pixel
	weight []float32
}

func newLevel(w, h int) *level {
	return &level{w: w, h: h, sum: make([]float32, 3*w*h), weight: make([]float32, w*h)}
}

// complete fills the holes from a level of half the size.
func (l *level) complete() {
	if l.w == 1 && l.h == 1 {
		l.weight[0] = 1 // nothing known anywhere is black
		return
	}
	half := newLevel((l.w+1)/2, (l.h+1)/2)
	for y := range l.h {
		for x := range l.w {
			i, j := y*l.w+x, y/2*half.w+x/2
			half.weight[j] += l.weight[i]
			for c := range 3 {
				half.sum[3*j+c] += l.sum[3*i+c] * l.weight[i]
			}
		}
	}
	for j, k := range half.weight {
		if k > 0 {
			for c := range 3 {
				half.sum[3*j+c] /= k
			}
			half.weight[j] = 1
		}
	}
	half.complete()
	for i, k := range l.weight {
		if k == 0 {
			half.sample(i%l.w, i/l.w, l.sum[3*i:3*i+3])
			l.weight[i] = 1
		}
	}
}

// sample writes what lies under pixel (x, y) of the level of twice the size,
// interpolated between the four nearest.
func (l *level) sample(x, y int, dst []float32) {
	fx, fy := (float32(x)-0.5)/2, (float32(y)-0.5)/2
	x0, y0 := int(math.Floor(float64(fx))), int(math.Floor(float64(fy)))
	u, v := fx-float32(x0), fy-float32(y0)
	at := func(x, y int) []float32 {
		return l.sum[3*(min(max(y, 0), l.h-1)*l.w+min(max(x, 0), l.w-1)):]
	}
	a, b, c, d := at(x0, y0), at(x0+1, y0), at(x0, y0+1), at(x0+1, y0+1)
	for k := range 3 {
		dst[k] = (a[k]*(1-u)+b[k]*u)*(1-v) + (c[k]*(1-u)+d[k]*u)*v
	}
}

// diffuse moves every masked pixel to the mean of its four neighbours.
func (l *level) diffuse(mask []uint8) {
	for y := range l.h {
		for x := range l.w {
			i := y*l.w + x
			if mask[i] == 0 {
				continue
			}
			left, right := y*l.w+max(x-1, 0), y*l.w+min(x+1, l.w-1)
			up, down := max(y-1, 0)*l.w+x, min(y+1, l.h-1)*l.w+x
			for c := range 3 {
				l.sum[3*i+c] = (l.sum[3*left+c] + l.sum[3*right+c] + l.sum[3*up+c] + l.sum[3*down+c]) / 4
			}
		}
	}
}
