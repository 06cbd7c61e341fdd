package align

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// ORB (Rublee, Rabaud, Konolige and Bradski, "ORB: an efficient alternative to
// SIFT or SURF", 2011): FAST corners on a pyramid, ranked by Harris' measure,
// turned by the centroid of their patch, described by 256 comparisons of 5 × 5
// means. The pattern is our own: 128 comparisons and the same 128 mirrored, so
// that the descriptor of a mirror image is the descriptor with its halves
// exchanged.

const (
	patchRadius = 15
	boxRadius   = 2
	border      = patchRadius + boxRadius + 1
)

// thresholds of FAST, tried until a level has twice its quota.
var thresholds = [...]int{20, 10, 5}

// test compares the means at two places of the patch, in the frame of its
// orientation.
type test struct{ px, py, qx, qy float64 }

// pattern: places are drawn from a round Gaussian of a fifth of the patch's
// width (BRIEF's "G II", Calonder et al., 2010) inside the patch by a PCG seeded
// with (0x6f7262, 1); a comparison over less than 4 pixels is drawn again.
var pattern = func() (tests [256]test) {
	r := rand.New(rand.NewPCG(0x6f7262, 1))
	place := func() (x, y float64) {
		for {
			x, y = r.NormFloat64()*6.2, r.NormFloat64()*6.2
			if math.Hypot(x, y) <= patchRadius-0.5 {
				return x, y
			}
		}
	}
	for i := 0; i < 128; {
		var t test
		t.px, t.py = place()
		t.qx, t.qy = place()
		if math.Hypot(t.px-t.qx, t.py-t.qy) < 4 {
			continue
		}
		tests[i] = t
		tests[i+128] = test{t.px, -t.py, t.qx, -t.qy}
		i++
	}
	return tests
}()

func extract(luma *dsp.Plane, limit int) Features {
	f := Features{W: luma.W, H: luma.H}
	if limit <= 0 || luma.W == 0 || luma.H == 0 {
		return f
	}
	pyr := pyramid(luma)
	found := make([][]scored, len(pyr))
	for k, l := range pyr { // the quota of a level is in proportion to its side
		q := 1 / levelRatio
		quota := float64(limit) * (1 - q) / (1 - math.Pow(q, levels)) * math.Pow(q, float64(k))
		found[k] = l.features(int(math.Ceil(quota)), luma.W, luma.H)
	}
	all := slices.Concat(found...)
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(b.harris, a.harris) })
	for _, s := range all[:min(limit, len(all))] {
		f.Points = append(f.Points, s.Point)
	}
	return f
}

type scored struct {
	Point
	harris float32
}

// features finds up to quota points of one level of a plane of w × h.
func (l *level) features(quota, w, h int) []scored {
	var corners []corner
	for _, t := range thresholds {
		corners = fast(l, t)
		if len(corners) >= 2*quota {
			break
		}
	}
	corners = strongest(corners, 6*quota)
	dsp.Strips(len(corners), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			corners[i].score = l.harris(corners[i].x, corners[i].y)
		}
	})
	corners = spread(strongest(corners, len(corners)), l.w, l.h, quota)
	l.sumUp()
	rx, ry := float64(w)/float64(l.w), float64(h)/float64(l.h)
	out := make([]scored, len(corners))
	dsp.Strips(len(out), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			c := corners[i]
			angle := l.orientation(c.x, c.y)
			out[i] = scored{
				Point: Point{
					X:     float32((float64(c.x)+0.5)*rx - 0.5),
					Y:     float32((float64(c.y)+0.5)*ry - 0.5),
					Angle: float32(angle), Size: float32(l.size),
					Binary: l.describe(c.x, c.y, angle),
				},
				harris: c.score,
			}
		}
	})
	return out
}

// strongest sorts by score, ties by place, and keeps n.
func strongest(c []corner, n int) []corner {
	slices.SortFunc(c, func(a, b corner) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x))
	})
	return c[:min(n, len(c))]
}

// spread takes quota corners, the strongest first, but of no cell more than
// twice its share before every cell had its turn.
func spread(c []corner, w, h, quota int) []corner {
	const share = 5
	side := max(1, int(math.Sqrt(float64(w*h)*share/float64(max(quota, 1)))))
	nx := w/side + 1
	count := make([]int, nx*(h/side+1))
	var first, rest []corner
	for _, k := range c {
		cell := k.y/side*nx + k.x/side
		if count[cell] < 2*share {
			count[cell]++
			first = append(first, k)
		} else {
			rest = append(rest, k)
		}
		if len(first) == quota {
			return first
		}
	}
	return append(first, rest[:min(len(rest), quota-len(first))]...)
}

// harris is Harris' corner measure, det − 0.04·trace², of Sobel gradients over
// 7 × 7 pixels.
func (l *level) harris(x, y int) float32 {
	var a, b, c int
	for j := y - 3; j <= y+3; j++ {
		up, mid, down := l.pix[(j-1)*l.w+x-4:][:9], l.pix[j*l.w+x-4:][:9], l.pix[(j+1)*l.w+x-4:][:9]
		for i := 1; i < 8; i++ {
			nw, n, ne := int(up[i-1]), int(up[i]), int(up[i+1])
			sw, s, se := int(down[i-1]), int(down[i]), int(down[i+1])
			gx := ne - nw + 2*(int(mid[i+1])-int(mid[i-1])) + se - sw
			gy := sw + 2*s + se - nw - 2*n - ne
			a += gx * gx
			b += gy * gy
			c += gx * gy
		}
	}
	fa, fb, fc := float64(a), float64(b), float64(c)
	return float32(fa*fb - fc*fc - 0.04*(fa+fb)*(fa+fb))
}

// reach is the half width of row dy of the round patch.
var reach = func() (r [patchRadius + 1]int) {
	for dy := range r {
		r[dy] = int(math.Sqrt(patchRadius*patchRadius - float64(dy*dy)))
	}
	return r
}()

// orientation is the direction from the centre to the centroid of the patch.
func (l *level) orientation(x, y int) float64 {
	var mx, my int
	for dy := -patchRadius; dy <= patchRadius; dy++ {
		r := reach[max(dy, -dy)]
		sum := 0
		for i, v := range l.pix[(y+dy)*l.w+x-r:][:2*r+1] {
			mx += (i - r) * int(v)
			sum += int(v)
		}
		my += dy * sum
	}
	return math.Atan2(float64(my), float64(mx))
}

// describe makes the comparisons, turned by angle.
func (l *level) describe(x, y int, angle float64) (d [4]uint64) {
	sin, cos := math.Sincos(angle)
	stride := l.w + 1
	centre := (y-boxRadius)*stride + x - boxRadius
	const side = 2*boxRadius + 1
	mean := func(px, py float64) uint32 {
		dx := int(math.Floor(cos*px - sin*py + 0.5))
		dy := int(math.Floor(sin*px + cos*py + 0.5))
		top := l.integral[centre+dy*stride+dx:]
		bottom := top[side*stride:]
		return bottom[side] - bottom[0] - top[side] + top[0]
	}
	for k := range pattern {
		t := &pattern[k]
		if mean(t.px, t.py) < mean(t.qx, t.qy) {
			d[k>>6] |= 1 << (k & 63)
		}
	}
	return d
}
