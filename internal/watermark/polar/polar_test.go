package polar

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestInfo104IsTheDesign(t *testing.T) {
	mean := make([]float64, 512)
	for i := range mean {
		mean[i] = 4 * math.Pow(10, 0.15) * 104 / 512
	}
	for i, v := range design(mean, 104) {
		if Info104[i] != v {
			t.Fatalf("position %d is %d in the table, %d by design", i, Info104[i], v)
		}
	}
}

// matrixEncode is the definition: x = u·F^⊗n, entry (i, j) of the power being
// 1 where the bits of j are among those of i.
func matrixEncode(c *Code, w Word) []uint8 {
	x := make([]uint8, c.Len())
	for r, i := range c.info {
		for j := range x {
			if i&j == j {
				x[j] ^= w.Bit(r)
			}
		}
	}
	return x
}

func TestEncodeAgainstMatrix(t *testing.T) {
	c := New(9, Info104[:])
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		w := Word{r.Uint64(), r.Uint64() & (1<<40 - 1)}
		want := matrixEncode(c, w)
		for i, v := range c.Encode(w) {
			if v != want[i] {
				t.Fatalf("bit %d differs", i)
			}
		}
	}
}

// A list as long as the code has words makes successive cancellation exact:
// the first path is the maximum-likelihood word, found here by brute force.
func TestDecodeIsMaximumLikelihoodWhenTheListHoldsAllWords(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	c := New(4, []int{7, 11, 13, 14, 15})
	llr := make([]float32, 16)
	for trial := range 500 {
		for i := range llr {
			llr[i] = float32(2 * r.NormFloat64())
			if r.IntN(5) == 0 {
				llr[i] = 0
			}
		}
		score := func(w Word) (s float64) {
			for i, b := range c.Encode(w) {
				s += float64(llr[i]) * (1 - 2*float64(b))
			}
			return s
		}
		best := math.Inf(-1)
		for u := range uint64(32) {
			best = max(best, score(Word{u}))
		}
		words := c.Decode(llr, 32)
		if len(words) != 32 {
			t.Fatalf("trial %d: %d paths, want 32", trial, len(words))
		}
		// Metrics come from a table good to 0.004 a step.
		if s := score(words[0]); s < best-0.3 {
			t.Fatalf("trial %d: first path scores %g, the best word %g", trial, s, best)
		}
	}
}

// With 56 bits punctured at random the word is among the 32 paths 65%, 98% and
// 100% of the time at these energies; the bounds leave four standard deviations.
func TestDecodeUnderNoise(t *testing.T) {
	c := New(9, Info104[:])
	r := rand.New(rand.NewPCG(1, 2))
	const trials = 150
	for _, q := range []struct {
		energy float64 // mean LLR over all bits, for each information bit
		least  int
	}{{1.8, 74}, {2.4, 140}, {3.2, 149}} {
		mean := 2 * q.energy * 104 / 456
		found := 0
		for range trials {
			w := Word{r.Uint64(), r.Uint64() & (1<<40 - 1)}
			llr := make([]float32, 512)
			for i, b := range c.Encode(w) {
				llr[i] = float32((mean + math.Sqrt(2*mean)*r.NormFloat64()) * (1 - 2*float64(b)))
			}
			for _, i := range r.Perm(512)[:56] {
				llr[i] = 0
			}
			for _, v := range c.Decode(llr, 32) {
				if v == w {
					found++
				}
			}
		}
		if found < q.least {
			t.Errorf("energy %g: %d of %d words found, want at least %d", q.energy, found, trials, q.least)
		}
		t.Logf("energy %g: %d of %d", q.energy, found, trials)
	}
}

func TestDecodeTakesAnything(t *testing.T) {
	c := New(9, Info104[:])
	for _, v := range []float32{0, 30, -30, 1e30, -1e30} {
		llr := make([]float32, 512)
		for i := range llr {
			llr[i] = v
		}
		if n := len(c.Decode(llr, 32)); n != 32 {
			t.Errorf("LLRs of %g: %d words", v, n)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	c := New(9, Info104[:])
	llr := make([]float32, 512)
	for i := range llr {
		llr[i] = float32(r.NormFloat64())
	}
	for b.Loop() {
		c.Decode(llr, 32)
	}
}
