package tamper

import "github.com/certana/certana/internal/dsp"

// A copy saved with a palette (GIF, 8-bit PNG) shows the nearest of a few
// colours: bands and flat patches where the reference has gradients. What the
// reference would look like under that palette is known, since the probe lists
// it.

// maxPalette is the most colours of a palette.
const maxPalette = 256

// palette lists the colours of p when they are few although p is not small.
func (p Picture) palette() []uint32 {
	if p.W*p.H < 16*maxPalette {
		return nil
	}
	seen := make(map[uint32]bool, maxPalette)
	last := uint32(1 << 24)
	for i := 0; i < len(p.Pix); i += 3 {
		c := uint32(p.Pix[i])<<16 | uint32(p.Pix[i+1])<<8 | uint32(p.Pix[i+2])
		if c == last {
			continue
		}
		last = c
		if seen[c] = true; len(seen) > maxPalette {
			return nil
		}
	}
	list := make([]uint32, 0, len(seen))
	for c := range seen {
		list = append(list, c)
	}
	return list
}

// grey tells whether every colour of a palette is neutral: a grey picture has at
// most 256 colours too, and loses nothing by them.
func grey(list []uint32) bool {
	for _, c := range list {
		if c>>16 != c&255 || c>>8&255 != c&255 {
			return false
		}
	}
	return true
}

// nearestOf returns the colour of list that is nearest to a colour of 5 bits a
// channel, for all 32768 of them; the smaller one among equals.
func nearestOf(list []uint32) []uint32 {
	table := make([]uint32, 1<<15)
	dsp.Strips(len(table), func(lo, hi int) {
		for k := lo; k < hi; k++ {
			r, g, b := k>>10<<3|4, k>>5&31<<3|4, k&31<<3|4
			best := 1 << 30
			for _, c := range list {
				dr, dg, db := r-int(c>>16), g-int(c>>8&255), b-int(c&255)
				if d := dr*dr + dg*dg + db*db; d < best || d == best && c < table[k] {
					best, table[k] = d, c
				}
			}
		}
	})
	return table
}

// quantised is p under a palette.
func (p ycc) quantised(list []uint32) ycc {
	table := nearestOf(list)
	w, h := p.y.W, p.y.H
	y, cb, cr := dsp.NewPlane(w, h), dsp.NewPlane(w, h), dsp.NewPlane(w, h)
	dsp.Strips(h, func(lo, hi int) {
		for i := lo * w; i < hi*w; i++ {
			k := i/w/2*p.cb.W + i%w/2
			r, g, b := rgb(p.y.Pix[i], p.cb.Pix[k], p.cr.Pix[k])
			c := table[level(r)<<10|level(g)<<5|level(b)]
			fr, fg, fb := float32(c>>16), float32(c>>8&255), float32(c&255)
			l := 0.299*fr + 0.587*fg + 0.114*fb
			y.Pix[i], cb.Pix[i], cr.Pix[i] = l, (fb-l)*0.564, (fr-l)*0.713
		}
	})
	return ycc{y, dsp.Halve(cb), dsp.Halve(cr)}
}

// level is a sample in 5 bits.
func level(v float32) int { return int(min(max(v, 0), 255)) >> 3 }
