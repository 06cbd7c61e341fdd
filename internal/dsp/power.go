package dsp

// PowerSpectrum returns |X|² of p, zero-padded or cut to n×n samples, n the
// transform's length. As p is real, half of it is enough: the plane has n/2+1
// rows, row kx holding the frequency kx/n along x, and n columns, column
// ky + n/2 holding the frequency ky/n along y, −n/2 ≤ ky < n/2. Rows and
// columns are thus exchanged against p, so that no transposition is needed.
func (f *FFT) PowerSpectrum(p *Plane) *Plane {
	n := f.n
	h := min(p.H, n)
	const group = 8 // rows transformed together: one cache line of each column
	stride := (h+group-1)/group*group + group
	columns := make([]complex64, (n/2+1)*stride)
	Strips((h+group-1)/group, func(lo, hi int) {
		buf := make([]complex64, group/2*n)
		scratch := make([]complex64, n)
		for g := lo; g < hi; g++ {
			f.rowGroup(p, g*group, h, buf, scratch)
			spread(columns, buf, n, stride, g*group)
		}
	})
	out := NewPlane(n, n/2+1)
	Strips(n/2+1, func(lo, hi int) {
		col := make([]complex64, n)
		scratch := make([]complex64, n)
		for kx := lo; kx < hi; kx++ {
			copy(col, columns[kx*stride:kx*stride+h])
			clear(col[h:])
			f.Transform(col, scratch)
			dst := out.Row(kx)
			for k, v := range col {
				dst[k^(n/2)] = real(v)*real(v) + imag(v)*imag(v)
			}
		}
	})
	return out
}

// rowGroup transforms rows y0 … y0+7 of p (zero from row h on) in pairs, one
// as the real and one as the imaginary part.
func (f *FFT) rowGroup(p *Plane, y0, h int, buf, scratch []complex64) {
	n := f.n
	w := min(p.W, n)
	for j := range len(buf) / n {
		b := buf[j*n : (j+1)*n]
		clear(b)
		y := y0 + 2*j
		switch {
		case y+1 < h:
			r0, r1 := p.Row(y)[:w], p.Row(y + 1)[:w]
			for x, v := range r0 {
				b[x] = complex(v, r1[x])
			}
		case y < h:
			for x, v := range p.Row(y)[:w] {
				b[x] = complex(v, 0)
			}
		default:
			continue
		}
		f.Transform(b, scratch)
	}
}

// spread separates the pairs of buf and writes them as columns: entry y of
// column kx is the transform of row y at kx.
func spread(columns, buf []complex64, n, stride, y0 int) {
	pairs := len(buf) / n
	for k := range n/2 + 1 {
		c := columns[k*stride+y0 : k*stride+y0+2*pairs]
		m := (n - k) & (n - 1)
		for j := range pairs {
			u, v := buf[j*n+k], buf[j*n+m]
			v = complex(real(v), -imag(v))
			s, d := u+v, u-v
			c[2*j] = complex(real(s)/2, imag(s)/2)
			c[2*j+1] = complex(imag(d)/2, -real(d)/2)
		}
	}
}
