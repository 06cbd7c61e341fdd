package fragile

import (
	"math"

	"github.com/certana/certana/internal/dsp"
)

// Source is a received picture of any size, ready to be read between its pixels.
// It takes 5 bytes for each sample, and very large pictures are reduced first.
type Source struct {
	f       int // real pixels for one sample, on a side
	luma    *dsp.Plane
	clipped []uint8 // 1 where the sample clips, veiled where it can be seen through
}

// veiled marks a sample that says nothing of the mark.
const veiled = 2

// sourceSide is the long side beyond which a source is reduced. A mark has at
// most 3071 pixels on a side, so that enough samples stay for each.
const sourceSide = 6000

// NewSource reads a picture.
func NewSource(r Rows) *Source {
	w, h := r.Size()
	in := &reducer{Rows: r, k: (max(w, h) + sourceSide - 1) / sourceSide}
	in.k = max(1, min(in.k, w, h))
	w, h = w/in.k, h/in.k
	if in.k > 1 {
		full, _ := r.Size()
		in.row, in.sum = make([]uint8, 3*full), make([]uint32, 3*w)
	}
	in.lookThrough()
	s := &Source{f: in.k, luma: dsp.NewPlane(w, h), clipped: make([]uint8, w*h)}
	row := make([]uint8, 3*w)
	for y := range h {
		in.read(y, row, s.luma.Row(y))
		clipped := s.clipped[y*w : (y+1)*w]
		for x := range clipped {
			q := row[3*x : 3*x+3 : 3*x+3]
			if min(q[0], q[1], q[2]) <= clipLow || max(q[0], q[1], q[2]) >= clipHigh {
				clipped[x] = 1
			}
		}
		in.veiled(y, w, func(x int) { clipped[x] = veiled })
	}
	return s
}

// Projection is a projective map of the plane, row-major (see align.Homography).
type Projection [9]float64

// Apply maps one point.
func (m Projection) Apply(x, y float64) (float64, float64) {
	w := m[6]*x + m[7]*y + m[8]
	return (m[0]*x + m[1]*y + m[2]) / w, (m[3]*x + m[4]*y + m[5]) / w
}

// after is the map that applies a first, then m.
func (m Projection) after(a dsp.Affine) Projection {
	var out Projection
	for r := range 3 {
		p, q, s := m[3*r], m[3*r+1], m[3*r+2]
		out[3*r], out[3*r+1], out[3*r+2] = p*a[0]+q*a[3], p*a[1]+q*a[4], p*a[2]+q*a[5]+s
	}
	return out
}

// scaleAt returns how many samples a unit square at (x, y) is wide.
func (m Projection) scaleAt(x, y float64) float64 {
	const d = 0.5
	x0, y0 := m.Apply(x-d, y)
	x1, y1 := m.Apply(x+d, y)
	x2, y2 := m.Apply(x, y-d)
	x3, y3 := m.Apply(x, y+d)
	return math.Sqrt(math.Abs((x1-x0)*(y3-y2) - (x3-x2)*(y1-y0)))
}

// The kernel is Lanczos' with three lobes: what carries the mark lies far below
// the least sampling rate, and there it is flat.
const (
	lobes  = 3
	taps   = 2 * lobes
	phases = 64
)

var lanczos = func() (t [phases + 1][taps]float32) {
	sinc := func(x float64) float64 {
		if x == 0 {
			return 1
		}
		return math.Sin(math.Pi*x) / (math.Pi * x)
	}
	for i := range t {
		f, sum := float64(i)/phases, 0.0
		var k [taps]float64
		for j := range k {
			x := float64(j-lobes+1) - f
			if math.Abs(x) < lobes {
				k[j] = sinc(x) * sinc(x/lobes)
			}
			sum += k[j]
		}
		for j := range k {
			t[i][j] = float32(k[j] / sum)
		}
	}
	return t
}()

// at reads luma at sample position (x, y), which is inside.
func (s *Source) at(x, y float64) float32 {
	x, y = x+1.0/(2*phases), y+1.0/(2*phases)
	fx, fy := math.Floor(x), math.Floor(y)
	kx, ky := &lanczos[int((x-fx)*phases)], &lanczos[int((y-fy)*phases)]
	x0, y0 := int(fx)-lobes+1, int(fy)-lobes+1
	w, h := s.luma.W, s.luma.H
	if x0 < 0 || y0 < 0 || x0+taps > w || y0+taps > h {
		return s.border(x0, y0, kx, ky)
	}
	sum := float32(0)
	for j := range taps {
		r := s.luma.Pix[(y0+j)*w+x0:][:taps]
		sum += ky[j] * (kx[0]*r[0] + kx[1]*r[1] + kx[2]*r[2] + kx[3]*r[3] + kx[4]*r[4] + kx[5]*r[5])
	}
	return sum
}

// border repeats the outermost samples.
func (s *Source) border(x0, y0 int, kx, ky *[taps]float32) (sum float32) {
	for j := range taps {
		r := s.luma.Row(min(max(y0+j, 0), s.luma.H-1))
		part := float32(0)
		for i := range taps {
			part += kx[i] * r[min(max(x0+i, 0), s.luma.W-1)]
		}
		sum += ky[j] * part
	}
	return sum
}

// inside tells whether a sample position is in the picture.
func (s *Source) inside(x, y float64) bool {
	return x > -0.51 && y > -0.51 && x < float64(s.luma.W)-0.49 && y < float64(s.luma.H)-0.49
}
