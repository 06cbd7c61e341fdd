//go:build goexperiment.simd && amd64

package dsp

import (
	"simd/archsimd"
	"unsafe"
)

// Vector versions of the hot loops for AVX2, in the same order of operations as
// the plain ones and without fused multiply-add: the results are the same bits.
// Each ends by clearing the upper halves of the registers, without which all
// scalar arithmetic after it would wait for them.
func init() {
	if !archsimd.X86.AVX2() {
		return
	}
	first4, pass4 = (*FFT).first4Vector, (*FFT).pass4Vector
	firThree, mixRows, doublePairs, halvePairs = firThreeVector, mixRowsVector, doublePairsVector, halvePairsVector
}

const width = 8 // float32 lanes

func load(s []float32, i int) archsimd.Float32x8 {
	return archsimd.LoadFloat32x8((*[width]float32)(s[i:]))
}

func store(v archsimd.Float32x8, s []float32, i int) { v.Store((*[width]float32)(s[i:])) }

func firThreeVector(dst []float32, t *threePairs) {
	n := len(dst) &^ (width - 1)
	w := archsimd.BroadcastFloat32x8(t.weight)
	k1, k2, k3 := archsimd.BroadcastFloat32x8(t.k[0]), archsimd.BroadcastFloat32x8(t.k[1]), archsimd.BroadcastFloat32x8(t.k[2])
	base, a1, b1, a2, b2, a3, b3 := t.base, t.a[0], t.b[0], t.a[1], t.b[1], t.a[2], t.b[2]
	for i := 0; i < n; i += width {
		s := load(a1, i).Add(load(b1, i)).Mul(k1)
		s = s.Add(load(a2, i).Add(load(b2, i)).Mul(k2))
		s = s.Add(load(a3, i).Add(load(b3, i)).Mul(k3))
		store(load(base, i).Mul(w).Add(s), dst, i)
	}
	archsimd.ClearAVXUpperBits()
	if n < len(dst) {
		rest := threePairs{base: base[n:], weight: t.weight, k: t.k,
			a: [3][]float32{a1[n:], a2[n:], a3[n:]}, b: [3][]float32{b1[n:], b2[n:], b3[n:]}}
		firThreePlain(dst[n:], &rest)
	}
}

func mixRowsVector(dst, a, b []float32) {
	n := len(dst) &^ (width - 1)
	near, far := archsimd.BroadcastFloat32x8(0.75), archsimd.BroadcastFloat32x8(0.25)
	for i := 0; i < n; i += width {
		store(load(a, i).Mul(near).Add(load(b, i).Mul(far)), dst, i)
	}
	archsimd.ClearAVXUpperBits()
	mixRowsPlain(dst[n:], a[n:], b[n:])
}

func doublePairsVector(dst, t []float32) {
	n := (len(t) - 1) &^ (width - 1)
	near, far := archsimd.BroadcastFloat32x8(0.75), archsimd.BroadcastFloat32x8(0.25)
	for i := 0; i < n; i += width {
		v, w := load(t, i), load(t, i+1)
		l := v.Mul(near).Add(w.Mul(far)).AsUint32x8()
		r := w.Mul(near).Add(v.Mul(far)).AsUint32x8()
		lo, hi := l.InterleaveLoGrouped(r).AsFloat32x8(), l.InterleaveHiGrouped(r).AsFloat32x8()
		store(lo.Select128FromPair(0, 2, hi), dst, 2*i)
		store(lo.Select128FromPair(1, 3, hi), dst, 2*i+width)
	}
	archsimd.ClearAVXUpperBits()
	doublePairsPlain(dst[2*n:], t[n:])
}

// pairs undoes the order in which AddPairsGrouped leaves its sums.
var pairs = [width]uint32{0, 1, 4, 5, 2, 3, 6, 7}

func halvePairsVector(dst, a, b []float32) {
	n := len(dst) &^ (width - 1)
	quarter, order := archsimd.BroadcastFloat32x8(0.25), archsimd.LoadUint32x8(&pairs)
	for i := 0; i < n; i += width {
		l := load(a, 2*i).Add(load(b, 2*i))
		r := load(a, 2*i+width).Add(load(b, 2*i+width))
		store(l.AddPairsGrouped(r).Permute(order).Mul(quarter), dst, i)
	}
	archsimd.ClearAVXUpperBits()
	halvePairsPlain(dst[n:], a[2*n:], b[2*n:])
}

// floats views complex samples as their real and imaginary parts in turn.
func floats(x []complex64) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), 2*len(x))
}

// swapped exchanges real and imaginary parts.
func swapped(x archsimd.Float32x8) archsimd.Float32x8 { return x.SelectFromPairGrouped(1, 0, 3, 2, x) }

// times multiplies four complex numbers by others, given as their real parts
// and their imaginary parts, each twice.
func times(x, re, im archsimd.Float32x8) archsimd.Float32x8 {
	return x.Mul(re).AddSub(swapped(x).Mul(im))
}

// unturned holds the signs that make (im, re) into −i·(re + i·im) = im − i·re.
var unturned = [width]float32{1, -1, 1, -1, 1, -1, 1, -1}

func (f *FFT) pass4Vector(dst, src []complex64, left, stride int) {
	m := left / 4
	signs := archsimd.LoadFloat32x8(&unturned)
	in, out := floats(src), floats(dst)
	quarter, step := 2*stride*m, 2*stride
	for p := range m {
		t1, t2, t3 := f.twiddle[p*stride], f.twiddle[2*p*stride], f.twiddle[3*p*stride]
		r1, i1 := archsimd.BroadcastFloat32x8(real(t1)), archsimd.BroadcastFloat32x8(imag(t1))
		r2, i2 := archsimd.BroadcastFloat32x8(real(t2)), archsimd.BroadcastFloat32x8(imag(t2))
		r3, i3 := archsimd.BroadcastFloat32x8(real(t3)), archsimd.BroadcastFloat32x8(imag(t3))
		a := in[step*p:][:step]
		b, c, d := in[step*p+quarter:][:step], in[step*p+2*quarter:][:step], in[step*p+3*quarter:][:step]
		o := out[4*step*p:][:4*step]
		o0, o1, o2, o3 := o[:step], o[step:2*step], o[2*step:3*step], o[3*step:]
		for q := 0; q < step; q += width {
			va, vb, vc, vd := load(a, q), load(b, q), load(c, q), load(d, q)
			s, t, u := va.Add(vc), vb.Add(vd), va.Sub(vc)
			j := swapped(vb.Sub(vd)).Mul(signs)
			store(s.Add(t), o0, q)
			store(times(u.Add(j), r1, i1), o1, q)
			store(times(s.Sub(t), r2, i2), o2, q)
			store(times(u.Sub(j), r3, i3), o3, q)
		}
	}
	archsimd.ClearAVXUpperBits()
}

// first4Vector takes four butterflies at once and exchanges rows and columns of
// their outputs.
func (f *FFT) first4Vector(dst, src []complex64) {
	m := f.n / 4
	if m < 4 {
		f.first4Plain(dst, src)
		return
	}
	signs := archsimd.LoadFloat32x8(&unturned)
	in, out, tw := floats(src), floats(dst), f.twiddle
	var w1, w2, w3 [width]float32
	for p := 0; p < m; p += 4 {
		for l := range 4 {
			w1[2*l], w1[2*l+1] = real(tw[p+l]), imag(tw[p+l])
			w2[2*l], w2[2*l+1] = real(tw[2*(p+l)]), imag(tw[2*(p+l)])
			w3[2*l], w3[2*l+1] = real(tw[3*(p+l)]), imag(tw[3*(p+l)])
		}
		va, vb, vc, vd := load(in, 2*p), load(in, 2*(p+m)), load(in, 2*(p+2*m)), load(in, 2*(p+3*m))
		s, t, u := va.Add(vc), vb.Add(vd), va.Sub(vc)
		j := swapped(vb.Sub(vd)).Mul(signs)
		turn(out[8*p:][:4*width], s.Add(t), byTwiddle(u.Add(j), &w1), byTwiddle(s.Sub(t), &w2), byTwiddle(u.Sub(j), &w3))
	}
	archsimd.ClearAVXUpperBits()
}

func byTwiddle(x archsimd.Float32x8, w *[width]float32) archsimd.Float32x8 {
	v := archsimd.LoadFloat32x8(w)
	return times(x, v.SelectFromPairGrouped(0, 0, 2, 2, v), v.SelectFromPairGrouped(1, 1, 3, 3, v))
}

// turn writes the 4×4 complex numbers of four rows column by column.
func turn(out []float32, w, x, y, z archsimd.Float32x8) {
	a, b, c, d := w.AsUint64x4(), x.AsUint64x4(), y.AsUint64x4(), z.AsUint64x4()
	l, h := a.InterleaveLoGrouped(b).AsFloat32x8(), a.InterleaveHiGrouped(b).AsFloat32x8()
	m, k := c.InterleaveLoGrouped(d).AsFloat32x8(), c.InterleaveHiGrouped(d).AsFloat32x8()
	store(l.Select128FromPair(0, 2, m), out, 0)
	store(h.Select128FromPair(0, 2, k), out, width)
	store(l.Select128FromPair(1, 3, m), out, 2*width)
	store(h.Select128FromPair(1, 3, k), out, 3*width)
}
