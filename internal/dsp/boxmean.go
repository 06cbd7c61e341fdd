package dsp

// BoxMean returns the mean of p over (2rx+1) × (2ry+1) samples around each; at
// the borders over those of them that exist.
func BoxMean(p *Plane, rx, ry int) *Plane {
	rx, ry = min(rx, p.W-1), min(ry, p.H-1)
	horizontal := NewPlane(p.W, p.H)
	for y := range p.H {
		boxRow(horizontal.Row(y), p.Row(y), rx)
	}
	out := NewPlane(p.W, p.H)
	// Sums run in float64: the difference of two large float32 sums would
	// drown a dark region beside a bright one.
	sum := make([]float64, p.W)
	for y := range ry {
		addRow(sum, horizontal.Row(y), 1)
	}
	for y := range p.H {
		if y+ry < p.H {
			addRow(sum, horizontal.Row(y+ry), 1)
		}
		if y-ry-1 >= 0 {
			addRow(sum, horizontal.Row(y-ry-1), -1)
		}
		k := 1 / float64(min(y+ry, p.H-1)-max(y-ry, 0)+1)
		dst := out.Row(y)
		for x, v := range sum[:len(dst)] {
			dst[x] = float32(v * k)
		}
	}
	return out
}

func addRow(sum []float64, row []float32, sign float64) {
	s := sum[:len(row)]
	for x, v := range row {
		s[x] += sign * float64(v)
	}
}

// boxRow writes the running mean of src over ±r samples, r < len(src).
func boxRow(dst, src []float32, r int) {
	n := len(src)
	sum := 0.0
	for _, v := range src[:r] {
		sum += float64(v)
	}
	// Between the ends one sample comes and one goes, and their number stays.
	inner, outer := min(r+1, n), max(n-r, 0)
	sum = boxEnd(dst, src, r, 0, min(inner, outer), sum)
	if inner < outer {
		k := 1 / float64(2*r+1)
		come, leave := src[inner+r:outer+r], src[:outer-inner]
		d := dst[inner:outer]
		come, leave = come[:len(d)], leave[:len(d)]
		for i := range d {
			sum += float64(come[i]) - float64(leave[i])
			d[i] = float32(sum * k)
		}
	}
	boxEnd(dst, src, r, outer, n, sum)
}

// boxEnd does the same for samples from to to, where the window may reach
// beyond src, and returns the sum.
func boxEnd(dst, src []float32, r, from, to int, sum float64) float64 {
	n := len(src)
	for x := from; x < to; x++ {
		lo, hi := x-r-1, x+r
		if hi < n {
			sum += float64(src[hi])
		}
		if lo >= 0 {
			sum -= float64(src[lo])
		}
		dst[x] = float32(sum / float64(min(hi, n-1)-max(lo, -1)))
	}
	return sum
}
