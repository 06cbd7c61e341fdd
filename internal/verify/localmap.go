package verify

import (
	"cmp"
	"math"
	"slices"

	"github.com/certana/certana/internal/tamper"
	"github.com/certana/certana/internal/watermark/fragile"
)

// localMap is track B's map in the geometry of the submitted picture, at the size
// that comparison works on.
type localMap struct {
	w, h    int
	altered []bool
	regions []tamper.Box // largest first
}

// localMapOf brings a map from where the picture was marked to where it is now.
// size is the working size of the picture of fullW × fullH.
func localMapOf(m fragile.Map, at fragile.Placement, size tamper.Picture, fullW, fullH int) *localMap {
	out := &localMap{w: size.W, h: size.H, altered: make([]bool, size.W*size.H)}
	back, ok := at.Map.Inverse()
	if !ok {
		return out
	}
	sx, sy := float64(fullW)/float64(size.W), float64(fullH)/float64(size.H)
	for y := range size.H {
		for x := range size.W {
			u, v := back.Apply((float64(x)+0.5)*sx-0.5, (float64(y)+0.5)*sy-0.5)
			i, j := math.Floor(u+0.5), math.Floor(v+0.5)
			if i >= 0 && j >= 0 && i < float64(m.W) && j < float64(m.H) {
				out.altered[y*size.W+x] = m.Mask[int(j)*m.W+int(i)] != 0
			}
		}
	}
	out.regions = regionsOf(out.altered, size.W, size.H)
	return out
}

// regionsOf boxes the 8-connected regions of a mask.
func regionsOf(mask []bool, w, h int) (out []tamper.Box) {
	seen := make([]bool, len(mask))
	var stack []int
	for start, altered := range mask {
		if !altered || seen[start] {
			continue
		}
		x0, y0, x1, y1, area := w, h, 0, 0, 0
		stack, seen[start] = append(stack[:0], start), true
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := at%w, at/w
			x0, y0, x1, y1, area = min(x0, x), min(y0, y), max(x1, x), max(y1, y), area+1
			for ny := max(y-1, 0); ny <= min(y+1, h-1); ny++ {
				for nx := max(x-1, 0); nx <= min(x+1, w-1); nx++ {
					if n := ny*w + nx; mask[n] && !seen[n] {
						seen[n] = true
						stack = append(stack, n)
					}
				}
			}
		}
		out = append(out, tamper.Box{X: x0, Y: y0, W: x1 - x0 + 1, H: y1 - y0 + 1, Area: area, Score: 1})
	}
	slices.SortStableFunc(out, func(a, b tamper.Box) int { return cmp.Compare(b.Area, a.Area) })
	return out
}

// over draws the altered pixels on a grey picture of w × h.
func (l *localMap) over(grey []uint8, w, h int) {
	for y := range h {
		row := l.altered[y*l.h/h*l.w:][:l.w]
		for x := range w {
			if row[x*l.w/w] {
				grey[y*w+x] = 255
			}
		}
	}
}

// apart are the regions that do not touch any of the others.
func (l *localMap) apart(others []tamper.Box) (out []tamper.Box) {
	for _, r := range l.regions {
		touches := func(o tamper.Box) bool {
			return r.X < o.X+o.W && o.X < r.X+r.W && r.Y < o.Y+o.H && o.Y < r.Y+r.H
		}
		if !slices.ContainsFunc(others, touches) {
			out = append(out, r)
		}
	}
	return out
}
