package spread

import (
	"cmp"
	"math"
	"math/cmplx"
	"slices"
	"sync"

	"github.com/certana/certana/internal/dsp"
)

// pose is how the tile lies in a canonical residual R:
// R(x) = tile(turn·x − shift), with the pilots' evidence for it.
type pose struct {
	turn  symmetry
	shift [2]float64 // canonical pixels
	ring  ring
	z     float64 // pilot correlation in standard deviations of the noise
	luck  float64 // the same in standard deviations over all keys
}

// ring is the radius from which harmonics are taken to be inverted; 0 is none.
// A mean over a disc, which is what a bilateral filter is where nothing rises
// above its threshold, has a transfer function that is negative between its
// first two zeros: of a disc of 9 pixels from 9.8 to 17.9 cycles a tile.
type ring float64

const (
	upright  ring = 0
	inverted ring = 10.3
)

func (r ring) sign(h harmonic) float64 {
	if r > 0 && h.radius() >= float64(r) {
		return -1
	}
	return 1
}

// orient is the best of the poses.
func (f *finder) orient(s *spectrum, r ring) pose { return f.poses(s, r)[0] }

// maxPoses is how many ways to lay the tile are told apart.
const maxPoses = 3

// poses finds the turn, mirroring and shift by correlating the pilots: on a
// grid of whole pixels for all turns, then by climbing from its highest peaks.
// It returns at least one and at most maxPoses that differ, best first.
func (f *finder) poses(s *spectrum, r ring) []pose {
	if s.blank() {
		return []pose{{turn: symmetries[0], ring: r, z: math.Inf(-1)}}
	}
	w := orientPool.Get().(*orienting)
	defer orientPool.Put(w)
	var values [len(symmetries)][]complex128
	for i := range symmetries {
		w.values[i] = f.pilotValues(s, symmetries[i], r, w.values[i][:0])
		values[i] = w.values[i]
	}
	var found []pose
	for _, p := range w.peaks(f.layout.pilots, values[:]) {
		shift, z := climbShift(f.layout.pilots, values[p.turn], [2]float64{float64(p.x), float64(p.y)})
		luck := z / math.Sqrt(energyOf(values[p.turn])/2)
		found = append(found, pose{symmetries[p.turn], shift, r, z, luck})
	}
	slices.SortStableFunc(found, func(a, b pose) int { return cmp.Compare(b.z, a.z) })
	kept := found[:0]
	for _, p := range found {
		if len(kept) < maxPoses && !slices.ContainsFunc(kept, p.beside) {
			kept = append(kept, p)
		}
	}
	return kept
}

// likely tells whether a pose is worth more time: its score is high enough for
// that, and not by a few pilots alone or by the power of another's mark unless
// it is beyond doubt. Of 3,000 looks at unmarked pictures a tenth reach 4.5, and
// 1 in 20 if their luck must reach 3.9.
func (p pose) likely(from float64) bool {
	return p.z >= from && (p.luck >= luckFrom || p.z >= sureFrom)
}

// beside tells poses that one climb might have led to.
func (p pose) beside(o pose) bool {
	return p.turn == o.turn && math.Abs(math.Remainder(p.shift[0]-o.shift[0], period)) < 1.5 &&
		math.Abs(math.Remainder(p.shift[1]-o.shift[1], period)) < 1.5
}

func energyOf(values []complex128) float64 {
	sum := 0.0
	for _, v := range values {
		sum += real(v)*real(v) + imag(v)*imag(v)
	}
	return max(sum, 1e-300)
}

// pilotValues appends each pilot's value as found under a turn, free of its key
// phase and weighted by the inverse of its noise, so that the real part of
// their sum has a variance of 1 under noise alone. A harmonic f of the tile is
// found at turnᵀ·f.
func (f *finder) pilotValues(s *spectrum, turn symmetry, r ring, dst []complex128) []complex128 {
	back := turn.transposed()
	sum := 0.0
	for k, h := range f.layout.pilots {
		v, noise := s.at(back.apply(h.u, h.v))
		w := 1 / float64(noise)
		dst = append(dst, complex128(v)*cmplx.Conj(f.layout.phase[k])*complex(w*r.sign(h), 0))
		sum += w
	}
	norm := complex(1/math.Sqrt(sum/2), 0)
	for k := range dst {
		dst[k] *= norm
	}
	return dst
}

// orienting is the scratch of one orient: the correlation of every turn on the
// whole pixels of a period, a turn and the same with a half turn as real and
// imaginary parts.
type orienting struct {
	values [len(symmetries)][]complex128
	grid   [len(symmetries) / 2][period * period]complex64
	rows   [period * period]complex64
	line   [period]complex64
}

var orientPool = sync.Pool{New: func() any { return new(orienting) }}

// gridPeak is a local maximum of the correlation on the grid.
type gridPeak struct {
	z          float32
	turn, x, y int
}

const (
	maxGridPeaks = 24
	// Between whole pixels the correlation of pilots of up to 13 cycles a period
	// may be a quarter higher than on them.
	gridLoss = 0.75
)

// peaks returns the highest local maxima, best first: those from which climbing
// may lead to the highest of all.
func (w *orienting) peaks(hs []harmonic, values [][]complex128) []gridPeak {
	half := len(symmetries) / 2
	best := float32(0)
	for i := range half {
		w.correlate(&w.grid[i], hs, values[i], values[i+half])
		for _, v := range w.grid[i] {
			best = max(best, real(v), imag(v))
		}
	}
	floor := best * gridLoss
	var found []gridPeak
	for i := range half {
		for at, v := range w.grid[i] {
			if real(v) >= floor && summit(&w.grid[i], at, realPart) {
				found = append(found, gridPeak{real(v), i, at % period, at / period})
			}
			if imag(v) >= floor && summit(&w.grid[i], at, imagPart) {
				found = append(found, gridPeak{imag(v), i + half, at % period, at / period})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b gridPeak) int { return cmp.Compare(b.z, a.z) })
	return found[:min(len(found), maxGridPeaks)]
}

func realPart(v complex64) float32 { return real(v) }
func imagPart(v complex64) float32 { return imag(v) }

// summit tells whether no neighbour of a grid point is higher, cyclically.
func summit(grid *[period * period]complex64, at int, part func(complex64) float32) bool {
	x, y, v := at%period, at/period, part(grid[at])
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if part(grid[(y+dy)&(period-1)*period+(x+dx)&(period-1)]) > v {
				return false
			}
		}
	}
	return true
}

// correlate writes Re Σ a[k]·exp(2πi(ux + vy)/period) as real and the same of b
// as imaginary parts. Both are real planes, so one transform does for the two;
// it is made by columns of equal u first, of which few hold anything.
func (w *orienting) correlate(out *[period * period]complex64, hs []harmonic, a, b []complex128) {
	clear(w.rows[:])
	var used [period]bool
	for k, h := range hs {
		// The transform's exponent is negative: +f is entered at −f.
		u, v := h.u&(period-1), h.v&(period-1)
		mu, mv := -h.u&(period-1), -h.v&(period-1)
		p, q := complex64(a[k]/2), complex64(b[k]/2)
		w.rows[mu*period+mv] += complex(real(p)-imag(q), imag(p)+real(q))
		w.rows[u*period+v] += complex(real(p)+imag(q), real(q)-imag(p))
		used[u], used[mu] = true, true
	}
	clear(out[:])
	for u, ok := range used {
		if !ok {
			continue
		}
		tileFFT.Transform(w.rows[u*period:(u+1)*period], w.line[:])
		for y, v := range w.rows[u*period : (u+1)*period] {
			out[y*period+u] = v
		}
	}
	for y := range period {
		tileFFT.Transform(out[y*period:(y+1)*period], w.line[:])
	}
}

var tileFFT = dsp.NewFFT(period)

// climbSteps are the steps in pixels by which shifts are refined.
var climbSteps = [5]float64{0.5, 0.25, 0.125, 1.0 / 16, 1.0 / 32}

// climbTurns holds exp(2πi·n·step/period) for n from −16 to 16.
var climbTurns = func() (t [len(climbSteps)][33]complex128) {
	for i, s := range climbSteps {
		for n := range t[i] {
			t[i][n] = cmplx.Rect(1, 2*math.Pi/period*float64(n-16)*s)
		}
	}
	return t
}()

// climbShift maximises Re Σ v[k]·exp(2πi(u·x + v·y)/period) from a shift of
// whole pixels on, to 1/32 pixel. It returns the maximum as well.
func climbShift(hs []harmonic, values []complex128, at [2]float64) ([2]float64, float64) {
	z := make([]complex128, len(hs))
	best := 0.0
	for k, h := range hs {
		z[k] = values[k] * cmplx.Rect(1, 2*math.Pi/period*(float64(h.u)*at[0]+float64(h.v)*at[1]))
		best += real(z[k])
	}
	for i, step := range climbSteps {
		turn := &climbTurns[i]
		bx, by := 0, 0
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				if dx == 0 && dy == 0 {
					continue
				}
				sum := 0.0
				for k, h := range hs {
					t := turn[16+h.u*dx] * turn[16+h.v*dy]
					sum += real(z[k])*real(t) - imag(z[k])*imag(t)
				}
				if sum > best {
					best, bx, by = sum, dx, dy
				}
			}
		}
		if bx != 0 || by != 0 {
			at[0] += float64(bx) * step
			at[1] += float64(by) * step
			for k, h := range hs {
				z[k] *= turn[16+h.u*bx] * turn[16+h.v*by]
			}
		}
	}
	return at, best
}

// around returns the poses half a pixel about one, those that the pilots favour
// first.
func (f *finder) around(s *spectrum, at pose) []pose {
	values := f.pilotValues(s, at.turn, at.ring, nil)
	var near []pose
	for i := range 9 {
		p := at
		p.shift[0] += float64(i%3-1) / 2
		p.shift[1] += float64(i/3-1) / 2
		p.z = 0
		for k, h := range f.layout.pilots {
			sin, cos := math.Sincos(2 * math.Pi / period * (float64(h.u)*p.shift[0] + float64(h.v)*p.shift[1]))
			p.z += real(values[k])*cos - imag(values[k])*sin
		}
		if i != 4 {
			near = append(near, p)
		}
	}
	slices.SortStableFunc(near, func(a, b pose) int { return cmp.Compare(b.z, a.z) })
	return near
}
