package spread

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

const (
	evenSide  = 32 // samples of a block
	evenHop   = evenSide / 2
	evenReach = 2    // bins on either side over which a block's power is averaged
	evenFloor = 0.02 // added to that power: nothing is raised out of silence
)

var (
	evenFFT    = dsp.NewFFT(evenSide)
	evenWindow = func() (w [evenSide]float32) {
		for i := range w {
			w[i] = float32(math.Sin(math.Pi * (float64(i) + 0.5) / evenSide))
		}
		return w
	}()
)

// evenFold is foldOf of a residual made even in frequency as well: every block
// of 32×32 samples, half overlapping, is divided by the root of its own power
// spectrum, averaged over 5×5 bins, so that a hatched or streaky place drowns
// only the harmonics that it covers. As blocks repeat modulo foldSide, their
// spectra are summed before they are transformed back.
func evenFold(r *dsp.Plane, valid span) *spectrum {
	const places = foldSide / evenHop
	var sums [places * places][]complex64
	e := &evening{r: r, valid: valid}
	rows, cols := r.H/evenHop+1, r.W/evenHop+1
	for row := range rows {
		for col := 0; col < cols; col += 2 {
			e.load(row, col)
			for i, block := range [2][]complex64{e.a[:], e.b[:]} {
				if col+i >= cols {
					break
				}
				at := row%places*places + (col+i)%places
				if sums[at] == nil {
					sums[at] = make([]complex64, evenSide*evenSide)
				}
				e.add(sums[at], block)
			}
		}
	}
	sum := make([]float32, foldSide*foldSide)
	for at, s := range sums {
		if s == nil {
			continue
		}
		// The inverse is the transform of the conjugate.
		for i, v := range s {
			s[i] = complex(real(v), -imag(v))
		}
		evenFFT.Transform2D(s)
		x0, y0 := at%places*evenHop-evenHop, at/places*evenHop-evenHop
		for j := range evenSide {
			for i := range evenSide {
				k := (y0+j)&(foldSide-1)*foldSide + (x0+i)&(foldSide-1)
				sum[k] += real(s[j*evenSide+i]) * evenWindow[i] * evenWindow[j] / (evenSide * evenSide)
			}
		}
	}
	return spectrumOf(sum)
}

// evening holds the transforms of two blocks side by side.
type evening struct {
	r     *dsp.Plane
	valid span
	z     [evenSide * evenSide]complex64
	a, b  [evenSide * evenSide]complex64
	power [evenSide * evenSide]float32
	mean  [evenSide * evenSide]float32
}

// load transforms blocks (row, col) and (row, col+1), which start half a block
// before their hop, as the real and the imaginary part of one.
func (e *evening) load(row, col int) {
	clear(e.z[:])
	x0, y0 := (col-1)*evenHop, (row-1)*evenHop
	for j := range evenSide {
		y := y0 + j
		if y < 0 || y >= e.r.H {
			continue
		}
		from, to := e.valid(y)
		from, to = max(from, x0), min(to, x0+evenSide+evenHop)
		if from >= to {
			continue
		}
		dst, src := e.z[j*evenSide:(j+1)*evenSide], e.r.Row(y)
		for x := from; x < min(to, x0+evenSide); x++ {
			dst[x-x0] = complex(src[x]*evenWindow[x-x0]*evenWindow[j], 0)
		}
		for x := max(from, x0+evenHop); x < to; x++ {
			i := x - x0 - evenHop
			dst[i] += complex(0, src[x]*evenWindow[i]*evenWindow[j])
		}
	}
	evenFFT.Transform2D(e.z[:])
	const m = evenSide - 1
	for v := range evenSide {
		for u := range evenSide {
			p, q := e.z[v*evenSide+u], e.z[-v&m*evenSide+-u&m]
			e.a[v*evenSide+u] = complex((real(p)+real(q))/2, (imag(p)-imag(q))/2)
			e.b[v*evenSide+u] = complex((imag(p)+imag(q))/2, (real(q)-real(p))/2)
		}
	}
}

// add adds a block over the root of its averaged power to sum.
func (e *evening) add(sum, block []complex64) {
	for i, v := range block {
		e.power[i] = real(v)*real(v) + imag(v)*imag(v)
	}
	const m = evenSide - 1
	for v := range evenSide {
		row := e.power[v*evenSide : (v+1)*evenSide]
		for u := range row {
			s := row[u]
			for d := 1; d <= evenReach; d++ {
				s += row[(u+d)&m] + row[(u-d)&m]
			}
			e.mean[v*evenSide+u] = s
		}
	}
	const share = 4.0 / (evenSide * evenSide * (2*evenReach + 1) * (2*evenReach + 1))
	for v := range evenSide {
		for u := range evenSide {
			s := e.mean[v*evenSide+u]
			for d := 1; d <= evenReach; d++ {
				s += e.mean[(v+d)&m*evenSide+u] + e.mean[(v-d)&m*evenSide+u]
			}
			g := complex(float32(1/math.Sqrt(float64(s*share)+evenFloor)), 0)
			sum[v*evenSide+u] += block[v*evenSide+u] * g
		}
	}
}
