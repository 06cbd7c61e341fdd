package attack

import "math"

// OpenCV's 8-bit CIE L*a*b* of linear light (COLOR_LBGR2Lab and back): D65, L
// in 0 to 255, a and b with 128 for grey, in the fixed point of its imgproc.
const (
	labShift  = 12           // of the matrices
	labGamma  = 3            // of the samples before the cube root
	labCube   = 15           // of the cube root: labShift + labGamma
	labBase   = 1 << 14      // of f, X, Y and Z on the way back
	labCurve  = 12           // of linear samples on the way back
	labLowest = -labBase / 2 // least f on the way back, with room
)

// lab holds the tables of both directions.
type lab struct {
	to, from [9]int
	cube     [256 * 3 / 2 << labGamma]int
	y, fy    [256]int // Y and f(Y) for L
	xz       [labBase * 9 / 4 * 2]int
}

var labTables = newLab()

func newLab() *lab {
	white := [3]float64{0.950456, 1, 1.088754}
	toXYZ := [9]float64{0.412453, 0.357580, 0.180423, 0.212671, 0.715160, 0.072169, 0.019334, 0.119193, 0.950227}
	toRGB := [9]float64{3.240479, -1.53715, -0.498535, -0.969256, 1.875991, 0.041556, 0.055648, -0.204043, 1.057311}
	t := new(lab)
	for i := range 9 {
		t.to[i] = rint(toXYZ[i] / white[i/3] * (1 << labShift))
		t.from[i] = rint(toRGB[i] * white[i%3] * (1 << labShift))
	}
	for i := range t.cube {
		x := float64(i) / (255 << labGamma)
		f := math.Cbrt(x)
		if x < 216.0/24389 {
			f = x*841/108 + 16.0/116
		}
		t.cube[i] = rint(f * (1 << labCube))
	}
	for i := range 256 {
		l := float64(i) * 100 / 255
		f := (l + 16) / 116
		y := f * f * f
		if i <= 20 {
			y = l * 27 / 24389
			f = 16.0/116 + y*841/108
		}
		t.y[i], t.fy[i] = rint(y*labBase), rint(f*labBase)
	}
	for i := range t.xz {
		v := i + labLowest
		if v <= 3390 { // f = 6/29
			t.xz[i] = v*108/841 - labBase*16/116*108/841
		} else {
			t.xz[i] = v * v / labBase * v / labBase
		}
	}
	return t
}

func rint(v float64) int { return int(math.RoundToEven(v)) }

// descale divides by 2^n, rounding.
func descale(v, n int) int { return (v + 1<<(n-1)) >> n }

// toLab writes L, a and b of an R, G, B pixel.
func (t *lab) toLab(p []uint8) (l, a, b uint8) {
	red, green, blue := int(p[0])<<labGamma, int(p[1])<<labGamma, int(p[2])<<labGamma
	var f [3]int
	for i := range f {
		k := t.to[3*i : 3*i+3]
		f[i] = t.cube[descale(red*k[0]+green*k[1]+blue*k[2], labShift)]
	}
	const scale, shift = (116*255 + 50) / 100, (16*255*(1<<labCube) + 50) / 100
	return clipInt(descale(scale*f[1]-shift, labCube)),
		clipInt(descale(500*(f[0]-f[1])+128<<labCube, labCube)),
		clipInt(descale(200*(f[1]-f[2])+128<<labCube, labCube))
}

// toRGB writes the pixel of L, a and b to dst.
func (t *lab) toRGB(l, a, b uint8, dst []uint8) {
	da := (5*int(a)*53687+1<<7)>>13 - 128*labBase/500
	db := (int(b)*41943+1<<4)>>9 - 128*labBase/200 + 1
	y, f := t.y[l], t.fy[l]
	x, z := t.xz[f+da-labLowest], t.xz[f-db-labLowest]
	for i := range 3 {
		k := t.from[3*i : 3*i+3]
		v := descale(k[0]*x+k[1]*y+k[2]*z, labShift+14-labCurve)
		v = min(max(v, 0), 1<<labCurve-1)
		dst[i] = uint8(v * 255 >> labCurve)
	}
}

func clipInt(v int) uint8 { return uint8(min(max(v, 0), 255)) }
