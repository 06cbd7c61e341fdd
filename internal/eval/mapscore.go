package eval

import (
	"github.com/certana/certana/internal/eval/stat"
	"github.com/certana/certana/internal/watermark/fragile"
)

// mapScore compares a map with the truth.
type mapScore struct{ f1, iou, auc float64 }

// levels are how many probabilities of an alteration are told apart.
const levels = 4096

// compareMap counts over the pixels of the mark that seen tells to be in view,
// nil being all: F1 and IoU of its mask, AUC of its probabilities, or of the mask
// where it has none. A map that abstains has found nothing, and so has one that is
// silent about an altered pixel; silence about an intact one is no merit. ok is
// false where nothing altered is in view and nothing is flagged: then there is
// nothing to find.
func compareMap(d fragile.Map, seen, truth []uint8) (s mapScore, ok bool) {
	var count [2][2]int // by truth, then by what is said
	var soft [2][levels]int
	for i, v := range truth {
		switch {
		case seen != nil && seen[i] == 0:
		case d.Abstain != fragile.Speaks || d.Said != nil && d.Said[i] == 0:
			count[v][0] += int(v)
			soft[v][0] += int(v)
		default:
			count[v][d.Mask[i]]++
			score := float32(d.Mask[i])
			if d.Probability != nil {
				score = d.At(i%d.W, i/d.W)
			}
			soft[v][min(int(score*levels), levels-1)]++
		}
	}
	tp, fp, fn, tn := count[1][1], count[0][1], count[1][0], count[0][0]
	if tp+fn+fp == 0 {
		return mapScore{}, false
	}
	s = mapScore{f1: 2 * float64(tp) / float64(2*tp+fp+fn), iou: float64(tp) / float64(tp+fp+fn), auc: 0.5}
	if tp+fn > 0 && tn+fp > 0 {
		s.auc = stat.CountedAUC(soft[1][:], soft[0][:])
	}
	return s, true
}

// seenPixels spreads what a view says of cells of 4×4 over the pixels of the
// mark; nil when all is seen.
func seenPixels(v fragile.View) []uint8 {
	if v.Seen == nil {
		return nil
	}
	columns, rows := v.Luma.W/4, v.Luma.H/4
	out := make([]uint8, v.Luma.W*v.Luma.H)
	for y := range v.Luma.H {
		row := v.Seen[min(y/4, rows-1)*columns:]
		for x := range v.Luma.W {
			out[y*v.Luma.W+x] = row[min(x/4, columns-1)]
		}
	}
	return out
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
