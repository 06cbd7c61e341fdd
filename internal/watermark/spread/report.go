package spread

import (
	"math"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// detection says what the search came to. y is luma as it was searched.
func (s *search) detection(luma, y *dsp.Plane) watermark.Detection {
	d := watermark.Detection{Track: s.track.ID(), Detected: s.found, PValue: s.pValue()}
	if s.found {
		kx, ky := float64(luma.W)/float64(y.W), float64(luma.H)/float64(y.H)
		grow := dsp.Affine{kx, 0, (kx - 1) / 2, 0, ky, (ky - 1) / 2}
		place := s.place
		if s.fine {
			place = s.finder.fromFine(y, place)
		}
		d.Payload = s.payload
		d.Geometry = geometryOf(grow.Mul(place))
	}
	return d
}

// geometryOf describes a map from canonical to received pixels, its
// translation chosen among those that the period leaves open so that the
// received pixel (0, 0) lies within ±32 canonical pixels of the origin.
func geometryOf(m dsp.Affine) *watermark.Geometry {
	x, y := m.Inverse().Apply(0, 0)
	m[2], m[5] = m.Apply(period*math.Round(x/period), period*math.Round(y/period))
	return &watermark.Geometry{
		M:      m,
		Scale:  m.Scale(),
		Angle:  math.Atan2(m[1], m[4]) * 180 / math.Pi,
		Mirror: m.Det() < 0,
	}
}

// pValue is the chance, over keys, of evidence as strong in a picture without
// the mark.
//
// For an accepted payload it is the union bound of the check bits: the list
// decodes made, times 32 paths, times the two tiles, times 2⁻⁴⁰.
//
// Otherwise it rests on the best pilot correlation: the least chance of all
// geometries looked at, each of which counts anew.
func (s *search) pValue() float64 {
	if s.found {
		return min(1, float64(s.reads)*listSize*2*math.Pow(2, -checkBits))
	}
	return -math.Expm1(float64(s.looks) * math.Log1p(-min(s.least, 1-1e-15)))
}
