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
	halvePairs(dst[:n], a, b)
	if len(a)&1 == 1 {
		dst[n] = 0.5 * (a[2*n] + b[2*n])
	}
}

// halvePairs writes the means of 2×2 samples of two rows.
var halvePairs = halvePairsPlain

func halvePairsPlain(dst, a, b []float32) {
	a, b = a[:2*len(dst)], b[:2*len(dst)]
	for x := range dst {
		i := 2 * x
		dst[x] = 0.25 * ((a[i] + b[i]) + (a[i+1] + b[i+1]))
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
	mixRows(t, a, b)
	upsampleWide(dst, t)
}

// mixRows writes ¾·a + ¼·b.
var mixRows = mixRowsPlain

func mixRowsPlain(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for x, v := range a {
		dst[x] = 0.75*v + 0.25*b[x]
	}
}

// upsampleWide doubles a row: sample i of t stands at 2i+1/2.
func upsampleWide(dst, t []float32) {
	n := len(t)
	dst[0] = 0.75*t[0] + 0.25*t[0]
	doublePairs(dst[1:2*n-1], t)
	if len(dst) == 2*n {
		dst[2*n-1] = 0.75*t[n-1] + 0.25*t[n-1]
	}
}

// doublePairs writes the two samples between each sample of t and the next:
// 2·len(t)−2 of them.
var doublePairs = doublePairsPlain

func doublePairsPlain(dst, t []float32) {
	n := len(t) - 1
	next, dst := t[1:], dst[:2*n]
	for i, v := range t[:n] {
		w := next[i]
		dst[2*i] = 0.75*v + 0.25*w
		dst[2*i+1] = 0.75*w + 0.25*v
	}
}

// gaussDirect filters both ways with a sampled Gaussian. Only the rows that the
// filter reaches at a time are kept filtered one way.
func gaussDirect(p *Plane, sigma float64) *Plane {
	k := gaussKernel(sigma)
	r := len(k) - 1
	ring := NewPlane(p.W, min(2*r+1, p.H))
	buf := make([]float32, p.W+2*r)
	out := NewPlane(p.W, p.H)
	for y, next := 0, 0; y < p.H; y++ {
		for ; next < min(y+r+1, p.H); next++ {
			mirrorEnds(buf, p.Row(next), r)
			firSymmetric(ring.Row(next%ring.H), k, func(i int) []float32 { return buf[r+i : r+i+p.W] })
		}
		firSymmetric(out.Row(y), k, func(i int) []float32 { return ring.Row(mirror(y+i, p.H) % ring.H) })
	}
	return out
}

// mirrorEnds copies a row to the middle of buf and r mirrored samples to both
// ends.
func mirrorEnds(buf, row []float32, r int) {
	n := len(row)
	copy(buf[r:], row)
	for i := 1; i <= r; i++ {
		buf[r-i] = row[mirror(-i, n)]
		buf[r+n-1+i] = row[mirror(n-1+i, n)]
	}
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
// pass; len(k)−1 is a multiple of 3, and not 0.
func firSymmetric(dst []float32, k []float32, at func(i int) []float32) {
	base, weight := at(0), k[0]
	for i := 1; i+2 < len(k); i += 3 {
		firThree(dst, &threePairs{
			base: base, weight: weight, k: [3]float32(k[i:]),
			a: [3][]float32{at(-i), at(-i - 1), at(-i - 2)},
			b: [3][]float32{at(i), at(i + 1), at(i + 2)},
		})
		base, weight = dst, 1
	}
}

// threePairs is one pass of a symmetric filter: weight·base + Σ k[i]·(a[i] + b[i]).
type threePairs struct {
	base   []float32
	weight float32
	k      [3]float32
	a, b   [3][]float32
}

// firThree writes a pass to dst, as long as each of its rows at least.
var firThree = firThreePlain

func firThreePlain(dst []float32, t *threePairs) {
	n := len(dst)
	base, w := t.base[:n], t.weight
	a1, b1, a2, b2, a3, b3 := t.a[0][:n], t.b[0][:n], t.a[1][:n], t.b[1][:n], t.a[2][:n], t.b[2][:n]
	k1, k2, k3 := t.k[0], t.k[1], t.k[2]
	for x, v := range base {
		dst[x] = w*v + (k1*(a1[x]+b1[x]) + k2*(a2[x]+b2[x]) + k3*(a3[x]+b3[x]))
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
