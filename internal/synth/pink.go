package synth

import "math/rand/v2"

// pinkSide is the period of a pink tile in both directions; a power of two.
const pinkSide = 512

// pink is a periodic field with about the same variance in every octave, that
// is a power spectrum of about 1/f² as photographs have (Field, 1987). Zero
// mean, unit variance.
type pink struct{ v []float32 }

// newPink builds the field coarse to fine: each level doubles the last one with
// the periodic B-spline filter 1 3 3 1 and adds white noise of equal power.
func newPink(rng *rand.Rand) *pink {
	side, v := 4, make([]float32, 16)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	for side < pinkSide {
		v = double(v, side)
		side *= 2
		for i := range v {
			v[i] += float32(rng.NormFloat64()) * 0.9
		}
	}
	normalise(v)
	return &pink{v}
}

// double enlarges a periodic side × side field to twice the side.
func double(v []float32, side int) []float32 {
	big := 2 * side
	wide := make([]float32, side*big)
	for y := range side {
		row, out := v[y*side:(y+1)*side], wide[y*big:]
		for x := range side {
			l, r := row[(x+side-1)%side], row[(x+1)%side]
			out[2*x] = 0.25*l + 0.75*row[x]
			out[2*x+1] = 0.75*row[x] + 0.25*r
		}
	}
	out := make([]float32, big*big)
	for y := range side {
		up, mid, down := wide[(y+side-1)%side*big:], wide[y*big:], wide[(y+1)%side*big:]
		for x := range big {
			out[2*y*big+x] = 0.25*up[x] + 0.75*mid[x]
			out[(2*y+1)*big+x] = 0.75*mid[x] + 0.25*down[x]
		}
	}
	return out
}

func normalise(v []float32) {
	var sum, sq float64
	for _, a := range v {
		sum += float64(a)
		sq += float64(a) * float64(a)
	}
	mean := sum / float64(len(v))
	scale := 1 / sqrt32(float32(sq/float64(len(v))-mean*mean))
	for i := range v {
		v[i] = (v[i] - float32(mean)) * scale
	}
}

// at returns the field at (x, y), any integers.
func (p *pink) at(x, y int) float32 {
	return p.v[(y&(pinkSide-1))*pinkSide+x&(pinkSide-1)]
}

// slow returns the field at non-negative (x, y) blurred to its lower octaves:
// bilinear over samples 16 apart, of which each is the mean of a 4 × 4 grid.
func (p *pink) slow(x, y float32) float32 {
	xi, yi := int(x/16), int(y/16)
	fx, fy := x/16-float32(xi), y/16-float32(yi)
	fx, fy = fx*fx*(3-2*fx), fy*fy*(3-2*fy)
	top := p.cell(xi, yi)*(1-fx) + p.cell(xi+1, yi)*fx
	bottom := p.cell(xi, yi+1)*(1-fx) + p.cell(xi+1, yi+1)*fx
	return top*(1-fy) + bottom*fy
}

func (p *pink) cell(x, y int) float32 {
	var sum float32
	for j := range 4 {
		for i := range 4 {
			sum += p.at(16*x+4*i, 16*y+4*j)
		}
	}
	return sum / 16
}
