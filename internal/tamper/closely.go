package tamper

import (
	"cmp"
	"math"
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// Site is a region that other evidence pointed at, held against the reference pixel
// by pixel.
type Site struct {
	Box
	// Excess is the median of ln(residual energy) over that of places of like detail
	// to which nothing points: about −0.5 where the site is one of them, up to 0.7
	// where interpolation wore it more, 0.7 to 8 where content was replaced.
	Excess float64
	// Agreement is the median correlation of ref and probe within patches, −1 to 1.
	Agreement float64
	Known     bool // false: too small, or too little of the rest to hold it against
}

// A patch is a square of patchSide pixels. Its residual and its detail are taken
// without their means: light that changed evenly is no concern here.
const (
	patchSide  = 8
	patchStep  = 4
	peers      = 24    // of like detail that a patch is held against,
	peerRank   = 18    // at their upper quartile
	mostPeers  = 20000 // patches among which they are found
	patchFloor = 0.15  // squared levels: rounding
)

// patch holds energies for each pixel, and how ref and probe correlate.
type patch struct{ detail, residual, agreement float64 }

// Closely holds the regions of a mask against ref at its own size. ref and probe are
// planes of W × H that lie on the same pixels, row by row as pointed and seen; seen
// nil shows all. labels are the indices of the sites, −1 outside.
func Closely(ref, probe *dsp.Plane, pointed, seen []bool) (labels []int32, sites []Site) {
	labels, parts := components(pointed, ref.W, ref.H)
	inside, outside := patches(ref, probe, labels, len(parts), seen)
	slices.SortFunc(outside, func(a, b patch) int { return cmp.Compare(a.detail, b.detail) })
	for l, p := range parts {
		s := Site{Box: Box{X: p.x0, Y: p.y0, W: p.x1 - p.x0 + 1, H: p.y1 - p.y0 + 1, Area: p.area, Score: 1}}
		var e, agreement []float64
		if len(outside) >= peers {
			for _, q := range inside[l] {
				e, agreement = append(e, q.excess(outside)), append(agreement, q.agreement)
			}
		}
		s.Excess, s.Agreement, s.Known = median(e), median(agreement), len(e) > 0
		sites = append(sites, s)
	}
	return labels, sites
}

// patches are those whose middle lies in each of n regions, and some that lie apart
// from all of them.
func patches(ref, probe *dsp.Plane, labels []int32, n int, seen []bool) (inside [][]patch, outside []patch) {
	w, h := ref.W, ref.H
	mask := make([]bool, w*h)
	for i, l := range labels {
		mask[i] = l >= 0
	}
	near := dilated(mask, w, h, patchSide)
	inside = make([][]patch, n)
	sparse := max(1, int(math.Sqrt(float64(w*h)/(patchStep*patchStep*mostPeers))))
	for y := 0; y+patchSide <= h; y += patchStep {
		for x := 0; x+patchSide <= w; x += patchStep {
			i := (y+patchSide/2)*w + x + patchSide/2
			l, apart := labels[i], !near[i] && x/patchStep%sparse == 0 && y/patchStep%sparse == 0
			if l < 0 && !apart || !shows(seen, w, x, y) {
				continue
			}
			if q := patchAt(ref, probe, x, y); l >= 0 {
				inside[l] = append(inside[l], q)
			} else {
				outside = append(outside, q)
			}
		}
	}
	return inside, outside
}

// excess holds a patch against those of like detail; all are sorted by detail.
func (q patch) excess(all []patch) float64 {
	at, _ := slices.BinarySearchFunc(all, q.detail, func(c patch, d float64) int { return cmp.Compare(c.detail, d) })
	lo := max(0, min(at-peers/2, len(all)-peers))
	var like [peers]float64
	for i, c := range all[lo : lo+peers] {
		like[i] = c.residual
	}
	slices.Sort(like[:])
	return math.Log((q.residual + patchFloor) / (like[peerRank] + patchFloor))
}

// shows tells whether all pixels of the patch at (x, y) are in view.
func shows(seen []bool, w, x, y int) bool {
	for v := y; seen != nil && v < y+patchSide; v++ {
		if slices.Contains(seen[v*w+x:v*w+x+patchSide], false) {
			return false
		}
	}
	return true
}

func patchAt(ref, probe *dsp.Plane, x, y int) patch {
	var r, p, rr, pp, rp float64
	for v := y; v < y+patchSide; v++ {
		other := probe.Row(v)[x : x+patchSide]
		for i, a := range ref.Row(v)[x : x+patchSide] {
			a, b := float64(a), float64(other[i])
			r, p, rr, pp, rp = r+a, p+b, rr+a*a, pp+b*b, rp+a*b
		}
	}
	const n = patchSide * patchSide
	rr, pp, rp = max(0, rr/n-r*r/n/n), max(0, pp/n-p*p/n/n), rp/n-r*p/n/n
	return patch{rr, max(0, rr+pp-2*rp), rp / math.Sqrt(rr*pp+1e-6)}
}

// Regions boxes the 8-connected regions of a mask of w × h, largest first.
func Regions(mask []bool, w, h int) []Box {
	_, parts := components(mask, w, h)
	out := make([]Box, len(parts))
	for l, p := range parts {
		out[l] = Box{X: p.x0, Y: p.y0, W: p.x1 - p.x0 + 1, H: p.y1 - p.y0 + 1, Area: p.area, Score: 1}
	}
	slices.SortStableFunc(out, func(a, b Box) int { return cmp.Compare(b.Area, a.Area) })
	return out
}
