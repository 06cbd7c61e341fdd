package spread

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// comb finds rotation and scale without the key's phases: the power spectrum
// of a marked picture has peaks at all 252 harmonics at once. On a log-polar
// map of the spectrum a rotation and a scale are shifts, so the score of all of
// them is a sum of 252 shifted copies.
//
// The maps are kept at 1/17 of the mean power in 16-bit lanes, four to a
// machine word, and added without a carry between lanes: 252 times the clipped
// maximum of 255 is less than 2¹⁶.
type comb struct {
	fft        *dsp.FFT
	n          int // transform length
	box        int // reach of the local mean of the spectrum, in bins
	peaks      int // candidates wanted
	angles     int // steps in [0, π)
	dTheta     float64
	dRho       float64
	scales     int // steps in [minScale, maxScale)
	rows       int // log-radius steps of the map
	rho0       float64
	harmonics  []harmonic
	shiftAngle []int // of each harmonic, in steps of the map
	shiftRho   []int // its row at minScale
}

const (
	minScale    = 0.28 // received pixels for one canonical pixel
	maxScale    = 2.6
	powerClip   = 15 // times the local mean
	powerLevels = 17 // of one local mean
	lanes       = 4
	blockWords  = 8
	blockLanes  = lanes * blockWords
)

func newComb(n, box, peaks int, dTheta, dRho float64) *comb {
	c := &comb{
		fft: dsp.NewFFT(n), n: n, box: box, peaks: peaks,
		angles: int(math.Round(math.Pi / dTheta)), dRho: dRho, harmonics: band(),
	}
	c.dTheta = math.Pi / float64(c.angles)
	c.scales = int(math.Log(maxScale/minScale)/dRho) + 1
	least, most := math.Inf(1), 0.0
	for _, h := range c.harmonics {
		least, most = min(least, h.radius()/period), max(most, h.radius()/period)
	}
	c.rho0 = math.Log(least / maxScale)
	c.rows = int((math.Log(min(0.49, most/minScale))-c.rho0)/dRho) + 1
	for _, h := range c.harmonics {
		a := math.Round(math.Atan2(float64(h.v), float64(h.u)) / c.dTheta)
		r := math.Round((math.Log(h.radius()/period/minScale) - c.rho0) / dRho)
		c.shiftAngle = append(c.shiftAngle, (int(a)+c.angles)%c.angles)
		c.shiftRho = append(c.shiftRho, int(r))
	}
	return c
}

// flatten divides a power spectrum by its local mean and clips it.
func (c *comb) flatten(power *dsp.Plane) *dsp.Plane {
	for kx := range min(3, power.H) {
		clear(power.Row(kx)[c.n/2-2 : c.n/2+3])
	}
	mean := dsp.BoxMean(power, c.box, c.box)
	total := 0.0
	for _, v := range mean.Pix {
		total += float64(v)
	}
	eps := float32(1e-6*total/float64(len(mean.Pix))) + 1e-12
	for i, v := range power.Pix {
		power.Pix[i] = min(v/(mean.Pix[i]+eps), powerClip)
	}
	return power
}

// spectrumOf is the flattened power spectrum of a residual of at most n×n
// samples (the rest is cut off).
func (c *comb) spectrumOf(r *dsp.Plane) *dsp.Plane { return c.flatten(c.fft.PowerSpectrum(r)) }

// readPower interpolates a flattened spectrum at (fx, fy) bins, 0 outside.
func readPower(p *dsp.Plane, fx, fy float32) float32 {
	if fx < 0 {
		fx, fy = -fx, -fy
	}
	fy += float32(p.W / 2)
	if !(fy >= 0 && fx < float32(p.H-1) && fy < float32(p.W-1)) {
		return 0
	}
	ix, iy := int(fx), int(fy)
	ax, ay := fx-float32(ix), fy-float32(iy)
	a := p.Pix[ix*p.W+iy:][:2]
	b := p.Pix[(ix+1)*p.W+iy:][:2]
	u, v := a[0]+ay*(a[1]-a[0]), b[0]+ay*(b[1]-b[0])
	return u + ax*(v-u)
}

// peak is a rotation and a scale that the comb proposes: a harmonic of the tile
// is received at strain · rotation(theta) · harmonic / scale.
type peak struct {
	score  float64 // standard deviations above the mean of the spectrum
	theta  float64 // in [0, π/2)
	scale  float64
	strain matrix
}

// logPolar is the map: row r holds the power at exp(rho0 + r·dRho) cycles per
// sample for every angle, and again for the half of them, so that shifted rows
// need no wrapping; two bytes an entry, little-endian.
type logPolar struct {
	cells  []byte
	stride int       // bytes of a row
	mean   []float32 // of each row
}

func (c *comb) logPolarOf(power *dsp.Plane, strain matrix, from, to int) *logPolar {
	width := c.angles + c.angles/2 + blockLanes
	m := &logPolar{cells: make([]byte, 2*width*c.rows), stride: 2 * width, mean: make([]float32, c.rows)}
	cos, sin := make([]float32, c.angles), make([]float32, c.angles)
	for i := range cos {
		s, k := math.Sincos(float64(i) * c.dTheta)
		cos[i], sin[i] = float32((strain[0]*k+strain[1]*s)*float64(c.n)), float32((strain[2]*k+strain[3]*s)*float64(c.n))
	}
	dsp.Strips(to-from, func(lo, hi int) {
		for r := from + lo; r < from+hi; r++ {
			radius := float32(math.Exp(c.rho0 + float64(r)*c.dRho))
			row := m.cells[r*m.stride : (r+1)*m.stride]
			sum := 0
			for i, k := range cos {
				v := int(readPower(power, radius*k, radius*sin[i])*powerLevels + 0.5)
				sum += v
				binary.LittleEndian.PutUint16(row[2*i:], uint16(v))
			}
			copy(row[2*c.angles:], row[:m.stride-2*c.angles])
			m.mean[r] = float32(sum) / float32(powerLevels*c.angles)
		}
	})
	return m
}

// search scores every rotation in [0, π/2) and scale in [least, maxScale) and
// returns the best local maxima, best first.
func (c *comb) search(power *dsp.Plane, strain matrix, least float64) []peak {
	first := max(0, int(math.Log(least/minScale)/c.dRho))
	n := c.scales - first
	if n <= 0 {
		return nil
	}
	m := c.logPolarOf(power, strain, max(0, slices.Min(c.shiftRho)-c.scales+1),
		min(c.rows, slices.Max(c.shiftRho)-first+1))
	turns := c.angles / 2
	score := dsp.NewPlane(turns, n)
	dsp.Strips(n, func(lo, hi int) {
		at := make([]int, 0, len(c.harmonics))
		sums := make([]uint16, turns+blockLanes)
		for i := lo; i < hi; i++ {
			var mean float32
			at = at[:0]
			for k, r := range c.shiftRho {
				if r -= first + i; r >= 0 && r < c.rows {
					at = append(at, r*m.stride+2*c.shiftAngle[k])
					mean += m.mean[r]
				}
			}
			m.addShifted(at, sums, turns)
			norm := 1 / float32(math.Sqrt(float64(max(mean, 20))))
			dst := score.Row(i)
			for a := range dst {
				dst[a] = (float32(sums[a])/powerLevels - mean) * norm
			}
		}
	})
	return c.maxima(score, first, strain)
}

// addShifted sums, for every turn, the cells at the given offsets plus the
// turn.
func (m *logPolar) addShifted(at []int, sums []uint16, turns int) {
	for b := 0; b < turns; b += blockLanes {
		var s0, s1, s2, s3, s4, s5, s6, s7 uint64
		for _, o := range at {
			q := m.cells[o+2*b:][:2*blockLanes]
			s0 += binary.LittleEndian.Uint64(q)
			s1 += binary.LittleEndian.Uint64(q[8:])
			s2 += binary.LittleEndian.Uint64(q[16:])
			s3 += binary.LittleEndian.Uint64(q[24:])
			s4 += binary.LittleEndian.Uint64(q[32:])
			s5 += binary.LittleEndian.Uint64(q[40:])
			s6 += binary.LittleEndian.Uint64(q[48:])
			s7 += binary.LittleEndian.Uint64(q[56:])
		}
		dst := sums[b : b+blockLanes]
		for w, s := range [blockWords]uint64{s0, s1, s2, s3, s4, s5, s6, s7} {
			for j := range lanes {
				dst[w*lanes+j] = uint16(s >> (16 * j))
			}
		}
	}
}

// leastScore is below the highest of the hundreds of thousands of scores of
// any picture.
const leastScore = 3

// maxima lists the highest points of the score that top their 9×9 neighbours.
func (c *comb) maxima(score *dsp.Plane, first int, strain matrix) []peak {
	var found []peak
	for i := range score.H {
		for a, v := range score.Row(i) {
			if v > leastScore && tops(score, a, i, v) {
				g := minScale * math.Exp(float64(first+i)*c.dRho)
				found = append(found, peak{float64(v), float64(a) * c.dTheta, g, strain})
			}
		}
	}
	sortPeaks(found)
	return found[:min(len(found), c.peaks)]
}

func sortPeaks(p []peak) {
	slices.SortStableFunc(p, func(a, b peak) int { return cmp.Compare(b.score, a.score) })
}

func tops(p *dsp.Plane, x, y int, v float32) bool {
	for j := max(0, y-4); j <= min(p.H-1, y+4); j++ {
		for _, w := range p.Row(j)[max(0, x-4):min(p.W, x+5)] {
			if w > v {
				return false
			}
		}
	}
	return true
}
