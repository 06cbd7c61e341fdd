package align

import (
	"cmp"
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// Refinement: blocks of the probe are held against the reference, each gives a
// shift by one step of Lucas and Kanade's method with gain and offset free
// (Baker and Matthews, "Lucas-Kanade 20 years on", 2004), and a homography is
// refitted to the shifts, each weighted along its own gradients and cut off by
// Tukey's function, so that altered blocks do not pull.

const (
	blockRadius = 10  // a block is 21 × 21 pixels
	blockCount  = 320 // about so many blocks
	minBlocks   = 12
	minBlockNCC = 0.5
)

// passes are the blurs, in pixels of the coarser picture, of the refits.
var passes = [...]float64{2.5, 1.2, 1.2, 1.2}

// shift is what a block says: probe (u, v) shows ref (x, y) displaced by
// (du, dv), known along two directions with the precisions p and q.
type shift struct {
	x, y, u, v, du, dv float64
	cos, sin           float64 // direction of precision p; q is across it
	p, q               float64
	ncc                float64
}

func refine(ref, probe *dsp.Plane, h Homography) (Homography, bool) {
	start := h
	a, b, c, d := h.Jacobian(float64(ref.W-1)/2, float64(ref.H-1)/2)
	scale := math.Sqrt(math.Abs(a*d - b*c))
	if !(scale > 0.05 && scale < 20) {
		return start, false
	}
	used := 0
	var sigma float64
	var r, p *dsp.Plane
	for _, s := range passes {
		if s != sigma {
			sigma = s
			r, p = sameBlur(ref, probe, scale, s)
		}
		shifts := measure(r, p, h)
		next, n, ok := refit(shifts, h)
		if !ok {
			return start, false
		}
		h, used = next, n
	}
	if used < minBlocks || moved(start, h, ref) > 0.02*float64(max(probe.W, probe.H)) {
		return start, false
	}
	return h, true
}

// moved is how far, in probe pixels, the corners and the centre of ref went.
func moved(g, h Homography, ref *dsp.Plane) (far float64) {
	w, t := float64(ref.W-1), float64(ref.H-1)
	for _, p := range [5][2]float64{{0, 0}, {w, 0}, {0, t}, {w, t}, {w / 2, t / 2}} {
		a, b := g.Apply(p[0], p[1])
		c, d := h.Apply(p[0], p[1])
		far = max(far, math.Hypot(a-c, b-d))
	}
	return far
}

// sameBlur blurs both to what the coarser one resolves, and by sigma on top.
func sameBlur(ref, probe *dsp.Plane, scale, sigma float64) (r, p *dsp.Plane) {
	sr, sp := sigma, sigma
	if scale < 1 {
		sr = math.Sqrt(sq(sigma/scale) + 0.25*(sq(1/scale)-1))
	} else {
		sp = math.Sqrt(sq(sigma*scale) + 0.25*(sq(scale)-1))
	}
	return dsp.GaussianBlur(ref, sr), dsp.GaussianBlur(probe, sp)
}

// measure takes the shifts of a grid of blocks.
func measure(ref, probe *dsp.Plane, h Homography) []shift {
	inv, ok := h.Invert()
	if !ok {
		return nil
	}
	step := max(blockRadius, int(math.Sqrt(float64(probe.W*probe.H)/blockCount)))
	const margin = blockRadius + 1
	nx, ny := (probe.W-1-2*margin)/step+1, (probe.H-1-2*margin)/step+1
	if probe.W <= 2*margin || probe.H <= 2*margin {
		return nil
	}
	all := make([]shift, nx*ny)
	dsp.Strips(ny, func(lo, hi int) {
		var patch [(2*blockRadius + 1) * (2*blockRadius + 1)]float64
		for j := lo; j < hi; j++ {
			for i := range nx {
				all[j*nx+i] = block(ref, probe, inv, margin+i*step, margin+j*step, patch[:])
			}
		}
	})
	return slices.DeleteFunc(all, func(s shift) bool { return s.ncc < minBlockNCC })
}

// block measures the block around probe pixel (u, v). Its ncc is 0 when it
// leaves the reference or is flat.
func block(ref, probe *dsp.Plane, inv Homography, u, v int, patch []float64) shift {
	s := shift{u: float64(u), v: float64(v)}
	s.x, s.y = inv.Apply(s.u, s.v)
	if !inverted(ref, inv, u, v, patch) {
		return shift{}
	}
	// Unknowns: the shift, the gain and offset of the reference. Sums of the
	// normal equations over gradients gx, gy, reference t, constant 1, probe p.
	var m [8][9]float64
	var st, stt, sp, spp, stp, n float64
	k := 0
	for y := v - blockRadius; y <= v+blockRadius; y++ {
		up, row, down := probe.Row(y-1), probe.Row(y), probe.Row(y+1)
		for x := u - blockRadius; x <= u+blockRadius; x++ {
			gx, gy := float64(row[x+1]-row[x-1])/2, float64(down[x]-up[x])/2
			t, p := patch[k], float64(row[x])
			k++
			accumulate(&m, [9]float64{-gx, -gy, t, 1, 0, 0, 0, 0, p}, 1, 4)
			st, stt, sp, spp, stp, n = st+t, stt+t*t, sp+p, spp+p*p, stp+t*p, n+1
		}
	}
	vt, vp := stt-st*st/n, spp-sp*sp/n
	if vt < n || vp < n { // a standard deviation under 1
		return shift{}
	}
	for i := range 4 {
		m[i][i] += 1e-6*m[i][i] + 1e-9
	}
	z, ok := solve(&m, 4)
	if !ok || math.Hypot(z[0], z[1]) > 4 {
		return shift{}
	}
	s.du, s.dv = z[0], z[1]
	s.ncc = (stp - st*sp/n) / math.Sqrt(vt*vp)
	s.directions(m[0][0]/n, m[0][1]/n, m[1][1]/n)
	return s
}

// inverted samples the reference under the block, bilinearly, into patch.
func inverted(ref *dsp.Plane, inv Homography, u, v int, patch []float64) bool {
	k := 0
	for dy := -blockRadius; dy <= blockRadius; dy++ {
		for dx := -blockRadius; dx <= blockRadius; dx++ {
			x, y := inv.Apply(float64(u+dx), float64(v+dy))
			if !(x >= 1 && y >= 1 && x < float64(ref.W-2) && y < float64(ref.H-2)) {
				return false
			}
			i, j := int(x), int(y)
			f, g := x-float64(i), y-float64(j)
			a, b := ref.Pix[j*ref.W+i:], ref.Pix[(j+1)*ref.W+i:]
			patch[k] = (1-g)*((1-f)*float64(a[0])+f*float64(a[1])) + g*((1-f)*float64(b[0])+f*float64(b[1]))
			k++
		}
	}
	return true
}

// directions are the eigenvectors of the mean structure tensor; precisions
// saturate, so that one strong edge does not outvote the picture.
func (s *shift) directions(a, b, c float64) {
	const half = 4 // squared gradient of half the full weight
	angle := 0.5 * math.Atan2(2*b, a-c)
	s.sin, s.cos = math.Sincos(angle)
	mean, diff := (a+c)/2, math.Hypot((a-c)/2, b)
	p, q := mean+diff, max(mean-diff, 0)
	s.p, s.q = p/(p+half), q/(q+half)
}

// refit fits a homography to the shifts, starting from h; n counts the blocks
// that it leaves within the cut.
func refit(shifts []shift, h Homography) (next Homography, n int, ok bool) {
	if len(shifts) < minBlocks {
		return h, 0, false
	}
	next = h
	errs := make([]float64, len(shifts))
	for range 5 {
		for i := range shifts {
			errs[i] = shifts[i].misfit(next)
		}
		sorted := slices.Clone(errs)
		slices.SortFunc(sorted, cmp.Compare)
		cut := max(0.25, 4*1.48*sorted[len(sorted)/2])
		g, count, good := refitOnce(shifts, errs, cut)
		if !good {
			return h, 0, false
		}
		next, n = g, count
	}
	return next, n, true
}

// misfit is the distance, in probe pixels, between where h and the block put
// the block, counted along the directions that the block knows.
func (s *shift) misfit(h Homography) float64 {
	u, v := h.Apply(s.x, s.y)
	ex, ey := u-s.u-s.du, v-s.v-s.dv
	a, b := ex*s.cos+ey*s.sin, ey*s.cos-ex*s.sin
	return math.Sqrt((s.p*a*a + s.q*b*b) / (s.p + s.q + 1e-9))
}

func refitOnce(shifts []shift, errs []float64, cut float64) (Homography, int, bool) {
	spots := make([]spot, len(shifts))
	for i, s := range shifts {
		spots[i] = spot{x: s.x, y: s.y, u: s.u + s.du, v: s.v + s.dv, weight: 1}
	}
	a, b := frames(spots)
	var m [8][9]float64
	n := 0
	for i, s := range shifts {
		if errs[i] >= cut {
			continue
		}
		n++
		tukey := sq(1-sq(errs[i]/cut)) * s.ncc
		x, y := (s.x-a.cx)/a.s, (s.y-a.cy)/a.s
		u, v := (spots[i].u-b.cx)/b.s, (spots[i].v-b.cy)/b.s
		along := func(c, d, precision float64) {
			t := c*u + d*v
			accumulate(&m, [9]float64{c * x, c * y, c, d * x, d * y, d, -t * x, -t * y, t}, tukey*precision, 8)
		}
		along(s.cos, s.sin, s.p)
		along(-s.sin, s.cos, s.q)
	}
	for i := 6; i < 8; i++ {
		m[i][i] += 1e-4 * float64(n)
	}
	z, ok := solve(&m, 8)
	h := Homography{z[0], z[1], z[2], z[3], z[4], z[5], z[6], z[7], 1}
	return b.from().Mul(h).Mul(a.to()).Normalised(), n, ok && n >= minBlocks
}
