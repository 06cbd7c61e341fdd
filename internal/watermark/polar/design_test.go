package polar

import (
	"math"
	"slices"
)

// design ranks the positions of u by density evolution under the Gaussian
// approximation (Trifonov, IEEE Trans. Commun. 60, 2012; φ after Chung et al.,
// IEEE Trans. Inf. Theory 47, 2001) and returns the k best, ascending. mean
// holds the mean LLR of each codeword bit, 0 where it is punctured.
func design(mean []float64, k int) []int {
	m := slices.Clone(mean)
	for h := len(m) / 2; h >= 1; h /= 2 {
		for i := 0; i < len(m); i += 2 * h {
			for j := i; j < i+h; j++ {
				a, b := m[j], m[j+h]
				m[j], m[j+h] = phiInverse(1-(1-phi(a))*(1-phi(b))), a+b
			}
		}
	}
	order := make([]int, len(m))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case m[a] > m[b]:
			return -1
		case m[a] < m[b]:
			return 1
		}
		return b - a
	})
	best := order[:k]
	slices.Sort(best)
	return best
}

func phi(x float64) float64 {
	switch {
	case x <= 0:
		return 1
	case x < 10:
		return min(1, math.Exp(-0.4527*math.Pow(x, 0.86)+0.0218))
	}
	return math.Sqrt(math.Pi/x) * math.Exp(-x/4) * (1 - 10/(7*x))
}

func phiInverse(y float64) float64 {
	if y >= 1 {
		return 0
	}
	lo, hi := 0.0, 1e3
	for range 100 {
		if mid := (lo + hi) / 2; phi(mid) > y {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
