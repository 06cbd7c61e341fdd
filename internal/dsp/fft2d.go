package dsp

// block is how many columns are brought together to be transformed: a cache
// line of each row.
const block = 8

// Transform2D replaces the n×n row-major samples of x by their transform in
// both directions, n the transform's length. Rows of zeros cost nothing.
func (f *FFT) Transform2D(x []complex64) {
	n := f.n
	scratch := make([]complex64, n)
	f.rows(x, scratch)
	cols := make([]complex64, block*n)
	for x0 := 0; x0 < n; x0 += block {
		w := min(block, n-x0)
		for y := range n {
			for i, v := range x[y*n+x0 : y*n+x0+w] {
				cols[i*n+y] = v
			}
		}
		for i := range w {
			f.Transform(cols[i*n:(i+1)*n], scratch)
		}
		for y := range n {
			row := x[y*n+x0 : y*n+x0+w]
			for i := range row {
				row[i] = cols[i*n+y]
			}
		}
	}
}

// rows transforms every row of x that is not zero and tells which are not.
func (f *FFT) rows(x, scratch []complex64) []bool {
	used := make([]bool, f.n)
	for y := range used {
		row := x[y*f.n : (y+1)*f.n]
		if used[y] = !isZero(row); used[y] {
			f.Transform(row, scratch)
		}
	}
	return used
}

func isZero(x []complex64) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}

// RealTransform2D returns the real part of what Transform2D makes of x, which
// it overwrites, in half the time. With G the transform of the rows and
// H(v) = (G(v) + G*(−v))/2, the columns of the real part are the transforms of
// those of H, so two of them fit into one transform of H(x) + i·H(x+1).
func (f *FFT) RealTransform2D(x []complex64) *Plane {
	n := f.n
	scratch, cols := make([]complex64, n), make([]complex64, block/2*n)
	used := f.rows(x, scratch)
	out := NewPlane(n, n)
	for x0 := 0; x0 < n; x0 += block {
		w := min(block, n-x0) / 2
		clear(cols)
		for v := range n {
			m := (n - v) & (n - 1)
			if !used[v] && !used[m] {
				continue
			}
			g, c := x[v*n+x0:][:2*w], x[m*n+x0:][:2*w]
			for i := range w {
				p, q := g[2*i], c[2*i]
				r, s := g[2*i+1], c[2*i+1]
				cols[i*n+v] = complex((real(p)+real(q)-imag(r)+imag(s))/2, (imag(p)-imag(q)+real(r)+real(s))/2)
			}
		}
		for i := range w {
			f.Transform(cols[i*n:(i+1)*n], scratch)
		}
		for y := range n {
			row := out.Pix[y*n+x0:][:2*w]
			for i := range w {
				z := cols[i*n+y]
				row[2*i], row[2*i+1] = real(z), imag(z)
			}
		}
	}
	return out
}
