package raster

// reduce averages a grid of cols × rows samples over boxes of sx × sy samples
// (the area method: partly covered samples count by their share) into an
// ow × oh grid. add accumulates weight·sample of row y into acc, cols long.
// Boxes are cut at the grid's edge. Rows are summed first, so that each sample
// is touched once, then columns.
func reduce(cols, rows int, sx, sy float64, ow, oh int, add func(y int, weight float32, acc []float32)) []float32 {
	out := make([]float32, ow*oh)
	eachBand(oh, func(y0, y1 int) {
		acc := make([]float32, cols)
		for oy := y0; oy < y1; oy++ {
			clear(acc)
			total := spans(float64(oy)*sy, float64(oy+1)*sy, rows, func(y int, weight float32) { add(y, weight, acc) })
			dst := out[oy*ow : (oy+1)*ow]
			for ox := range dst {
				dst[ox] = boxSum(acc, float64(ox)*sx, float64(ox+1)*sx, total)
			}
		}
	})
	return out
}

// spans calls f for each sample that the interval [a, b) covers, with the share
// covered, and returns the sum of the shares.
func spans(a, b float64, n int, f func(i int, weight float32)) float32 {
	b = min(b, float64(n))
	a = min(a, b-1e-9)
	total := float32(0)
	for i := max(0, int(a)); i < n && float64(i) < b; i++ {
		weight := float32(min(float64(i+1), b) - max(float64(i), a))
		if weight > 1e-6 {
			f(i, weight)
			total += weight
		}
	}
	return total
}

// boxSum averages acc over [a, b), each sample being a sum of weight total.
func boxSum(acc []float32, a, b float64, total float32) float32 {
	b = min(b, float64(len(acc)))
	a = min(a, b-1e-9)
	i, j := max(0, int(a)), int(b)
	if i == j || i+1 >= len(acc) && j > i {
		return acc[i] / total
	}
	head := float32(float64(i+1) - a)
	sum, weight := head*acc[i], head
	for _, v := range acc[i+1 : j] {
		sum += v
	}
	weight += float32(j - i - 1)
	if tail := float32(b - float64(j)); tail > 1e-6 {
		sum += tail * acc[j]
		weight += tail
	}
	return sum / (weight * total)
}
