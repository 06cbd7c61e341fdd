package attack

import (
	"math"

	"github.com/certana/certana/internal/raster"
)

// bilateralRadius is that of a window of diameter 9.
const bilateralRadius = 4

// bilateral is OpenCV's bilateralFilter of 8-bit colour (Tomasi & Manduchi,
// "Bilateral filtering for gray and color images", ICCV 1998) with d = 9 and one
// deviation for colour, in levels summed over R, G and B, and for space, in
// pixels; the border mirrored without repeating it.
func bilateral(m *raster.RGB8, sigma float64) *raster.RGB8 {
	type near struct {
		dx, dy int
		weight float32
	}
	var around []near
	fall := -0.5 / (sigma * sigma)
	for dy := -bilateralRadius; dy <= bilateralRadius; dy++ {
		for dx := -bilateralRadius; dx <= bilateralRadius; dx++ {
			if r := dx*dx + dy*dy; r <= bilateralRadius*bilateralRadius {
				around = append(around, near{dx, dy, float32(math.Exp(float64(r) * fall))})
			}
		}
	}
	var alike [3 * 256]float32
	for i := range alike {
		alike[i] = float32(math.Exp(float64(i*i) * fall))
	}
	out := raster.NewRGB8(m.W, m.H)
	for y := range m.H {
		for x := range m.W {
			at := 3 * (y*m.W + x)
			here := m.Pix[at : at+3 : at+3]
			var total, r, g, b float32
			for _, n := range around {
				j := 3 * (mirror(y+n.dy, m.H)*m.W + mirror(x+n.dx, m.W))
				p := m.Pix[j : j+3 : j+3]
				k := n.weight * alike[gap(p[0], here[0])+gap(p[1], here[1])+gap(p[2], here[2])]
				total += k
				r += k * float32(p[0])
				g += k * float32(p[1])
				b += k * float32(p[2])
			}
			out.Pix[at], out.Pix[at+1], out.Pix[at+2] = round8(float64(r/total)), round8(float64(g/total)), round8(float64(b/total))
		}
	}
	return out
}

func gap(a, b uint8) int { return max(int(a), int(b)) - min(int(a), int(b)) }
