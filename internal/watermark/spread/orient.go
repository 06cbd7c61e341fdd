package spread

import (
	"math"
	"math/cmplx"

	"github.com/certana/certana/internal/dsp"
)

// pose is how the tile lies in a canonical residual R:
// R(x) = tile(turn·x − shift), with the pilots' evidence for it.
type pose struct {
	turn  symmetry
	shift [2]float64 // canonical pixels
	z     float64    // pilot correlation in standard deviations of the noise
	luck  float64    // the same in standard deviations over all keys (see pValue)
}

// gridSide is the half-pixel grid on which shifts are searched.
const gridSide = 2 * period

// orient finds the turn, mirroring and shift by correlating the pilots.
func (f *finder) orient(s *spectrum) pose {
	best := pose{z: math.Inf(-1)}
	if s.blank() {
		return pose{turn: symmetries[0]}
	}
	values := make([]complex128, len(f.layout.pilots))
	for _, q := range symmetries {
		norm := f.pilotValues(s, q, values)
		x, y, sum := peakShift(f.layout.pilots, values)
		if z := sum / norm; z > best.z {
			best = pose{turn: q, shift: [2]float64{x, y}, z: z}
		}
	}
	norm := f.pilotValues(s, best.turn, values)
	var sum float64
	best.shift, sum = climbShift(f.layout.pilots, values, best.shift)
	energy := 0.0
	for _, v := range values {
		energy += real(v)*real(v) + imag(v)*imag(v)
	}
	best.z, best.luck = sum/norm, sum/math.Sqrt(max(energy/2, 1e-300))
	return best
}

// pilotValues fills dst with each pilot's value, free of its key phase and
// weighted by the inverse of its noise, as found under a turn; it returns the
// standard deviation that their sum has under noise alone. A harmonic f of the
// tile is found at turnᵀ·f.
func (f *finder) pilotValues(s *spectrum, turn symmetry, dst []complex128) float64 {
	back := turn.transposed()
	sum := 0.0
	for k, h := range f.layout.pilots {
		v, noise := s.at(back.apply(h.u, h.v))
		w := 1 / float64(noise)
		dst[k] = complex128(v) * cmplx.Conj(f.layout.phase[k]) * complex(w, 0)
		sum += w
	}
	return math.Sqrt(sum / 2)
}

var gridFFT = dsp.NewFFT(gridSide)

// peakShift maximises Re Σ v[k]·exp(+2πi(u·x + v·y)/period) over the half-pixel
// grid.
func peakShift(hs []harmonic, values []complex128) (x, y, sum float64) {
	grid := make([]complex64, gridSide*gridSide)
	for k, h := range hs {
		// The transform's exponent is negative; conjugating all leaves the real
		// part of the sum as it is.
		grid[h.v&(gridSide-1)*gridSide+h.u] = complex64(cmplx.Conj(values[k]))
	}
	gridFFT.Transform2D(grid)
	best := 0
	for i, v := range grid {
		if real(v) > real(grid[best]) {
			best = i
		}
	}
	return float64(best%gridSide) / 2, float64(best/gridSide) / 2, float64(real(grid[best]))
}

// climbShift refines a shift to 1/32 pixel.
func climbShift(hs []harmonic, values []complex128, at [2]float64) ([2]float64, float64) {
	score := func(x, y float64) (sum float64) {
		for k, h := range hs {
			s, c := math.Sincos(2 * math.Pi / period * (float64(h.u)*x + float64(h.v)*y))
			sum += real(values[k])*c - imag(values[k])*s
		}
		return sum
	}
	best := score(at[0], at[1])
	for step := 0.25; step >= 1.0/32; step /= 2 {
		c := at
		for dy := -1.0; dy <= 1; dy++ {
			for dx := -1.0; dx <= 1; dx++ {
				x, y := c[0]+dx*step, c[1]+dy*step
				if s := score(x, y); s > best {
					best, at = s, [2]float64{x, y}
				}
			}
		}
	}
	return at, best
}
