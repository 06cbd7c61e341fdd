package raster

import (
	"encoding/binary"
	"errors"
	"testing"
)

// manyChannels is a TIFF of w × h pixels with n channels of 16 bits, of which no
// sample is there.
func manyChannels(w, h, n uint32) []byte {
	data := []byte("II*\x00\x08\x00\x00\x00")
	entries := []struct {
		tag, kind uint16
		count, v  uint32
	}{
		{tagImageWidth, 4, 1, w}, {tagImageLength, 4, 1, h},
		{tagBitsPerSample, 3, n, 8 + 2 + 10*12 + 4}, {tagCompression, 3, 1, 1}, {tagPhotometric, 3, 1, 2},
		{tagStripOffsets, 4, 1, 8}, {tagSamples, 3, 1, n}, {tagRowsPerStrip, 4, 1, h},
		{tagStripCounts, 4, 1, 8}, {tagPlanar, 3, 1, 1},
	}
	data = binary.LittleEndian.AppendUint16(data, uint16(len(entries)))
	for _, e := range entries {
		data = binary.LittleEndian.AppendUint16(data, e.tag)
		data = binary.LittleEndian.AppendUint16(data, e.kind)
		data = binary.LittleEndian.AppendUint32(data, e.count)
		data = binary.LittleEndian.AppendUint32(data, e.v)
	}
	data = binary.LittleEndian.AppendUint32(data, 0)
	for range n {
		data = binary.LittleEndian.AppendUint16(data, 16)
	}
	return data
}

// Channels that nobody sees take memory like those that are seen: 50 megapixels
// of eight channels are 800 MB, in a file of any size.
func TestChannelsCountAgainstTheLimit(t *testing.T) {
	limits := Limits{MaxPixels: 1_000_000}
	for _, c := range []struct {
		n, side uint32
		want    error
	}{
		{4, 1000, ErrTruncated}, {5, 1000, ErrTooLarge}, {8, 1000, ErrTooLarge}, {8, 700, ErrTruncated},
	} {
		_, err := Decode(manyChannels(c.side, c.side, c.n), Options{Limits: limits})
		if !errors.Is(err, c.want) {
			t.Errorf("%d channels, %d pixels a side: %v, want %v", c.n, c.side, err, c.want)
		}
	}
}
