package spread

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

// matrix is the linear part of a map, row-major.
type matrix [4]float64

func (m matrix) mul(o matrix) matrix {
	return matrix{
		m[0]*o[0] + m[1]*o[2], m[0]*o[1] + m[1]*o[3],
		m[2]*o[0] + m[3]*o[2], m[2]*o[1] + m[3]*o[3],
	}
}

// inverseTransposed turns a map of positions into the map of frequencies and
// back.
func (m matrix) inverseTransposed() matrix {
	d := 1 / (m[0]*m[3] - m[1]*m[2])
	return matrix{m[3] * d, -m[2] * d, -m[1] * d, m[0] * d}
}

func (m matrix) scale() float64 { return math.Sqrt(math.Abs(m[0]*m[3] - m[1]*m[2])) }

// nudges are the directions in which a linear map is varied: rotation, scale,
// aspect, shear and the single entries.
var nudges = [8]matrix{
	{0, -1, 1, 0}, {1, 0, 0, 1}, {1, 0, 0, -1}, {0, 1, 1, 0},
	{1, 0, 0, 0}, {0, 0, 0, 1}, {0, 1, 0, 0}, {0, 0, 1, 0},
}

// climb refines a peak of the comb to the linear map, canonical to received,
// whose 252 harmonics meet the most power, by hill climbing in falling steps.
func (c *comb) climb(power *dsp.Plane, p peak) (matrix, float64) {
	sin, cos := math.Sincos(p.theta)
	b := matrix{p.aspect, 0, 0, 1 / p.aspect}.mul(matrix{cos / p.scale, -sin / p.scale, sin / p.scale, cos / p.scale})
	best := c.combScore(power, b)
	for _, step := range []float64{0.0025, 0.0015, 0.0008, 0.0004} {
		for range 4 {
			from, improved := b, false
			for _, e := range nudges {
				for _, q := range [2]float64{-step, step} {
					try := from.mul(matrix{1 + q*e[0], q * e[1], q * e[2], 1 + q*e[3]})
					if s := c.combScore(power, try); s > best {
						best, b, improved = s, try, true
					}
				}
			}
			if !improved {
				break
			}
		}
	}
	return b.inverseTransposed(), best
}

// combScore sums the flattened power, less its mean of 1, at the harmonics
// under the map b of frequencies.
func (c *comb) combScore(power *dsp.Plane, b matrix) float64 {
	k := float32(c.n) / period
	b0, b1, b2, b3 := float32(b[0])*k, float32(b[1])*k, float32(b[2])*k, float32(b[3])*k
	limit := float32(0.495 * float64(c.n))
	limit *= limit
	var sum float32
	for _, h := range c.harmonics {
		u, v := float32(h.u), float32(h.v)
		x, y := b0*u+b1*v, b2*u+b3*v
		if x*x+y*y < limit {
			sum += readPower(power, x, y) - 1
		}
	}
	return float64(sum) / math.Sqrt(float64(len(c.harmonics)))
}
