package eval

import (
	"github.com/certana/certana/internal/eval/stat"
	"github.com/certana/certana/internal/watermark/fragile"
)

// mapScore compares a map with the truth.
type mapScore struct{ f1, iou, auc float64 }

// compareMap counts over the pixels of the mark of which the map says anything.
// A map that abstains has found nothing.
func compareMap(d fragile.Map, truth []uint8) mapScore {
	if d.Abstain != fragile.Speaks {
		return mapScore{auc: 0.5}
	}
	var count [2][2]int // by truth, then by what is said
	for i, v := range truth {
		if d.Said == nil || d.Said[i] == 1 {
			count[v][d.Mask[i]]++
		}
	}
	tp, fp, fn, tn := count[1][1], count[0][1], count[1][0], count[0][0]
	if tp+fn == 0 { // what was altered is not in view: right is to say nothing
		if fp == 0 {
			return mapScore{1, 1, 1}
		}
		return mapScore{auc: 0.5}
	}
	s := mapScore{f1: 2 * float64(tp) / float64(2*tp+fp+fn), iou: float64(tp) / float64(tp+fp+fn), auc: 0.5}
	if tn+fp > 0 {
		s.auc = stat.HardAUC(tp, fp, fn, tn)
	}
	return s
}

// reduceTruth turns the truth of a picture of w × h into that of its mark's
// pixels: 1 where at least half of one was altered.
func reduceTruth(truth []uint8, w, h int) []uint8 {
	k := fragile.Scale(w, h)
	if k == 1 {
		return truth
	}
	mw, mh := fragile.MarkedSize(w, h)
	out := make([]uint8, mw*mh)
	for y := range mh {
		for x := range mw {
			n := 0
			for j := range k {
				for _, v := range truth[(y*k+j)*w+x*k : (y*k+j)*w+x*k+k] {
					n += int(v)
				}
			}
			if 2*n >= k*k {
				out[y*mw+x] = 1
			}
		}
	}
	return out
}
