package align

import (
	"slices"

	"github.com/certana/certana/internal/dsp"
)

// FAST-9 (Rosten and Drummond, "Machine learning for high-speed corner
// detection", 2006): a pixel is a corner when 9 neighbours in a row on a circle
// of 16 are all brighter than it by more than a threshold, or all darker.

// circle holds the 16 neighbours at radius 3, clockwise.
var circle = [16][2]int{
	{0, -3}, {1, -3}, {2, -2}, {3, -1}, {3, 0}, {3, 1}, {2, 2}, {1, 3},
	{0, 3}, {-1, 3}, {-2, 2}, {-3, 1}, {-3, 0}, {-3, -1}, {-2, -2}, {-1, -3},
}

// corner is a candidate at pixel (x, y) of its level.
type corner struct {
	x, y  int
	score float32
}

// fast returns the corners of l at least border pixels from its edges that no
// neighbour beats, in raster order. The score is the sum by which the brighter
// or the darker neighbours exceed the threshold.
func fast(l *level, threshold int) []corner {
	rows := l.h - 2*border
	scores := make([][]corner, rows)
	dsp.Strips(rows, func(lo, hi int) {
		for y := lo; y < hi; y++ {
			scores[y] = fastRow(l, y+border, threshold)
		}
	})
	var out []corner
	for y, row := range scores {
		for i, c := range row {
			if i > 0 && row[i-1].x == c.x-1 && row[i-1].score >= c.score ||
				i+1 < len(row) && row[i+1].x == c.x+1 && row[i+1].score > c.score ||
				y > 0 && beaten(scores[y-1], c, true) ||
				y+1 < rows && beaten(scores[y+1], c, false) {
				continue
			}
			out = append(out, c)
		}
	}
	return out
}

// beaten tells whether a corner of a neighbouring row has a higher score than
// c; in the row before, the same score is enough.
func beaten(row []corner, c corner, before bool) bool {
	i, _ := slices.BinarySearchFunc(row, c.x-1, func(e corner, x int) int { return e.x - x })
	for ; i < len(row) && row[i].x <= c.x+1; i++ {
		if row[i].score > c.score || before && row[i].score == c.score {
			return true
		}
	}
	return false
}

// fastRow finds the corners of row y. Nine neighbours in a row hold one of every
// opposite pair: four pairs settle most pixels.
func fastRow(l *level, y, threshold int) (out []corner) {
	var off [16]int
	for k, c := range circle {
		off[k] = c[1]*l.w + c[0]
	}
	var class [511]uint8 // of neighbour − pixel + 255: 1 brighter, 2 darker
	for i := range class {
		switch d := i - 255; {
		case d > threshold:
			class[i] = 1
		case d < -threshold:
			class[i] = 2
		}
	}
	pix := l.pix
	for x := border; x < l.w-border; x++ {
		i := y*l.w + x
		base := 255 - int(pix[i])
		c := class[base+int(pix[i+off[0]])] | class[base+int(pix[i+off[8]])]
		if c == 0 {
			continue
		}
		c &= class[base+int(pix[i+off[4]])] | class[base+int(pix[i+off[12]])]
		if c == 0 {
			continue
		}
		c &= class[base+int(pix[i+off[2]])] | class[base+int(pix[i+off[10]])]
		c &= class[base+int(pix[i+off[6]])] | class[base+int(pix[i+off[14]])]
		if c == 0 {
			continue
		}
		if s := arcScore(pix, i, &off, &class, threshold); s > 0 {
			out = append(out, corner{x, y, s})
		}
	}
	return out
}

// arcScore is 0 for no corner. Most candidates are none, and are told by bits
// alone; nine brighter and nine darker do not fit into sixteen.
func arcScore(pix []uint8, i int, off *[16]int, class *[511]uint8, threshold int) float32 {
	base := 255 - int(pix[i])
	var bright, dark uint32
	for k, o := range off {
		c := uint32(class[base+int(pix[i+o])])
		bright |= (c & 1) << k
		dark |= (c >> 1) << k
	}
	sign, arc := 1, bright
	if !nineInARow(bright) {
		if !nineInARow(dark) {
			return 0
		}
		sign, arc = -1, dark
	}
	sum := 0
	for k, o := range off {
		if arc>>k&1 == 1 {
			sum += sign*(int(pix[i+o])-int(pix[i])) - threshold
		}
	}
	return float32(sum)
}

func nineInARow(m uint32) bool {
	m |= m << 16
	r := m & (m >> 1)
	r &= r >> 2
	r &= r >> 4
	return r&(m>>8) != 0
}
