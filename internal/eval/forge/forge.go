// Package forge makes forgeries whose truth is known to the pixel: what an
// editor does to a picture after it was marked. Everything follows from a seed.
package forge

import (
	"bytes"
	"fmt"
	"image"
	"math/rand/v2"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

// Kind is a way of altering a picture.
type Kind string

// The kinds. All but Text alter an irregular object.
const (
	Splice   Kind = "splice"   // the object comes from another picture, from anywhere in it
	CopyMove Kind = "copymove" // it comes from elsewhere in the same picture
	Erase    Kind = "erase"    // it is filled smoothly from its surroundings
	Text     Kind = "text"     // a plate with a word on it is put over the picture
	Collage  Kind = "collage"  // it comes from the same place of another picture, which may be marked too
)

// Kinds are all, in table order.
var Kinds = []Kind{Splice, CopyMove, Erase, Text, Collage}

// Forgery is an altered picture and the truth about it.
type Forgery struct {
	RGB   *raster.RGB8
	Truth []uint8 // 1 where altered, row by row
}

// MostArea is the largest share of a picture that is altered.
const MostArea = 0.25

// Apply alters about a share of a picture's area, in (0, 0.25]; the picture is
// left as it is. donor is where Splice and Collage take pixels from; the others
// do not look at it.
func Apply(m, donor *raster.RGB8, kind Kind, share float64, seed uint64) (Forgery, error) {
	if !(share > 0 && share <= MostArea) {
		return Forgery{}, fmt.Errorf("an altered share of %g is outside 0 to %g", share, MostArea)
	}
	if kind == Text {
		return text(m, share, seed)
	}
	mask, box := synth.ObjectMask(m.W, m.H, seed, share)
	f := Forgery{RGB: &raster.RGB8{W: m.W, H: m.H, Pix: append([]uint8(nil), m.Pix...)}, Truth: mask}
	rng := rand.New(rand.NewPCG(seed, 0x666f726765))
	switch kind {
	case Splice:
		f.take(donor, offset(rng, box.Min.X, box.Dx(), donor.W), offset(rng, box.Min.Y, box.Dy(), donor.H))
	case Collage:
		f.take(donor, 0, 0)
	case CopyMove:
		dx, dy := elsewhere(rng, box, m.W, m.H)
		f.take(m, dx, dy)
	case Erase:
		fill(f.RGB, mask)
	default:
		return Forgery{}, fmt.Errorf("unknown forgery %q", kind)
	}
	return f, nil
}

// take copies the object's pixels from another picture, dx and dy away, which
// repeats where it is too small.
func (f Forgery) take(from *raster.RGB8, dx, dy int) {
	for y := range f.RGB.H {
		sy := wrap(y+dy, from.H)
		for x := range f.RGB.W {
			if at := y*f.RGB.W + x; f.Truth[at] == 1 {
				copy(f.RGB.Pix[3*at:3*at+3], from.Pix[3*(sy*from.W+wrap(x+dx, from.W)):])
			}
		}
	}
}

func wrap(i, n int) int { return ((i % n) + n) % n }

// offset moves length pixels at first to somewhere in a side of n.
func offset(rng *rand.Rand, first, length, n int) int { return rng.IntN(max(1, n-length+1)) - first }

// elsewhere finds a move that keeps a box inside w × h, clear of where it was if
// it can.
func elsewhere(rng *rand.Rand, box image.Rectangle, w, h int) (dx, dy int) {
	best := -1
	for range 64 {
		x, y := offset(rng, box.Min.X, box.Dx(), w), offset(rng, box.Min.Y, box.Dy(), h)
		common := box.Intersect(box.Add(image.Pt(x, y)))
		if n := common.Dx() * common.Dy(); best < 0 || n < best {
			best, dx, dy = n, x, y
		}
		if best == 0 {
			break
		}
	}
	return dx, dy
}

// text is the overlay of the attack suite; on tiny plates its letters stand out.
func text(m *raster.RGB8, share float64, seed uint64) (Forgery, error) {
	r, err := attack.Apply(m, "overlay", share, int64(seed>>1))
	if err != nil {
		return Forgery{}, err
	}
	f := Forgery{RGB: r.RGB, Truth: make([]uint8, m.W*m.H)}
	for i := range f.Truth {
		if !bytes.Equal(m.Pix[3*i:3*i+3], r.RGB.Pix[3*i:3*i+3]) {
			f.Truth[i] = 1
		}
	}
	for y := r.Box[1]; y < r.Box[1]+r.Box[3]; y++ {
		for x := r.Box[0]; x < r.Box[0]+r.Box[2]; x++ {
			f.Truth[y*m.W+x] = 1
		}
	}
	return f, nil
}
