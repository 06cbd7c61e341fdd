// Package dsp holds the sample planes and the numeric kernels that the pixel
// rooms share: blurs, resampling, warps and Fourier transforms. It knows no
// image format, no key and no clock: planes in, planes out.
package dsp

// Plane is one channel of a picture, row-major, W*H float32 samples without
// padding. Pixel planes hold values in [0, 255] whatever the depth of the file
// they came from (a 16-bit sample v is v/257); residuals and responses may hold
// any finite value. Sample (x, y) stands at the continuous position (x, y):
// pixel centres are integers, the picture covers [-0.5, W-0.5] × [-0.5, H-0.5].
type Plane struct {
	W, H int
	Pix  []float32
}

// NewPlane returns a zeroed plane of w × h samples.
func NewPlane(w, h int) *Plane {
	return &Plane{W: w, H: h, Pix: make([]float32, w*h)}
}

// Row returns row y as a slice that shares the plane's memory.
func (p *Plane) Row(y int) []float32 { return p.Pix[y*p.W : (y+1)*p.W] }

// At returns sample (x, y); it panics outside the plane.
func (p *Plane) At(x, y int) float32 { return p.Pix[y*p.W+x] }

// Set writes sample (x, y); it panics outside the plane.
func (p *Plane) Set(x, y int, v float32) { p.Pix[y*p.W+x] = v }

// Clone returns a deep copy.
func (p *Plane) Clone() *Plane {
	q := &Plane{W: p.W, H: p.H, Pix: make([]float32, len(p.Pix))}
	copy(q.Pix, p.Pix)
	return q
}
