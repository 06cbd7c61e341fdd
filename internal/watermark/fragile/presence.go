package fragile

import "math"

// presence bounds the p-value of the mark. Without it every residual r is
// uniform and independent, because its dither is; then T = Σcos 2πr over n
// coefficients has E exp(tT) = I₀(t)ⁿ ≤ exp(nt²/4), and Chernoff's bound gives
// P(T ≥ x) ≤ exp(−x²/n) for x ≥ 0, whatever the picture. The pitch is one
// of so many tries, each of which may have been the lucky one.
func presence(s [len(grids)]*sheet, p pitch, tries float64) float64 {
	sum, n := 0.0, 0
	for i, g := range s {
		for k := range g.coef {
			for b := range g.coef[k] {
				if g.blind[b] {
					continue
				}
				sum += float64(turn(g.residual(k, b, p[i][k])))
				n++
			}
		}
	}
	if sum <= 0 || n == 0 {
		return 1
	}
	return min(1, tries*math.Exp(-sum*sum/float64(n)))
}
