package align

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

const (
	levels     = 8
	levelRatio = 1.2
)

// level is one picture of the pyramid, in bytes.
type level struct {
	w, h     int
	pix      []uint8
	integral []uint32 // (w+1) × (h+1): sums of pix above and to the left
	size     float64  // pixels of the plane for one pixel here
}

// pyramid reduces luma by 1.2 from level to level, until it is too small for a
// feature's patch.
func pyramid(luma *dsp.Plane) []*level {
	l := &level{w: luma.W, h: luma.H, pix: make([]uint8, luma.W*luma.H), size: 1}
	for i, v := range luma.Pix {
		l.pix[i] = uint8(min(max(v, 0), 255) + 0.5)
	}
	var out []*level
	for k := range levels {
		if l.w <= 2*border || l.h <= 2*border {
			break
		}
		out = append(out, l)
		s := math.Pow(levelRatio, float64(k+1))
		l = l.reduced(int(math.Round(float64(luma.W)/s)), int(math.Round(float64(luma.H)/s)))
		l.size = s
	}
	return out
}

// reduced resamples by bilinear interpolation in 8-bit fixed point; at a ratio
// of 1.2 that reads nearly every pixel.
func (l *level) reduced(w, h int) *level {
	out := &level{w: w, h: h, pix: make([]uint8, w*h)}
	if w == 0 || h == 0 {
		return out
	}
	at := make([]int32, w)
	frac := make([]int32, w)
	for x := range w {
		at[x], frac[x] = tap(x, l.w, w)
	}
	dsp.Strips(h, func(lo, hi int) {
		for y := lo; y < hi; y++ {
			i, f := tap(y, l.h, h)
			a := l.pix[int(i)*l.w:][:l.w]
			b := l.pix[min(int(i)+1, l.h-1)*l.w:][:l.w]
			dst := out.pix[y*w:][:w]
			for x := range dst {
				j, g := at[x], frac[x]
				k := min(j+1, int32(l.w-1))
				top := int32(a[j])*(256-g) + int32(a[k])*g
				bottom := int32(b[j])*(256-g) + int32(b[k])*g
				dst[x] = uint8((top*(256-f) + bottom*f + 1<<15) >> 16)
			}
		}
	})
	return out
}

// tap is the sample before output x of n reduced to m, and the weight in 1/256
// of the one after it.
func tap(x, n, m int) (i, frac int32) {
	c := (float64(x)+0.5)*float64(n)/float64(m) - 0.5
	c = min(max(c, 0), float64(n-1))
	return int32(c), int32((c - math.Floor(c)) * 256)
}

// sumUp fills the integral picture.
func (l *level) sumUp() {
	stride := l.w + 1
	l.integral = make([]uint32, stride*(l.h+1))
	for y := range l.h {
		above := l.integral[y*stride:][:stride]
		here := l.integral[(y+1)*stride:][:stride]
		var sum uint32
		for x, v := range l.pix[y*l.w:][:l.w] {
			sum += uint32(v)
			here[x+1] = above[x+1] + sum
		}
	}
}
