package verify

import (
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
	said    float64      // share of the submitted picture that the track can tell of
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
	said := 0
	for y := range size.H {
		for x := range size.W {
			u, v := back.Apply((float64(x)+0.5)*sx-0.5, (float64(y)+0.5)*sy-0.5)
			i, j := math.Floor(u+0.5), math.Floor(v+0.5)
			if i >= 0 && j >= 0 && i < float64(m.W) && j < float64(m.H) {
				at := int(j)*m.W + int(i)
				out.altered[y*size.W+x] = m.Mask[at] != 0
				if m.Said == nil || m.Said[at] != 0 {
					said++
				}
			}
		}
	}
	out.said = float64(said) / float64(size.W*size.H)
	out.regions = tamper.Regions(out.altered, size.W, size.H)
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
