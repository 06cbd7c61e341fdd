//go:build goexperiment.simd && amd64

package dsp

import (
	"math/rand/v2"
	"simd/archsimd"
	"slices"
	"testing"
)

func randoms(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(100 * r.NormFloat64())
	}
	return s
}

// The vector kernels give the same bits as the plain ones, at any length.
func TestVectorAgainstPlain(t *testing.T) {
	if !archsimd.X86.AVX2() {
		t.Skip("this processor has no AVX2; the plain kernels are in use")
	}
	r := rand.New(rand.NewPCG(7, 8))
	for n := range 100 {
		a, b := randoms(r, 2*n+1), randoms(r, 2*n+1)
		for name, f := range map[string][2]func(dst []float32){
			"mixRows":    {func(d []float32) { mixRowsPlain(d, a, b) }, func(d []float32) { mixRowsVector(d, a, b) }},
			"halvePairs": {func(d []float32) { halvePairsPlain(d, a, b) }, func(d []float32) { halvePairsVector(d, a, b) }},
			"doublePairs": {func(d []float32) { doublePairsPlain(d[:n/2*2], a[:n/2+1]) },
				func(d []float32) { doublePairsVector(d[:n/2*2], a[:n/2+1]) }},
			"firThree": {func(d []float32) { firThreePlain(d, pairsOf(a, b, n)) }, func(d []float32) { firThreeVector(d, pairsOf(a, b, n)) }},
		} {
			want, got := make([]float32, n), make([]float32, n)
			f[0](want)
			f[1](got)
			if !slices.Equal(got, want) {
				t.Fatalf("%s of %d: got %v, want %v", name, n, got, want)
			}
		}
	}
}

func pairsOf(a, b []float32, n int) *threePairs {
	return &threePairs{base: a, weight: 0.3, k: [3]float32{0.2, 0.1, 0.05},
		a: [3][]float32{a[1:], b, b[n:]}, b: [3][]float32{b[1:], a[n:], a[n+1:]}}
}

func TestVectorPassesAgainstPlain(t *testing.T) {
	if !archsimd.X86.AVX2() {
		t.Skip("this processor has no AVX2; the plain kernels are in use")
	}
	r := rand.New(rand.NewPCG(9, 10))
	for n := 4; n <= 2048; n *= 2 {
		f := NewFFT(n)
		src, want, got := make([]complex64, n), make([]complex64, n), make([]complex64, n)
		for i := range src {
			src[i] = complex(float32(r.NormFloat64()), float32(r.NormFloat64()))
		}
		f.first4Plain(want, src)
		f.first4Vector(got, src)
		if !slices.Equal(got, want) {
			t.Fatalf("first pass of %d", n)
		}
		for left, stride := n/4, 4; left >= 4; left, stride = left/4, stride*4 {
			f.pass4Plain(want, src, left, stride)
			f.pass4Vector(got, src, left, stride)
			if !slices.Equal(got, want) {
				t.Fatalf("pass of %d at stride %d", n, stride)
			}
		}
	}
}
