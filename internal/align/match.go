package align

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"

	"github.com/certana/certana/internal/dsp"
)

// maxHamming is the largest distance of two descriptors that are matched: of
// 256 bits, unrelated ones differ in about 128 ± 20.
const maxHamming = 72

// pair is a putative match: indices of a point of ref and one of probe.
type pair struct{ ref, probe, distance int }

// best is the nearest point on the other side.
type best struct{ index, distance int32 }

// match returns the pairs that are each other's nearest, nearest first. With
// mirrored the probe's descriptors are those of its mirror image.
func match(ref, probe []Point, mirrored bool) []pair {
	other := make([][4]uint64, len(probe))
	for j := range probe {
		d := probe[j].Binary
		if mirrored {
			d[0], d[1], d[2], d[3] = d[2], d[3], d[0], d[1]
		}
		other[j] = d
	}
	forward := make([]best, len(ref))
	backward := make([]best, len(probe))
	for j := range backward {
		backward[j] = best{-1, 257}
	}
	var mu sync.Mutex
	dsp.Strips(len(ref), func(lo, hi int) {
		back := nearest(ref, other, forward, lo, hi)
		mu.Lock()
		defer mu.Unlock()
		for j, b := range back {
			if b.distance < backward[j].distance || b.distance == backward[j].distance && b.index < backward[j].index {
				backward[j] = b
			}
		}
	})
	var out []pair
	for i, f := range forward {
		if f.distance <= maxHamming && backward[f.index].index == int32(i) {
			out = append(out, pair{i, int(f.index), int(f.distance)})
		}
	}
	slices.SortStableFunc(out, func(a, b pair) int { return cmp.Compare(a.distance, b.distance) })
	return out
}

// nearest fills forward[lo:hi] and returns the nearest of ref[lo:hi] for every
// other point, the first among equals.
func nearest(ref []Point, other [][4]uint64, forward []best, lo, hi int) []best {
	back := make([]best, len(other))
	for j := range back {
		back[j] = best{-1, 257}
	}
	for i := lo; i < hi; i++ {
		a := ref[i].Binary
		f := best{-1, 257}
		for j := range other {
			b := &other[j]
			d := int32(bits.OnesCount64(a[0]^b[0]) + bits.OnesCount64(a[1]^b[1]) +
				bits.OnesCount64(a[2]^b[2]) + bits.OnesCount64(a[3]^b[3]))
			if d < f.distance {
				f = best{int32(j), d}
			}
			if d < back[j].distance {
				back[j] = best{int32(i), d}
			}
		}
		forward[i] = f
	}
	return back
}
