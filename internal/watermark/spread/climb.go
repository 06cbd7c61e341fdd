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

var unstrained = matrix{1, 0, 0, 1}

// strainOf is the symmetric map of determinant 1 that stretches by exp(m),
// m² = p² + q², along one axis: the x axis for q = 0, the diagonal for p = 0.
func strainOf(p, q float64) matrix {
	m := math.Hypot(p, q)
	if m == 0 {
		return unstrained
	}
	c, s := math.Cosh(m), math.Sinh(m)/m
	return matrix{c + s*p, s * q, s * q, c - s*p}
}

// strains are those that pictures stretched, sheared or tilted are searched
// under: a hexagonal grid to 2.8%, a shear or tilt of some 3 degrees, and along
// the axes to 5.6%, a change of their ratio by 11%.
var strains = func() (s []matrix) {
	const step = 0.014
	for j := -2; j <= 2; j++ {
		for i := -2; i <= 2; i++ {
			if k := i + j; k >= -2 && k <= 2 {
				s = append(s, strainOf(step*(float64(i)+float64(j)/2), step*math.Sqrt(3)/2*float64(j)))
			}
		}
	}
	for _, k := range []float64{-4, -3, 3, 4} {
		s = append(s, strainOf(step*k, 0))
	}
	return s
}()

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
	b := p.strain.mul(matrix{cos / p.scale, -sin / p.scale, sin / p.scale, cos / p.scale})
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
