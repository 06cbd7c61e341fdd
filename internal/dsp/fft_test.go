package dsp

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"testing"
)

// dft is the slow twin of a transform: the sum, in double precision.
func dft(x []complex128) []complex128 {
	n := len(x)
	out := make([]complex128, n)
	for k := range out {
		for j, v := range x {
			out[k] += v * cmplx.Rect(1, -2*math.Pi*float64(j*k%n)/float64(n))
		}
	}
	return out
}

// dft2D is the slow twin of Transform2D.
func dft2D(x []complex64, n int) []complex128 {
	out := make([]complex128, n*n)
	col := make([]complex128, n)
	for y := range n {
		for i, v := range x[y*n : (y+1)*n] {
			out[y*n+i] = complex128(v)
		}
		copy(out[y*n:], dft(out[y*n:(y+1)*n]))
	}
	for i := range n {
		for y := range n {
			col[y] = out[y*n+i]
		}
		for y, v := range dft(col) {
			out[y*n+i] = v
		}
	}
	return out
}

// The error of single precision grows with the logarithm of the length: it
// stays below 1e-6 of the root of the energy.
func TestTransformAgainstDFT(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := 2; n <= 1024; n *= 2 {
		x, in := make([]complex64, n), make([]complex128, n)
		for j := range x {
			x[j] = complex(float32(r.NormFloat64()), float32(r.NormFloat64()))
			in[j] = complex128(x[j])
		}
		NewFFT(n).Transform(x, make([]complex64, n))
		for k, want := range dft(in) {
			if d := cmplx.Abs(complex128(x[k]) - want); d > 1e-6*math.Sqrt(2*float64(n)) {
				t.Fatalf("n=%d k=%d: got %v, want %v", n, k, x[k], want)
			}
		}
	}
}

func TestTransform2DAgainstDFT(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{2, 4, 8, 16, 64} {
		for _, share := range []float64{1, 0.02} { // of samples that are not 0
			x := make([]complex64, n*n)
			for i := range x {
				if r.Float64() < share {
					x[i] = complex(float32(r.NormFloat64()), float32(r.NormFloat64()))
				}
			}
			want := dft2D(x, n)
			part := NewFFT(n).RealTransform2D(slices.Clone(x))
			NewFFT(n).Transform2D(x)
			for i, v := range part.Pix {
				if d := math.Abs(float64(v) - real(want[i])); d > 2e-6*math.Sqrt2*float64(n) {
					t.Fatalf("n=%d share %g at %d: got %v, want the real part of %v", n, share, i, v, want[i])
				}
			}
			for i, v := range x {
				if d := cmplx.Abs(complex128(v) - want[i]); d > 2e-6*math.Sqrt2*float64(n) {
					t.Fatalf("n=%d share %g at %d: got %v, want %v", n, share, i, v, want[i])
				}
			}
		}
	}
}

func TestFFTRefusesOtherLengths(t *testing.T) {
	for _, n := range []int{-4, 0, 1, 3, 12} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("length %d was taken", n)
				}
			}()
			NewFFT(n)
		}()
	}
}

func TestPowerSpectrumAgainstTransform2D(t *testing.T) {
	for _, n := range []int{2, 8, 16, 64} {
		f := NewFFT(n)
		for _, size := range [][2]int{{64, 64}, {50, 37}, {80, 70}, {1, 1}, {64, 3}, {7, 61}, {17, 16}} {
			p := noise(size[0], size[1], 3)
			x := make([]complex64, n*n)
			for y := range min(n, p.H) {
				for i, v := range p.Row(y)[:min(n, p.W)] {
					x[y*n+i] = complex(v, 0)
				}
			}
			f.Transform2D(x)
			got := f.PowerSpectrum(p)
			for kx := range n/2 + 1 {
				for ky := -n / 2; ky < n/2; ky++ {
					c := x[(ky&(n-1))*n+kx]
					want := float64(real(c)*real(c) + imag(c)*imag(c))
					if d := math.Abs(float64(got.At(ky+n/2, kx)) - want); d > 1e-4*want+4 {
						t.Fatalf("n=%d %v kx=%d ky=%d: got %g, want %g", n, size, kx, ky, got.At(ky+n/2, kx), want)
					}
				}
			}
		}
	}
}

func BenchmarkPowerSpectrum1024(b *testing.B) {
	p, f := noise(1024, 683, 1), NewFFT(1024)
	for b.Loop() {
		f.PowerSpectrum(p)
	}
}

func BenchmarkTransform2D(b *testing.B) {
	f := NewFFT(128)
	x := make([]complex64, 128*128)
	for i := range x {
		x[i] = complex(float32(i*7919%1000), 0)
	}
	y := make([]complex64, len(x))
	for b.Loop() {
		copy(y, x)
		f.Transform2D(y)
	}
}

// BenchmarkRealTransform2D has the frequencies of a tile.
func BenchmarkRealTransform2D(b *testing.B) {
	f := NewFFT(512)
	x := make([]complex64, 512*512)
	for b.Loop() {
		clear(x)
		for i := range 256 {
			x[(i/16-8)&511*512+i%16] = 1
		}
		f.RealTransform2D(x)
	}
}
