package align

import (
	"encoding/binary"
	"errors"
	"math"
)

// The stored form of Features, version 1, little-endian: the byte 1; uint32 W,
// H and number of points; then 40 bytes a point: uint16 x, y in 1/16 pixel,
// uint16 angle in 2π/65536, uint16 size in 1/256, the four words of the
// descriptor.
const (
	codecVersion = 1
	codecHeader  = 13
	codecPoint   = 40
	maxSide      = 4095 // positions in 1/16 pixel fit 16 bits
)

// ErrFeatures is returned for bytes that are no stored Features.
var ErrFeatures = errors.New("not a stored set of features")

// MarshalBinary gives the stored form: 13 + 40 bytes a point. Positions are
// rounded to 1/16 pixel. Planes over 4095 pixels a side have none.
func (f Features) MarshalBinary() ([]byte, error) {
	if f.W < 0 || f.H < 0 || f.W > maxSide || f.H > maxSide {
		return nil, errors.New("features of a plane over 4095 pixels a side cannot be stored")
	}
	b := make([]byte, 0, codecHeader+codecPoint*len(f.Points))
	b = append(b, codecVersion)
	b = binary.LittleEndian.AppendUint32(b, uint32(f.W))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.H))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Points)))
	for _, p := range f.Points {
		b = binary.LittleEndian.AppendUint16(b, fixed(float64(p.X), 16))
		b = binary.LittleEndian.AppendUint16(b, fixed(float64(p.Y), 16))
		turn := math.Mod(float64(p.Angle)/(2*math.Pi)+2, 1)
		b = binary.LittleEndian.AppendUint16(b, uint16(int(math.Round(turn*65536))))
		b = binary.LittleEndian.AppendUint16(b, fixed(float64(p.Size), 256))
		for _, w := range p.Binary {
			b = binary.LittleEndian.AppendUint64(b, w)
		}
	}
	return b, nil
}

func fixed(v, unit float64) uint16 {
	return uint16(min(max(math.Round(v*unit), 0), math.MaxUint16))
}

// UnmarshalBinary reads the stored form; any other bytes give ErrFeatures. What
// it reads, MarshalBinary writes again byte for byte.
func (f *Features) UnmarshalBinary(b []byte) error {
	if len(b) < codecHeader || b[0] != codecVersion {
		return ErrFeatures
	}
	w, h := binary.LittleEndian.Uint32(b[1:]), binary.LittleEndian.Uint32(b[5:])
	n := uint64(binary.LittleEndian.Uint32(b[9:]))
	b = b[codecHeader:]
	if w > maxSide || h > maxSide || n*codecPoint != uint64(len(b)) {
		return ErrFeatures
	}
	g := Features{W: int(w), H: int(h), Points: make([]Point, n)}
	for i := range g.Points {
		p, r := &g.Points[i], b[i*codecPoint:]
		p.X = float32(binary.LittleEndian.Uint16(r)) / 16
		p.Y = float32(binary.LittleEndian.Uint16(r[2:])) / 16
		turn := float64(int16(binary.LittleEndian.Uint16(r[4:]))) / 65536
		p.Angle = float32(turn * 2 * math.Pi)
		p.Size = float32(binary.LittleEndian.Uint16(r[6:])) / 256
		for k := range p.Binary {
			p.Binary[k] = binary.LittleEndian.Uint64(r[8+8*k:])
		}
	}
	*f = g
	return nil
}
