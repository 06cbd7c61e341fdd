package eval

import (
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
	"github.com/certana/certana/internal/watermark/locate"
)

// PlaceBy reads pictures back onto their grid by the geometry that track A finds
// in them, for TamperOptions.Place.
func PlaceBy(robust watermark.Track, track *fragile.Track) func(*watermark.RGB, watermark.Payload, int, int) (fragile.View, bool) {
	return func(m *watermark.RGB, p watermark.Payload, w, h int) (fragile.View, bool) {
		luma := m.Luma(watermark.DecodeSide)
		d := robust.Decode(luma)
		if !d.Detected || d.Geometry == nil {
			return fragile.View{}, false
		}
		g := locate.Enlarge(*d.Geometry, luma.W, luma.H, m.W, m.H)
		view, _, ok := locate.Place(track, fragile.RGB{RGB: m}, p, g, w, h)
		return view, ok
	}
}
