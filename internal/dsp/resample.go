package dsp

import "math"

// ResizeLanczos returns p at w × h samples through a Lanczos-3 filter, widened
// to the reduction where it shrinks. It may overshoot the range of p.
func ResizeLanczos(p *Plane, w, h int) *Plane {
	return resample(p, w, h, 3, func(x float64) float64 {
		if x == 0 {
			return 1
		}
		s, c := math.Pi*x, math.Pi*x/3
		return math.Sin(s) * math.Sin(c) / (s * c)
	})
}

// tap is the span of source samples, and their weights, behind one output.
type tap struct {
	from   int
	weight []float32
}

// resampleTaps lists the taps of a reduction or enlargement of n samples to m;
// kernel is even, given for 0 ≤ x < support. Weights sum to 1; those that fall
// outside are left out.
func resampleTaps(n, m int, support float64, kernel func(float64) float64) []tap {
	scale := float64(n) / float64(m)
	wide := max(scale, 1)
	taps := make([]tap, m)
	for i := range taps {
		c := (float64(i)+0.5)*scale - 0.5
		lo := max(0, int(math.Ceil(c-support*wide)))
		hi := min(n-1, int(math.Floor(c+support*wide)))
		t := tap{from: lo, weight: make([]float32, hi-lo+1)}
		sum := 0.0
		for j := range t.weight {
			if d := math.Abs(float64(lo+j)-c) / wide; d < support {
				v := kernel(d)
				t.weight[j] = float32(v)
				sum += v
			}
		}
		for j := range t.weight {
			t.weight[j] /= float32(sum)
		}
		taps[i] = t
	}
	return taps
}

func resample(p *Plane, w, h int, support float64, kernel func(float64) float64) *Plane {
	mid := NewPlane(w, p.H)
	taps := resampleTaps(p.W, w, support, kernel)
	for y := range p.H {
		src, dst := p.Row(y), mid.Row(y)
		for x := range dst {
			t := &taps[x]
			var sum float32
			s := src[t.from : t.from+len(t.weight)]
			for j, k := range t.weight {
				sum += k * s[j]
			}
			dst[x] = sum
		}
	}
	out := NewPlane(w, h)
	for y, t := range resampleTaps(p.H, h, support, kernel) {
		dst := out.Row(y)
		for j, k := range t.weight {
			src := mid.Row(t.from + j)[:len(dst)]
			for x := range dst {
				dst[x] += k * src[x]
			}
		}
	}
	return out
}
