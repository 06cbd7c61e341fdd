package dsp

import "math"

// FFT is a forward discrete Fourier transform of a fixed power-of-two length,
// X[k] = Σ x[j]·exp(−2πi·jk/n), in single precision: a Stockham autosort with
// radix-4 passes and, for odd powers, one radix-2 pass (Van Loan, Computational
// Frameworks for the FFT, 1992, §1.7). It is immutable and safe for concurrent
// use; each caller brings its own scratch.
type FFT struct {
	n       int
	twiddle []complex64 // exp(−2πi·j/n), j < n
}

// NewFFT prepares a transform of n samples, a power of two of at least 2.
func NewFFT(n int) *FFT {
	if n < 2 || n&(n-1) != 0 {
		panic("dsp: FFT length is not a power of two")
	}
	f := &FFT{n: n, twiddle: make([]complex64, n)}
	for j := range f.twiddle {
		s, c := math.Sincos(-2 * math.Pi * float64(j) / float64(n))
		f.twiddle[j] = complex(float32(c), float32(s))
	}
	return f
}

// Len returns the length of the transform.
func (f *FFT) Len() int { return f.n }

// Transform replaces x by its transform; scratch has the length of x too.
func (f *FFT) Transform(x, scratch []complex64) {
	src, dst := x[:f.n], scratch[:f.n]
	stride := 1 // sub-transforms done so far are of this length
	for left := f.n; left > 1; {
		switch {
		case left%4 != 0: // left is 2
			f.pass2(dst, src, stride)
			left /= 2
			stride *= 2
		case stride == 1:
			first4(f, dst, src)
			left /= 4
			stride = 4
		default:
			pass4(f, dst, src, left, stride)
			left /= 4
			stride *= 4
		}
		src, dst = dst, src
	}
	if &src[0] != &x[0] {
		copy(x, src)
	}
}

// butterfly4 is the length-4 transform.
func butterfly4(a, b, c, d complex64) (w, x, y, z complex64) {
	apc, amc := a+c, a-c
	bpd, bmd := b+d, b-d
	j := complex(imag(bmd), -real(bmd)) // −i·(b−d)
	return apc + bpd, amc + j, apc - bpd, amc - j
}

// The passes; other processors than the plain one may have their own.
var (
	first4 = (*FFT).first4Plain
	pass4  = (*FFT).pass4Plain
)

// times32 multiplies in single precision; the language's own product goes
// through double, at twice the cost.
func times32(x, w complex64) complex64 {
	a, b, c, d := real(x), imag(x), real(w), imag(w)
	return complex(a*c-b*d, a*d+b*c)
}

// first4Plain is pass4Plain for stride 1, where each butterfly has its own
// twiddles.
func (f *FFT) first4Plain(dst, src []complex64) {
	m := f.n / 4
	a, b, c, d := src[:m], src[m:2*m], src[2*m:3*m], src[3*m:4*m]
	t := f.twiddle
	for p := range a {
		w, x, y, z := butterfly4(a[p], b[p], c[p], d[p])
		o := dst[4*p : 4*p+4 : 4*p+4]
		o[0] = w
		o[1] = times32(x, t[p])
		o[2] = times32(y, t[2*p])
		o[3] = times32(z, t[3*p])
	}
}

// pass4Plain joins groups of four transforms of `stride` samples each.
func (f *FFT) pass4Plain(dst, src []complex64, left, stride int) {
	m := left / 4
	for p := range m {
		w1, w2, w3 := f.twiddle[p*stride], f.twiddle[2*p*stride], f.twiddle[3*p*stride]
		a := src[stride*p:][:stride]
		b := src[stride*(p+m):][:stride]
		c := src[stride*(p+2*m):][:stride]
		d := src[stride*(p+3*m):][:stride]
		o := dst[4*stride*p:][:4*stride]
		o0, o1, o2, o3 := o[:stride], o[stride:2*stride], o[2*stride:3*stride], o[3*stride:4*stride]
		if p == 0 {
			for q := range a {
				o0[q], o1[q], o2[q], o3[q] = butterfly4(a[q], b[q], c[q], d[q])
			}
			continue
		}
		for q := range a {
			w, x, y, z := butterfly4(a[q], b[q], c[q], d[q])
			o0[q] = w
			o1[q] = times32(x, w1)
			o2[q] = times32(y, w2)
			o3[q] = times32(z, w3)
		}
	}
}

// pass2 is the last pass of an odd power of two; its twiddles are 1.
func (f *FFT) pass2(dst, src []complex64, stride int) {
	a, b := src[:stride], src[stride:2*stride]
	c, d := dst[:stride], dst[stride:2*stride]
	for q := range a {
		c[q], d[q] = a[q]+b[q], a[q]-b[q]
	}
}
