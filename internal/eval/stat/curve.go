package stat

import (
	"cmp"
	"math"
	"slices"
)

// AUC is the area under the curve of true against false positives: the chance
// that a positive scores above a negative, ties counting half. NaN when either
// is missing.
func AUC(score []float32, truth []uint8) float64 {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	var rank, positives float64 // of positives, ties sharing their mean rank
	for i := 0; i < len(order); {
		j, ones := i, 0
		for ; j < len(order) && score[order[j]] == score[order[i]]; j++ {
			ones += int(truth[order[j]])
		}
		rank += float64(ones) * (float64(i+j) + 1) / 2
		positives += float64(ones)
		i = j
	}
	negatives := float64(len(order)) - positives
	if positives == 0 || negatives == 0 {
		return math.NaN()
	}
	return (rank - positives*(positives+1)/2) / (positives * negatives)
}

// CountedAUC is AUC of scores that were sorted into as many classes for positives
// as for negatives, lowest first: those of one class tie. NaN when either is missing.
func CountedAUC(positive, negative []int) float64 {
	below, sum, positives := 0.0, 0.0, 0.0
	for i, p := range positive {
		sum += float64(p) * (below + float64(negative[i])/2)
		positives += float64(p)
		below += float64(negative[i])
	}
	return sum / (positives * below)
}

// Point is a share of negatives, and of positives, that pass a threshold.
type Point struct{ FalsePositive, TruePositive float64 }

// ROC is the curve of two samples of p-values, small ones speaking for a
// positive: a point for every value that occurs, from (0, 0).
func ROC(positive, negative []float64) []Point {
	p, n := slices.Sorted(slices.Values(positive)), slices.Sorted(slices.Values(negative))
	curve := []Point{{}}
	for i, j := 0, 0; i < len(p) || j < len(n); {
		v := math.Inf(1)
		if i < len(p) {
			v = p[i]
		}
		if j < len(n) {
			v = min(v, n[j])
		}
		for i < len(p) && p[i] == v {
			i++
		}
		for j < len(n) && n[j] == v {
			j++
		}
		curve = append(curve, Point{float64(j) / max(1, float64(len(n))), float64(i) / max(1, float64(len(p)))})
	}
	return curve
}
