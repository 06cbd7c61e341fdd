package attack

import (
	"math"

	"github.com/certana/certana/internal/raster"
)

// resize is Pillow's LANCZOS: a separable sinc window of three lobes, widened
// by the factor when shrinking, with 22-bit fixed-point weights and 8 bits
// between the horizontal and the vertical pass.
func resize(m *raster.RGB8, w, h int) *raster.RGB8 {
	w, h = max(1, w), max(1, h)
	if w == m.W && h == m.H {
		return clone(m)
	}
	if w != m.W {
		m = resizeRows(m, w)
	}
	if h != m.H {
		m = resizeColumns(m, h)
	}
	return m
}

const weightBits = 22

// tap is one output sample's weights over input samples from first on.
type tap struct {
	first  int
	weight []int32
}

func lanczosTaps(in, out int) []tap {
	scale := float64(in) / float64(out)
	stretch := max(scale, 1)
	support := 3 * stretch
	taps := make([]tap, out)
	for i := range taps {
		centre := (float64(i) + 0.5) * scale
		lo := max(int(centre-support+0.5), 0)
		hi := min(int(centre+support+0.5), in)
		k := make([]float64, hi-lo)
		var sum float64
		for j := range k {
			k[j] = lanczos3((float64(j+lo) - centre + 0.5) / stretch)
			sum += k[j]
		}
		taps[i] = tap{lo, make([]int32, len(k))}
		for j, v := range k {
			taps[i].weight[j] = int32(math.Round(v / sum * (1 << weightBits)))
		}
	}
	return taps
}

func lanczos3(x float64) float64 {
	if x < -3 || x >= 3 {
		return 0
	}
	return sinc(x) * sinc(x/3)
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

func resizeRows(m *raster.RGB8, w int) *raster.RGB8 {
	out := raster.NewRGB8(w, m.H)
	taps := lanczosTaps(m.W, w)
	for y := range m.H {
		src, dst := row(m, y), row(out, y)
		for x, t := range taps {
			r, g, b := int32(1<<(weightBits-1)), int32(1<<(weightBits-1)), int32(1<<(weightBits-1))
			s := src[3*t.first : 3*(t.first+len(t.weight))]
			for j, k := range t.weight {
				r += int32(s[3*j]) * k
				g += int32(s[3*j+1]) * k
				b += int32(s[3*j+2]) * k
			}
			dst[3*x], dst[3*x+1], dst[3*x+2] = clip8(r>>weightBits), clip8(g>>weightBits), clip8(b>>weightBits)
		}
	}
	return out
}

func resizeColumns(m *raster.RGB8, h int) *raster.RGB8 {
	out := raster.NewRGB8(m.W, h)
	acc := make([]int32, 3*m.W)
	for y, t := range lanczosTaps(m.H, h) {
		for i := range acc {
			acc[i] = 1 << (weightBits - 1)
		}
		for j, k := range t.weight {
			for i, v := range row(m, t.first+j) {
				acc[i] += int32(v) * k
			}
		}
		dst := row(out, y)
		for i, v := range acc {
			dst[i] = clip8(v >> weightBits)
		}
	}
	return out
}

func clip8(v int32) uint8 { return uint8(min(max(v, 0), 255)) }
