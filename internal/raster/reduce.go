package raster

import "math"

// reduce averages a grid of cols × rows samples over boxes of sx × sy samples
// (the area method: partly covered samples count by their share) into an
// ow × oh grid. add accumulates weight·sample of row y into acc, cols long.
// Boxes are cut at the grid's edge. Rows are summed first, so that each sample
// is touched once, then columns.
func reduce(cols, rows int, sx, sy float64, ow, oh int, add func(y int, weight float32, acc []float32)) []float32 {
	out := make([]float32, ow*oh)
	columns := boxes(sx, ow, cols)
	eachBand(oh, func(y0, y1 int) {
		acc := make([]float32, cols)
		for oy := y0; oy < y1; oy++ {
			clear(acc)
			total := spans(float64(oy)*sy, float64(oy+1)*sy, rows, func(y int, weight float32) { add(y, weight, acc) })
			sumBoxes(out[oy*ow:(oy+1)*ow], columns, acc, 1/total)
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

// box is an interval of samples: the share head of sample from, all of those
// between, and the share tail of sample last; norm is one over their sum.
type box struct {
	from, last       int32
	head, tail, norm float32
}

// boxes lists the intervals [i·step, (i+1)·step) of n samples.
func boxes(step float64, count, n int) []box {
	out := make([]box, count)
	for i := range out {
		b := min(float64(i+1)*step, float64(n))
		a := max(0, min(float64(i)*step, b-1e-9))
		from, last := int(a), int(math.Ceil(b))-1
		out[i] = box{int32(from), int32(from), 1, 0, 1} // within one sample
		if last > from {
			head, tail := float32(float64(from+1)-a), float32(b-float64(last))
			out[i] = box{int32(from), int32(last), head, tail, 1 / (head + tail + float32(last-from-1))}
		}
	}
	return out
}

// sumBoxes averages acc over each box; scale is one over the weight that each
// sample of acc has.
func sumBoxes(dst []float32, boxes []box, acc []float32, scale float32) {
	for x, b := range boxes[:len(dst)] {
		row := acc[b.from : b.last+1]
		sum := b.head * row[0]
		n := len(row) - 1
		for _, v := range row[min(1, n):n] {
			sum += v
		}
		dst[x] = (sum + b.tail*row[n]) * b.norm * scale
	}
}
