package fingerprint

import "github.com/certana/certana/internal/dsp"

// boxWindow is the width of one box pass over n samples that become 64: half a
// block, rounded up, since two passes follow each other.
func boxWindow(n int) int { return (n + 2*grid - 1) / (2 * grid) }

// boxRows means every row of src over a window of w samples, cut at the ends;
// an even window reaches one sample further to the right. The running sum is
// that of the reference (add the entering sample, then take the leaving one
// away), rounding errors included.
func boxRows(dst, src *dsp.Plane, w int) {
	right := (w+2)/2 - 1
	for y := range src.H {
		in, out := src.Row(y), dst.Row(y)
		var sum float32
		count := 0
		for i := -right; i < len(in); i++ {
			if j := i + right; j < len(in) {
				sum += in[j]
				count++
			}
			if j := i + right - w; j >= 0 {
				sum -= in[j]
				count--
			}
			if i >= 0 {
				out[i] = sum / float32(count)
			}
		}
	}
}

// boxCols is boxRows down the columns, all of them side by side.
func boxCols(dst, src *dsp.Plane, w int) {
	right := (w+2)/2 - 1
	sum := make([]float32, src.W)
	count := 0
	for i := -right; i < src.H; i++ {
		if j := i + right; j < src.H {
			for x, v := range src.Row(j) {
				sum[x] += v
			}
			count++
		}
		if j := i + right - w; j >= 0 {
			for x, v := range src.Row(j) {
				sum[x] -= v
			}
			count--
		}
		if i >= 0 {
			out, n := dst.Row(i), float32(count)
			for x, s := range sum {
				out[x] = s / n
			}
		}
	}
}
