package spread

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

const (
	maskSigma    = 6.0 // canonical pixels
	maskFloor    = 3.0
	maskExponent = 0.3
	maskStep     = 4 // canonical pixels between the samples of the mask
)

// scaleOf is g, the picture's pixels for one canonical pixel: the mark grows
// with the picture, so that a large photograph posted small still carries it.
func scaleOf(w, h int) float64 { return max(1, float64(max(w, h))/canonicalSide) }

// moments are the mean and the mean square of luma less 128 over 2×2 pixels.
type moments struct{ mean, square *dsp.Plane }

func momentsOf(luma *dsp.Plane) moments {
	mean, square := dsp.NewPlane(luma.W, luma.H), dsp.NewPlane(luma.W, luma.H)
	for i, v := range luma.Pix {
		v -= 128
		mean.Pix[i] = v
		square.Pix[i] = v * v
	}
	return moments{dsp.Halve(mean), dsp.Halve(square)}
}

// blurred returns both under a Gaussian.
func (m moments) blurred(sigma float64) moments {
	return moments{dsp.GaussianBlur(m.mean, sigma), dsp.GaussianBlur(m.square, sigma)}
}

// variance of sample i, which rounding may leave below 0.
func (m moments) variance(i int) float64 {
	return float64(max(0, m.square.Pix[i]-m.mean.Pix[i]*m.mean.Pix[i]))
}

// maskOf returns (sd + 3)^0.3 of a canonical luma plane, sd the standard
// deviation under a Gaussian of 6 pixels, at every fourth pixel: sample i
// stands at 4i + 1.5. Means over 4×4 pixels add a variance of 15/12 and the
// bilinear reading of the mask 16/6, which the Gaussian gives up.
func maskOf(half moments) *dsp.Plane {
	sigma := math.Sqrt(maskSigma*maskSigma-15.0/12-16.0/6) / maskStep
	m := moments{dsp.Halve(half.mean), dsp.Halve(half.square)}.blurred(sigma)
	out := dsp.NewPlane(m.mean.W, m.mean.H)
	for i := range out.Pix {
		out.Pix[i] = float32(math.Pow(math.Sqrt(m.variance(i))+maskFloor, maskExponent))
	}
	return out
}

// meanActivity is the ρ of an average photograph: the geometric mean over the
// Kodak pictures.
const meanActivity = 3.13

// activity returns ρ, the square root of the geometric mean of
// sqrt(variance + 9), the variance under a Gaussian of 2 canonical pixels.
func activity(half moments) float64 {
	m := half.blurred(math.Sqrt(4-3.0/12) / 2)
	sum, n := 0.0, 0
	for y := 0; y < m.mean.H; y += 2 {
		for x := 0; x < m.mean.W; x += 2 {
			sum += 0.5 * math.Log(m.variance(y*m.mean.W+x)+9)
			n++
		}
	}
	return math.Exp(sum / float64(n) / 2)
}

// flatShare is the share of 2×2 pixels that are all alike: in drawings, pages
// and screenshots most are, and there edges hide nothing of what lies around.
func flatShare(half moments) float64 {
	flat := 0
	for i := range half.mean.Pix {
		if half.variance(i) < flatVariance {
			flat++
		}
	}
	return float64(flat) / float64(len(half.mean.Pix))
}

// flatVariance is above what rounding makes of no variance at all.
const flatVariance = 0.02

// The most that a picture's own target departs from the configured one, in dB.
const (
	mostBelow = 3
	mostAbove = 2.5
)

// targetMSE is the mean squared error over R, G and B that a picture is given.
func (t *Track) targetMSE(half moments) float64 {
	move := min(max(-10*math.Log10(activity(half)/meanActivity), -mostBelow), mostAbove)
	move += flatShare(half) * (mostAbove - move)
	return 255 * 255 / math.Pow(10, (t.cfg.PSNR+move)/10)
}
