package spread

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

// foldSide is two periods: in the transform of a residual folded to it the
// mark lies in the even bins, and the others measure the noise around it.
const foldSide = 2 * period

var foldFFT = dsp.NewFFT(foldSide)

// spectrum is the transform of a folded residual and the noise power around
// each bin, both foldSide² row-major.
type spectrum struct {
	bins  []complex64
	noise []float32
}

// span gives, for each row, the samples [from, to) that count.
type span func(y int) (from, to int)

// everything is the span of a whole plane.
func everything(p *dsp.Plane) span { return func(int) (int, int) { return 0, p.W } }

// foldOf sums the residual modulo foldSide both ways and transforms it.
func foldOf(r *dsp.Plane, valid span) *spectrum {
	sum := make([]float32, foldSide*foldSide)
	for y := range r.H {
		from, to := valid(y)
		dst := sum[y%foldSide*foldSide:][:foldSide]
		row := r.Row(y)
		for x := from; x < to; {
			i := x % foldSide
			n := min(foldSide-i, to-x)
			s, d := row[x:x+n], dst[i:i+n]
			for j, v := range s {
				d[j] += v
			}
			x += n
		}
	}
	return spectrumOf(sum)
}

// spectrumOf transforms foldSide² samples.
func spectrumOf(sum []float32) *spectrum {
	bins := make([]complex64, len(sum))
	for i, v := range sum {
		bins[i] = complex(v, 0)
	}
	foldFFT.Transform2D(bins)
	return &spectrum{bins, noiseAround(bins)}
}

// noiseAround returns the mean power of the bins without signal (those not
// even both ways) among the 9×9 around each, cyclically; always positive.
func noiseAround(bins []complex64) []float32 {
	const n, reach = foldSide, 4
	var rows, counts [n * n]float32
	for y := range n {
		for x := range n {
			var sum, count float32
			for d := -reach; d <= reach; d++ {
				i := (x + d) & (n - 1)
				if (y|i)&1 == 1 {
					v := bins[y*n+i]
					sum += real(v)*real(v) + imag(v)*imag(v)
					count++
				}
			}
			rows[y*n+x], counts[y*n+x] = sum, count
		}
	}
	noise := make([]float32, n*n)
	total := float32(0)
	for y := range n {
		for x := range n {
			var sum, count float32
			for d := -reach; d <= reach; d++ {
				i := (y+d)&(n-1)*n + x
				sum += rows[i]
				count += counts[i]
			}
			noise[y*n+x] = sum / count
			total += sum / count
		}
	}
	// A made picture may have no noise at all somewhere; nothing is infinitely
	// certain.
	floor := total/(n*n)*1e-6 + 1e-12
	for i, v := range noise {
		noise[i] = max(v, floor)
	}
	return noise
}

// at returns the value and the noise power of a frequency given in cycles per
// period.
func (s *spectrum) at(u, v int) (complex64, float32) {
	i := (2*v)&(foldSide-1)*foldSide + (2*u)&(foldSide-1)
	return s.bins[i], s.noise[i]
}

// excess is the power of the band's harmonics above the noise around them, in
// standard deviations of noise that does not repeat; it needs no key.
func (s *spectrum) excess() float64 {
	sum := 0.0
	hs := bandHarmonics
	for _, h := range hs {
		v, noise := s.at(h.u, h.v)
		sum += float64((real(v)*real(v)+imag(v)*imag(v))/noise) - 1
	}
	return sum / math.Sqrt(float64(len(hs)))
}

// blank says that nothing was folded: a constant picture, or one without valid
// samples.
func (s *spectrum) blank() bool {
	for _, v := range s.noise {
		if v > 1e-6 {
			return false
		}
	}
	return true
}
