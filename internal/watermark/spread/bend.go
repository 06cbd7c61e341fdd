package spread

import (
	"math"
	"math/cmplx"

	"github.com/certana/certana/internal/dsp"
)

// tilePilots holds the pilots of every tile of a frame on its own, from which
// the local displacement is fitted.
type tilePilots struct {
	x, y   []float64 // tile centres, scaled to ±1
	values []complex128
	freq   [][2]float64 // of each pilot, radians a pixel
	cx, cy float64      // centre of the frame's tiles
	sx, sy float64      // and half of their extent
	turn   symmetry
}

// pilotsOf transforms the residual tile by tile, two tiles at once as real and
// imaginary parts, and keeps the given harmonics under a pose, free of their
// amplitudes' phases, weighted by the amplitude over the noise: the pilots, or
// all harmonics once the payload is known.
func pilotsOf(r *dsp.Plane, valid span, s *spectrum, at pose, hs []harmonic, amplitudes []complex128) *tilePilots {
	cols, rows := (r.W+period-1)/period, (r.H+period-1)/period
	n := cols * rows
	back := at.turn.transposed()
	t := &tilePilots{turn: at.turn, values: make([]complex128, n*len(hs))}
	type place struct {
		at, mirrored int
		weight       complex128
	}
	var places []place
	for k, h := range hs {
		u, v := back.apply(h.u, h.v)
		_, noise := s.at(u, v)
		places = append(places, place{
			at:       v&(period-1)*period + u&(period-1),
			mirrored: -v&(period-1)*period + -u&(period-1),
			weight:   cmplx.Conj(amplitudes[k]) * complex(at.ring.sign(h)/float64(noise), 0),
		})
		t.freq = append(t.freq, [2]float64{2 * math.Pi / period * float64(h.u), 2 * math.Pi / period * float64(h.v)})
	}
	pairs := make([]complex64, period*period)
	for i := 0; i < n; i += 2 {
		clear(pairs)
		gatherTile(pairs, r, valid, i%cols, i/cols, 1)
		if i+1 < n {
			gatherTile(pairs, r, valid, (i+1)%cols, (i+1)/cols, 1i)
		}
		tileFFT.Transform2D(pairs)
		for k, p := range places {
			a, b := complex128(pairs[p.at]), cmplx.Conj(complex128(pairs[p.mirrored]))
			t.values[i*len(places)+k] = (a + b) / 2 * p.weight
			if i+1 < n {
				t.values[(i+1)*len(places)+k] = (a - b) / 2i * p.weight
			}
		}
	}
	t.place(cols, rows)
	return t
}

// gatherTile adds a tile of the residual, times unit, to dst.
func gatherTile(dst []complex64, r *dsp.Plane, valid span, col, row int, unit complex64) {
	for j := range min(period, r.H-row*period) {
		y := row*period + j
		from, to := valid(y)
		x0 := col * period
		from, to = max(from, x0), min(to, x0+period)
		for x := from; x < to; x++ {
			dst[j*period+x-x0] += complex(r.At(x, y), 0) * unit
		}
	}
}

// place sets the tile centres.
func (t *tilePilots) place(cols, rows int) {
	mid := func(n int) float64 { return (float64(n)*period - 1) / 2 }
	half := func(n int) float64 { return max(float64(n-1)*period, period) / 2 }
	t.cx, t.cy, t.sx, t.sy = mid(cols), mid(rows), half(cols), half(rows)
	for r := range rows {
		for c := range cols {
			t.x = append(t.x, ((float64(c)+0.5)*period-0.5-t.cx)/t.sx)
			t.y = append(t.y, ((float64(r)+0.5)*period-0.5-t.cy)/t.sy)
		}
	}
}

// bend is the displacement field of a perspective, to second order, over a
// frame, in canonical pixels of the tile's own axes: with x and y scaled as in
// tilePilots, d = (b₀ + b₁x + b₂y, b₃ + b₄x + b₅y) + Q·(b₆x + b₇y)·(x, y)', Q the
// turn and (x, y)' scaled by the longer half extent for either axis.
type bend [bendTerms]float64

const (
	affineTerms = 6
	bendTerms   = 8
)

// basis is the derivative of the displacement by each coefficient.
func (t *tilePilots) basis(x, y float64) (dx, dy [bendTerms]float64) {
	px, py := t.turnAxes(x*t.sx/max(t.sx, t.sy), y*t.sy/max(t.sx, t.sy))
	return [bendTerms]float64{1, x, y, 0, 0, 0, x * px, y * px},
		[bendTerms]float64{0, 0, 0, 1, x, y, x * py, y * py}
}

// turnAxes takes a vector from the frame's axes to the tile's.
func (t *tilePilots) turnAxes(x, y float64) (float64, float64) {
	q := t.turn
	return float64(q.a)*x + float64(q.b)*y, float64(q.c)*x + float64(q.d)*y
}

// at is the displacement at a place.
func (t *tilePilots) at(b bend, x, y float64) (dx, dy float64) {
	bx, by := t.basis(x, y)
	for i, c := range b {
		dx += c * bx[i]
		dy += c * by[i]
	}
	return dx, dy
}

// apart is the greatest distance of two fields at the frame's corners.
func (t *tilePilots) apart(a, b bend) float64 {
	most := 0.0
	for i := range a {
		a[i] -= b[i]
	}
	for _, c := range [4][2]float64{{-1, -1}, {1, -1}, {-1, 1}, {1, 1}} {
		most = max(most, math.Hypot(t.at(a, c[0], c[1])))
	}
	return most
}

// fit maximises Re Σ over tiles and pilots of value·exp(i·freq·d(tile)) over
// the first terms (6 or 8) coefficients of d, by Levenberg–Marquardt from the
// given start, counting only tiles within ±reach of the centre. It returns the
// field and the sum.
func (t *tilePilots) fit(start bend, terms int, reach float64) (bend, float64) {
	use := make([]int, 0, len(t.x))
	for i := range t.x {
		if math.Abs(t.x[i]) <= reach && math.Abs(t.y[i]) <= reach {
			use = append(use, i)
		}
	}
	b := start
	z := make([]complex128, len(use)*len(t.freq))
	sum := t.turned(b, use, z)
	next := make([]complex128, len(z))
	lambda := 1e-2
	for range 40 {
		step, ok := t.step(use, z, terms, lambda)
		if !ok {
			break
		}
		try := b
		for i, v := range step {
			try[i] += v
		}
		if s := t.turned(try, use, next); s > sum {
			gain := s - sum
			b, sum = try, s
			z, next = next, z
			lambda = max(lambda*0.3, 1e-4)
			if gain < 1e-4*math.Abs(sum) {
				break
			}
		} else if lambda *= 5; lambda > 1e4 {
			break
		}
	}
	return b, sum
}

// turned writes every used value turned by the field's phase and returns the
// real part of their sum.
func (t *tilePilots) turned(b bend, use []int, z []complex128) float64 {
	sum := 0.0
	n := len(t.freq)
	for j, i := range use {
		dx, dy := t.at(b, t.x[i], t.y[i])
		for k, f := range t.freq {
			s, c := math.Sincos(f[0]*dx + f[1]*dy)
			v := t.values[i*n+k]
			w := complex(real(v)*c-imag(v)*s, real(v)*s+imag(v)*c)
			z[j*n+k] = w
			sum += real(w)
		}
	}
	return sum
}

// step solves the damped normal equations. The curvature of a pilot is its
// share of the sum, the same for all tiles: single tiles are too noisy to tell.
func (t *tilePilots) step(use []int, z []complex128, terms int, lambda float64) ([]float64, bool) {
	n := len(t.freq)
	ff := t.curvature(len(use), z)
	gradient := make([]float64, terms)
	a := make([]float64, terms*terms)
	for j, i := range use {
		bx, by := t.basis(t.x[i], t.y[i])
		var g [2]float64
		for k, f := range t.freq {
			s := -imag(z[j*n+k])
			g[0] += s * f[0]
			g[1] += s * f[1]
		}
		for p := range terms {
			gradient[p] += g[0]*bx[p] + g[1]*by[p]
			ex, ey := ff[0][0]*bx[p]+ff[0][1]*by[p], ff[1][0]*bx[p]+ff[1][1]*by[p]
			for q := range terms {
				a[p*terms+q] += ex*bx[q] + ey*by[q]
			}
		}
	}
	for r := range terms {
		a[r*terms+r] += lambda*a[r*terms+r] + 1e-9
	}
	if !solve(a, gradient) {
		return nil, false
	}
	largest := 0.0
	for _, v := range gradient {
		largest = max(largest, math.Abs(v))
	}
	if largest > 1 {
		for i := range gradient {
			gradient[i] /= largest
		}
	}
	return gradient, true
}

// curvature is Σ share·freq·freqᵀ over the pilots, for one tile of count.
func (t *tilePilots) curvature(count int, z []complex128) (ff [2][2]float64) {
	n := len(t.freq)
	share := make([]float64, n)
	total, positive := 0.0, 0.0
	for j := range count {
		for k := range n {
			share[k] += real(z[j*n+k])
		}
	}
	for k, v := range share {
		total += v
		share[k] = max(v, 0)
		positive += share[k]
	}
	for k, f := range t.freq {
		w := share[k] / max(positive, 1e-9) * max(total, 1e-9) / float64(max(count, 1))
		for c := range 2 {
			for d := range 2 {
				ff[c][d] += w * f[c] * f[d]
			}
		}
	}
	return ff
}

// solve replaces b by the solution of a·x = b, a row-major and square, by
// elimination with row pivots; false when a is singular.
func solve(a, b []float64) bool {
	n := len(b)
	for i := range n {
		p := i
		for r := i + 1; r < n; r++ {
			if math.Abs(a[r*n+i]) > math.Abs(a[p*n+i]) {
				p = r
			}
		}
		if !(math.Abs(a[p*n+i]) > 1e-300) {
			return false
		}
		for c := range n {
			a[i*n+c], a[p*n+c] = a[p*n+c], a[i*n+c]
		}
		b[i], b[p] = b[p], b[i]
		for r := i + 1; r < n; r++ {
			k := a[r*n+i] / a[i*n+i]
			for c := i; c < n; c++ {
				a[r*n+c] -= k * a[i*n+c]
			}
			b[r] -= k * b[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for c := i + 1; c < n; c++ {
			b[i] -= a[i*n+c] * b[c]
		}
		b[i] /= a[i*n+i]
	}
	return true
}

// along returns the frame's map with the bend, less its constant part, undone:
// the content at x is found at w = x + turnᵀ·(d(w) − d(0)), by two steps.
func (t *tilePilots) along(f frame, b bend) dsp.Map {
	xx, yx := t.inFrame(b[1]/t.sx, b[4]/t.sx)
	xy, yy := t.inFrame(b[2]/t.sy, b[5]/t.sy)
	// The perspective part is (g·x + h·y)·(x, y), in the frame's axes already.
	g, h := b[6]/t.sx/max(t.sx, t.sy), b[7]/t.sy/max(t.sx, t.sy)
	m := f.toPicture
	return func(v int, xs, ys []float32) {
		y0 := float64(v) - t.cy
		for i := range xs {
			x0 := float64(i) - t.cx
			x, y := x0, y0
			for range 2 {
				k := g*x + h*y
				x, y = x0+(xx+k)*x+xy*y, y0+yx*x+(yy+k)*y
			}
			x, y = x+t.cx, y+t.cy
			xs[i] = float32(m[0]*x + m[1]*y + m[2])
			ys[i] = float32(m[3]*x + m[4]*y + m[5])
		}
	}
}

// inFrame turns a vector from the tile's axes into the frame's.
func (t *tilePilots) inFrame(x, y float64) (float64, float64) {
	q := t.turn.transposed()
	return float64(q.a)*x + float64(q.b)*y, float64(q.c)*x + float64(q.d)*y
}

// straightened is the affine part of along, as a map from frame to picture.
func (t *tilePilots) straightened(f frame, b bend) dsp.Affine {
	xx, yx := t.inFrame(b[1]/t.sx, b[4]/t.sx)
	xy, yy := t.inFrame(b[2]/t.sy, b[5]/t.sy)
	// w = x + E·(w − c), so w = (1 − E)⁻¹·(x − E·c).
	back := dsp.Affine{1 - xx, -xy, xx*t.cx + xy*t.cy, -yx, 1 - yy, yx*t.cx + yy*t.cy}
	return f.toPicture.Mul(back.Inverse())
}

// toTile is the map from frame to tile, X = turn·x − d(x), without the
// perspective terms.
func (t *tilePilots) toTile(b bend) dsp.Affine {
	q := t.turn
	return dsp.Affine{
		float64(q.a) - b[1]/t.sx, float64(q.b) - b[2]/t.sy, b[1]*t.cx/t.sx + b[2]*t.cy/t.sy - b[0],
		float64(q.c) - b[4]/t.sx, float64(q.d) - b[5]/t.sy, b[4]*t.cx/t.sx + b[5]*t.cy/t.sy - b[3],
	}
}
