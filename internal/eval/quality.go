package eval

import (
	"math"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
)

// Quality is how far a picture is from another of the same size.
type Quality struct {
	PSNRRGB  float64 // dB over R, G and B; 100 at most, which equal pictures get
	PSNRLuma float64 // dB over 0.299 R + 0.587 G + 0.114 B
	SSIM     float64 // of luma, 1 when equal
	// DSSIM is structural dissimilarity, (1 − SSIM)/2: 0 when equal.
	DSSIM float64
	GMSD  float64 // of luma, 0 when equal
}

func compare(a, b *raster.RGB8) Quality {
	la, lb := (*watermark.RGB)(a).Luma(0), (*watermark.RGB)(b).Luma(0)
	ssim := SSIM(la, lb)
	return Quality{
		PSNRRGB:  min(watermark.PSNR((*watermark.RGB)(a), (*watermark.RGB)(b)), 100),
		PSNRLuma: psnr(la, lb),
		SSIM:     ssim,
		DSSIM:    (1 - ssim) / 2,
		GMSD:     GMSD(la, lb),
	}
}

func psnr(a, b *dsp.Plane) float64 {
	var sum float64
	for i, v := range a.Pix {
		d := float64(v) - float64(b.Pix[i])
		sum += d * d
	}
	return min(10*math.Log10(255*255*float64(len(a.Pix))/sum), 100)
}

// SSIM is the mean structural similarity of two planes of one size with samples
// of 0 to 255 (Wang, Bovik, Sheikh & Simoncelli, "Image quality assessment: from
// error visibility to structural similarity", 2004): an 11 × 11 Gaussian window
// of deviation 1.5, K1 = 0.01, K2 = 0.03, over the windows that lie wholly
// inside. Planes smaller than the window give 0. It works in bands, so that large
// pictures take little memory.
func SSIM(a, b *dsp.Plane) float64 {
	const band = 64
	ow, oh := a.W-len(window)+1, a.H-len(window)+1
	if ow < 1 || oh < 1 {
		return 0
	}
	var sum float64
	for y := 0; y < oh; y += band {
		rows := min(band, oh-y) + len(window) - 1
		sum += ssimSum(a.Pix[y*a.W:(y+rows)*a.W], b.Pix[y*a.W:(y+rows)*a.W], a.W, rows)
	}
	return sum / (float64(ow) * float64(oh))
}

// ssimSum adds the similarities of all windows of w × h samples.
func ssimSum(a, b []float32, w, h int) (sum float64) {
	const c1, c2 = 0.01 * 255 * 0.01 * 255, 0.03 * 255 * 0.03 * 255
	mean := func(value func(i int) float64) []float64 {
		v := make([]float64, len(a))
		for i := range v {
			v[i] = value(i)
		}
		return average(v, w, h)
	}
	ma, mb := mean(func(i int) float64 { return float64(a[i]) }), mean(func(i int) float64 { return float64(b[i]) })
	aa := mean(func(i int) float64 { return float64(a[i]) * float64(a[i]) })
	bb := mean(func(i int) float64 { return float64(b[i]) * float64(b[i]) })
	ab := mean(func(i int) float64 { return float64(a[i]) * float64(b[i]) })
	for i := range ma {
		va, vb, cov := aa[i]-ma[i]*ma[i], bb[i]-mb[i]*mb[i], ab[i]-ma[i]*mb[i]
		sum += (2*ma[i]*mb[i] + c1) * (2*cov + c2) / ((ma[i]*ma[i] + mb[i]*mb[i] + c1) * (va + vb + c2))
	}
	return sum
}

var window = gaussian11()

func gaussian11() (k [11]float64) {
	var sum float64
	for i := range k {
		d := float64(i - 5)
		k[i] = math.Exp(-d * d / (2 * 1.5 * 1.5))
		sum += k[i]
	}
	for i := range k {
		k[i] /= sum
	}
	return k
}

// average weighs w × h samples by the window; the answer is 10 samples smaller
// in both directions.
func average(v []float64, w, h int) []float64 {
	ow, oh := w-len(window)+1, h-len(window)+1
	rows := make([]float64, ow*h)
	for y := range h {
		for x := range ow {
			var s float64
			for j, k := range window {
				s += k * v[y*w+x+j]
			}
			rows[y*ow+x] = s
		}
	}
	out := make([]float64, ow*oh)
	for y := range oh {
		for j, k := range window {
			for x, s := range rows[(y+j)*ow : (y+j+1)*ow] {
				out[y*ow+x] += k * s
			}
		}
	}
	return out
}
