package fragile

import "math"

// What was replaced has lost the mark wholly: its residuals are uniform, since
// the dither is. What was merely processed (blurred, sharpened, recoloured) has
// lost it in part, and most where there is most detail, which compression and
// noise do not do. Both are looked at before a map is believed.

// dropPartial clears the groups of altered cells in which the mark is still
// half there, and returns their share of the area: groups where the mean of cos
// 2πr over the blocks wholly inside, 0 when replaced, is above partialMean and
// partialSD standard deviations.
func (c *cells) dropPartial(s [len(grids)]*sheet, p pitch) (share float64) {
	sum, n := make([]float64, c.groups+1), make([]float64, c.groups+1)
	for g := range s {
		for b := range s[g].clipped {
			if id := c.inside(s[g], g, b); id > 0 && !s[g].blind[b] {
				sum[id] += s[g].agreement(b, p[g])
				n[id] += 2
			}
		}
	}
	dropped := 0
	for at, id := range c.group {
		// The variance of a cosine of a uniform phase is ½.
		if id > 0 && sum[id] > partialMean*n[id] && sum[id] > partialSD*math.Sqrt(n[id]/2) {
			c.p[at], c.group[at] = 0, 0
			dropped++
		}
	}
	return float64(dropped) / float64(len(c.group))
}

const (
	partialMean = 0.05
	partialSD   = 4
)

// agreement is the sum of cos 2πr over the coefficients of block b.
func (s *sheet) agreement(b int, pitch [2]float32) float64 {
	return float64(turn(s.residual(0, b, pitch[0])) + turn(s.residual(1, b, pitch[1])))
}

// cosines is cos 2πr for r from 0 to ½ in steps of 1/512.
var cosines = func() (t [258]float32) {
	for i := range t {
		t[i] = float32(math.Cos(2 * math.Pi * float64(i) / 512))
	}
	return t
}()

// turn is cos 2πr for |r| ≤ ½, to 1e-4.
func turn(r float32) float32 {
	v := max(r, -r) * 512
	i := int(v)
	return cosines[i] + (v-float32(i))*(cosines[i+1]-cosines[i])
}

// inside returns the group that all four cells of block b belong to: 0 when
// none of them is in any group, −1 when they differ.
func (c *cells) inside(s *sheet, g, b int) int32 {
	o := grids[g].offset / cell
	at := (2*(b/s.bw)+o)*c.w + 2*(b%s.bw) + o
	id := c.group[at]
	if c.group[at+1] != id || c.group[at+c.w] != id || c.group[at+c.w+1] != id {
		return -1
	}
	return id
}

// unevenness is the variance of r among the quarter of the intact blocks with
// most detail over that among the quarter with least, as cos 2πr tells it
// (for a wrapped Gauss its mean is exp(−2π²σ²)). It is about 1 after noise or
// compression; 1 is also returned when there are too few blocks to say.
func (c *cells) unevenness(s [len(grids)]*sheet, p pitch) float64 {
	const per, top = 16, 64 // bins for a level of detail, and levels
	var sum [per * top]float64
	var count [per * top]int
	total := 0
	for g := range s {
		detail := s[g].details()
		for b, clipped := range s[g].clipped {
			if !clipped && !s[g].blind[b] && c.inside(s[g], g, b) == 0 {
				at := min(int(detail[b]*per), len(count)-1)
				sum[at] += s[g].agreement(b, p[g]) / 2
				count[at]++
				total++
			}
		}
	}
	if total < 4*fewBlocks {
		return 1
	}
	// outer is the mean agreement of a quarter of the blocks from one end on.
	outer := func(from, step int) (mean float64) {
		for at, left := from, total/4; left > 0; at += step {
			if n := count[at]; n > 0 {
				take := min(n, left)
				mean += sum[at] / float64(n) * float64(take)
				left -= take
			}
		}
		return mean / float64(total/4)
	}
	calm, busy := outer(0, 1), outer(len(count)-1, -1)
	variance := func(agreement float64) float64 {
		return rounding - math.Log(min(max(agreement, 0.01), 1))/(2*math.Pi*math.Pi)
	}
	return variance(busy) / variance(calm)
}

// rounding is a variance that is nobody's fault.
const rounding = 0.001
