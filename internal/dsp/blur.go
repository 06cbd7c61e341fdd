package dsp

import "math"

// GaussianBlur returns p under a Gaussian of sigma samples (at least 0.3; taken
// as the long side where it is more), with borders mirrored about their outer
// edge. Sigmas of 1.6 and less are filtered directly over ±3.6
// sigma; larger ones at half size, recursively: the means of 2×2 samples add a
// variance of 1/4 and the bilinear way back one of 2/3, which the sigma
// between them gives up. The result stays within 1% of the samples' range of
// the direct filter (4% at an odd side, whose last sample stands for two).
func GaussianBlur(p *Plane, sigma float64) *Plane {
	sigma = min(sigma, float64(max(p.W, p.H)))
	if sigma <= directSigma || min(p.W, p.H) < 4 {
		return gaussDirect(p, sigma)
	}
	half := GaussianBlur(Halve(p), HalfSigma(sigma))
	out := NewPlane(p.W, p.H)
	tmp := make([]float32, half.W)
	for y := range p.H {
		UpsampleRow(half, y, out.Row(y), tmp)
	}
	return out
}

const directSigma = 1.6

// HalfSigma is the sigma, in half-size samples, that makes Halve, a Gaussian
// and UpsampleRow together a Gaussian of sigma full-size samples (sigma ≥ 1.1).
func HalfSigma(sigma float64) float64 {
	return math.Sqrt(sigma*sigma-1.0/4-2.0/3) / 2
}

// Halve returns the means of 2×2 samples: ⌈W/2⌉ × ⌈H/2⌉, the last column and
// row repeated where the size is odd.
func Halve(p *Plane) *Plane {
	q := NewPlane((p.W+1)/2, (p.H+1)/2)
	for y := range q.H {
		a := p.Row(2 * y)
		b := p.Row(min(2*y+1, p.H-1))
		halveRows(q.Row(y), a, b)
	}
	return q
}

func halveRows(dst, a, b []float32) {
	n := len(a) / 2
	d := dst[:n]
	a2, b2 := a[:2*n], b[:2*n]
	for x := range d {
		i := 2 * x
		d[x] = 0.25 * (a2[i] + a2[i+1] + b2[i] + b2[i+1])
	}
	if len(a)&1 == 1 {
		dst[n] = 0.5 * (a[2*n] + b[2*n])
	}
}

// UpsampleRow writes row y of the full-size plane whose 2×2 means are half, by
// bilinear interpolation, to dst: 2·half.W or 2·half.W−1 samples. tmp is a
// scratch row of half.W samples.
func UpsampleRow(half *Plane, y int, dst, tmp []float32) {
	near := y / 2
	far := max(near-1, 0)
	if y&1 == 1 {
		far = min(near+1, half.H-1)
	}
	a, b := half.Row(near), half.Row(far)
	t := tmp[:len(a)]
	b = b[:len(a)]
	for x, v := range a {
		t[x] = 0.75*v + 0.25*b[x]
	}
	upsampleWide(dst, t)
}

// upsampleWide doubles a row: sample i of t stands at 2i+1/2.
func upsampleWide(dst, t []float32) {
	prev := t[0]
	n := len(dst) / 2
	d := dst[:2*n]
	for i, v := range t[:n] {
		next := v
		if i+1 < len(t) {
			next = t[i+1]
		}
		c := 0.75 * v
		d[2*i] = c + 0.25*prev
		d[2*i+1] = c + 0.25*next
		prev = v
	}
	if len(dst)&1 == 1 {
		dst[2*n] = 0.75*t[n] + 0.25*prev
	}
}

// gaussDirect filters both ways with a sampled Gaussian.
func gaussDirect(p *Plane, sigma float64) *Plane {
	k := gaussKernel(sigma)
	r := len(k) - 1
	out := NewPlane(p.W, p.H)
	buf := make([]float32, p.W+2*r)
	for y := range p.H {
		row := p.Row(y)
		copy(buf[r:], row)
		for i := 1; i <= r; i++ {
			buf[r-i] = row[mirror(-i, p.W)]
			buf[r+p.W-1+i] = row[mirror(p.W-1+i, p.W)]
		}
		firSymmetric(out.Row(y), k, func(i int) []float32 { return buf[r+i : r+i+p.W] })
	}
	res := NewPlane(p.W, p.H)
	for y := range p.H {
		firSymmetric(res.Row(y), k, func(i int) []float32 { return out.Row(mirror(y+i, p.H)) })
	}
	return res
}

// gaussKernel returns weights 0 … r of a normalised sampled Gaussian, r a
// multiple of 3 and at least 3.6 sigma (and 3): what firSymmetric takes.
func gaussKernel(sigma float64) []float32 {
	r := max(3, (int(math.Ceil(3.6*sigma))+2)/3*3)
	w := make([]float64, r+1)
	sum := 0.0
	for i := range w {
		w[i] = math.Exp(-float64(i*i) / (2 * sigma * sigma))
		sum += 2 * w[i]
	}
	sum -= w[0]
	k := make([]float32, r+1)
	for i := range w {
		k[i] = float32(w[i] / sum)
	}
	return k
}

// firSymmetric sets dst = k[0]·at(0) + Σ k[i]·(at(−i) + at(i)), three pairs a
// pass; len(k)−1 is a multiple of 3.
func firSymmetric(dst []float32, k []float32, at func(i int) []float32) {
	c := at(0)[:len(dst)]
	for x, v := range c {
		dst[x] = k[0] * v
	}
	for i := 1; i+2 < len(k); i += 3 {
		firThree(dst, at(-i), at(i), at(-i-1), at(i+1), at(-i-2), at(i+2), k[i], k[i+1], k[i+2])
	}
}

func firThree(dst, a1, b1, a2, b2, a3, b3 []float32, k1, k2, k3 float32) {
	n := len(dst)
	a1, b1, a2, b2, a3, b3 = a1[:n], b1[:n], a2[:n], b2[:n], a3[:n], b3[:n]
	for x := range dst {
		dst[x] += k1*(a1[x]+b1[x]) + k2*(a2[x]+b2[x]) + k3*(a3[x]+b3[x])
	}
}

// mirror brings index i into [0, n) by reflection about the outer edges of the
// first and the last sample: … 1 0 | 0 1 2 … n−1 | n−1 n−2 …
func mirror(i, n int) int {
	period := 2 * n
	i = ((i % period) + period) % period
	if i >= n {
		i = period - 1 - i
	}
	return i
}
