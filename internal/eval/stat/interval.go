// Package stat holds the statistics that evaluations report: intervals of
// shares and the area under a curve of detection.
package stat

import "math"

// Wilson is the 95% score interval of a share of ok out of n (Wilson, 1927),
// which stays honest near 0 and 1. No trials give 0 to 1.
func Wilson(ok, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	t := float64(n)
	share := float64(ok) / t
	centre := (share + z*z/(2*t)) / (1 + z*z/t)
	half := z / (1 + z*z/t) * math.Sqrt(share*(1-share)/t+z*z/(4*t*t))
	return max(0, centre-half), min(1, centre+half)
}

// Upper is the exact upper bound of a share, with a confidence such as 0.95 on
// this side alone, after k out of n trials (Clopper & Pearson, 1934): the share
// under which k or fewer come with a chance of 1 − confidence.
func Upper(k, n int, confidence float64) float64 {
	if k >= n {
		return 1
	}
	return bisect(func(p float64) bool { return atMost(k, n, p) < 1-confidence })
}

// Lower is the same below: the share under which k or more come with a chance
// of 1 − confidence.
func Lower(k, n int, confidence float64) float64 {
	if k == 0 || n == 0 {
		return 0
	}
	return bisect(func(p float64) bool { return 1-atMost(k-1, n, p) > 1-confidence })
}

// bisect finds the least p in (0, 1) for which beyond holds, as it does from
// there on, to 1e-12 of itself.
func bisect(beyond func(p float64) bool) float64 {
	low, high := 1e-18, 1.0
	for high/low > 1+1e-12 {
		middle := math.Sqrt(low * high) // bounds are often tiny
		if beyond(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// atMost is the chance of k or fewer of n at a share of p: the regularised
// incomplete beta function I₁₋ₚ(n−k, k+1).
func atMost(k, n int, p float64) float64 { return incompleteBeta(float64(n-k), float64(k+1), 1-p) }

// incompleteBeta is I_x(a, b) by its continued fraction, evaluated with Lentz's
// method (Press et al., "Numerical Recipes", 6.4).
func incompleteBeta(a, b, x float64) float64 {
	if x <= 0 || x >= 1 {
		return min(max(x, 0), 1)
	}
	if x > (a+1)/(a+b+2) {
		return 1 - incompleteBeta(b, a, 1-x)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a
	const tiny = 1e-300
	f, c, d := 1.0, 1.0, 0.0
	for i := range 100000 {
		m := float64(i / 2)
		var k float64
		switch {
		case i == 0:
			k = 1
		case i%2 == 0:
			k = m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		default:
			k = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		d = 1 + k*d
		if math.Abs(d) < tiny {
			d = tiny
		}
		d = 1 / d
		c = 1 + k/c
		if math.Abs(c) < tiny {
			c = tiny
		}
		f *= c * d
		if math.Abs(1-c*d) < 1e-14 {
			break
		}
	}
	return front * (f - 1)
}
