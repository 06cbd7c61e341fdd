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

// moments returns the mean and the mean square of the luma less 128, on
// samples `halvings` times halved.
func moments(luma *dsp.Plane, halvings int) (mean, square *dsp.Plane) {
	mean, square = dsp.NewPlane(luma.W, luma.H), dsp.NewPlane(luma.W, luma.H)
	for i, v := range luma.Pix {
		v -= 128
		mean.Pix[i] = v
		square.Pix[i] = v * v
	}
	for range halvings {
		mean, square = dsp.Halve(mean), dsp.Halve(square)
	}
	return mean, square
}

// maskOf returns (sd + 3)^0.3 of a canonical luma plane, sd the standard
// deviation under a Gaussian of 6 pixels, at every fourth pixel: sample i
// stands at 4i + 1.5. Means over 4×4 pixels add a variance of 15/12 and the
// bilinear reading of the mask 16/6, which the Gaussian gives up.
func maskOf(luma *dsp.Plane) *dsp.Plane {
	mean, square := moments(luma, 2)
	sigma := math.Sqrt(maskSigma*maskSigma-15.0/12-16.0/6) / maskStep
	mean, square = dsp.GaussianBlur(mean, sigma), dsp.GaussianBlur(square, sigma)
	for i, m := range mean.Pix {
		sd := math.Sqrt(float64(max(0, square.Pix[i]-m*m)))
		mean.Pix[i] = float32(math.Pow(sd+maskFloor, maskExponent))
	}
	return mean
}

// meanActivity is the ρ of an average photograph: the geometric mean over the
// Kodak pictures.
const meanActivity = 3.13

// activity returns ρ, the square root of the geometric mean of
// sqrt(variance + 9), the variance under a Gaussian of 2 canonical pixels.
func activity(luma *dsp.Plane) float64 {
	mean, square := moments(luma, 1)
	sigma := math.Sqrt(4-3.0/12) / 2
	mean, square = dsp.GaussianBlur(mean, sigma), dsp.GaussianBlur(square, sigma)
	sum, n := 0.0, 0
	for y := 0; y < mean.H; y += 2 {
		m, s := mean.Row(y), square.Row(y)
		for x := 0; x < len(m); x += 2 {
			sum += 0.5 * math.Log(float64(max(0, s[x]-m[x]*m[x]))+9)
			n++
		}
	}
	return math.Exp(sum / float64(n) / 2)
}

// targetMSE is the mean squared error over R, G and B that a picture is given.
func (t *Track) targetMSE(luma *dsp.Plane) float64 {
	move := -10 * math.Log10(activity(luma)/meanActivity)
	psnr := t.cfg.PSNR + min(max(move, -3), 2.5)
	return 255 * 255 / math.Pow(10, psnr/10)
}
