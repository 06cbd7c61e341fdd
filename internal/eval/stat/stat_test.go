package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestWilson compares with the intervals of Newcombe (1998) and the extremes.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		ok, n     int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {29, 29, 0.8830, 1}, {0, 0, 0, 1}} {
		low, high := Wilson(c.ok, c.n)
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.ok, c.n, low, high, c.low, c.high)
		}
	}
}

// slowAtMost adds up the binomial distribution.
func slowAtMost(k, n int, p float64) float64 {
	var sum float64
	for i := 0; i <= k; i++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

func TestBoundsAreTheirDefinition(t *testing.T) {
	for _, c := range [][2]int{{0, 1}, {0, 2000}, {0, 10000000}, {1, 10}, {3, 40}, {39, 40}, {17, 100000}} {
		k, n := c[0], c[1]
		if p := Upper(k, n, 0.95); math.Abs(slowAtMost(k, n, p)-0.05) > 1e-6 {
			t.Errorf("%d of %d: at %g the chance of so few is %g", k, n, p, slowAtMost(k, n, p))
		}
		p := Lower(k, n, 0.95)
		if k == 0 {
			if p != 0 {
				t.Errorf("none of %d: at least %g", n, p)
			}
		} else if got := 1 - slowAtMost(k-1, n, p); math.Abs(got-0.05) > 1e-6 {
			t.Errorf("%d of %d: at %g the chance of so many is %g", k, n, p, got)
		}
	}
	if got, want := Upper(0, 100000, 0.95), 1-math.Pow(0.05, 1e-5); math.Abs(got/want-1) > 1e-9 {
		t.Errorf("none of 100,000: %g, want %g", got, want)
	}
	// Clopper & Pearson's own kind of table: 5 of 20, 95% on both sides.
	if low, high := Lower(5, 20, 0.975), Upper(5, 20, 0.975); math.Abs(low-0.0866) > 1e-4 || math.Abs(high-0.4910) > 1e-4 {
		t.Errorf("5 of 20: %.4f to %.4f, want 0.0866 to 0.4910", low, high)
	}
	if Upper(3, 3, 0.95) != 1 {
		t.Error("all of three leave room above")
	}
}

// TestAUCIsItsDefinition compares every positive with every negative.
func TestAUCIsItsDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, levels := range []int{2, 5, 1 << 20} {
		score, truth := make([]float32, 300), make([]uint8, 300)
		for i := range score {
			truth[i] = uint8(rng.IntN(2))
			score[i] = float32(rng.IntN(levels) + int(truth[i])*levels/4)
		}
		var sum, n float64
		for i, a := range truth {
			for j, b := range truth {
				if a == 0 || b == 1 {
					continue
				}
				n++
				switch {
				case score[i] > score[j]:
					sum++
				case score[i] == score[j]:
					sum += 0.5
				}
			}
		}
		if got := AUC(score, truth); math.Abs(got-sum/n) > 1e-12 || got < 0.55 {
			t.Errorf("%d levels: %v, want %v", levels, got, sum/n)
		}
	}
	if !math.IsNaN(AUC([]float32{1, 2}, []uint8{1, 1})) {
		t.Error("a curve without negatives has an area")
	}
	ranked := AUC([]float32{2, 2, 0, 1, 1, 2, 0, 0}, []uint8{1, 1, 1, 1, 0, 0, 0, 0})
	if got := CountedAUC([]int{1, 1, 2}, []int{2, 1, 1}); math.Abs(got-ranked) > 1e-12 {
		t.Errorf("from counts %v, from ranks %v", got, ranked)
	}
	if !math.IsNaN(CountedAUC([]int{1, 1}, []int{0, 0})) {
		t.Error("counts without negatives have an area")
	}
}

func TestROC(t *testing.T) {
	got := ROC([]float64{1e-9, 1e-9, 0.2, 1}, []float64{0.1, 0.2, 0.5, 1})
	want := []Point{{0, 0}, {0, .5}, {.25, .5}, {.5, .75}, {.75, .75}, {1, 1}}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("point %d: %v, want %v", i, got[i], want[i])
		}
	}
}
