package synth

import (
	"math"
	"math/rand/v2"
)

// colour is linear light in R, G and B, about 0 to 1.
type colour [3]float32

// families are hues that photographs are mostly made of, in linear light at a
// middling exposure.
var families = []colour{
	{0.20, 0.15, 0.10}, // bark, soil
	{0.14, 0.20, 0.07}, // foliage
	{0.22, 0.30, 0.42}, // sky
	{0.30, 0.29, 0.27}, // stone
	{0.42, 0.27, 0.19}, // skin, brick
	{0.45, 0.38, 0.24}, // straw, sand
	{0.07, 0.13, 0.19}, // deep water, shade
	{0.40, 0.09, 0.07}, // a red accent
	{0.50, 0.40, 0.06}, // a yellow accent
}

// palette is the few families that one picture is made of.
type palette []colour

func newPalette(rng *rand.Rand) palette {
	var p palette
	for _, i := range rng.Perm(7)[:4] {
		p = append(p, families[i])
	}
	if rng.IntN(2) == 0 {
		p = append(p, families[7+rng.IntN(2)])
	}
	return p
}

// pick returns a shade of one of the families: exposure varies over three and a
// half stops, each channel by a tenth.
func (p palette) pick(rng *rand.Rand) colour {
	c := p[min(rng.IntN(len(p)+2), rng.IntN(len(p)))]
	exposure := float32(0.25 * math.Exp(2.4*rng.Float64()))
	for i := range c {
		c[i] *= exposure * float32(0.9+0.2*rng.Float64())
	}
	return c
}
