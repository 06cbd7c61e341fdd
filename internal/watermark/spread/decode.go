package spread

import (
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// finder holds what decoding needs of a layout.
type finder struct {
	layout *layout
}

func newFinder(l *layout) *finder { return &finder{layout: l} }

// Decode looks for any payload, at any scale from about 0.4 to 2.6 of the
// canonical one, any angle, mirrored or not.
func (t *Track) Decode(luma *dsp.Plane) watermark.Detection {
	none := watermark.Detection{Track: "a", PValue: 1}
	y := dsp.Shrink(luma, canonicalSide)
	if min(y.W, y.H) < 16 {
		return none
	}
	res := residualOf(y)
	for _, sup := range suppressions {
		s := foldOf(res.whiten(sup), everything(y))
		at := t.orient(s)
		if p, ok := t.read(s, at); ok {
			return watermark.Detection{Track: "a", Detected: true, Payload: p, PValue: 1e-9}
		}
	}
	return none
}
