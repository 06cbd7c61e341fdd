package spread

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// Trials reads one picture under n random keys and counts the payloads that
// are accepted and the list decodes that were spent. The residual, its
// suppressions and spectra are the picture's own and made once; everything that
// depends on the key is done anew: layout, pilots, log-likelihood ratios and
// the list decodes. Only the picture's own geometry is looked at, and as in
// Decode a list decode is spent only where the pilots reach readFrom; with always
// every key gets one at least.
//
// Key i of a seed is the SHA-256 of both as big-endian 64-bit integers.
func Trials(luma *dsp.Plane, n int, seed uint64, always bool) (accepted, decoded int) {
	y := finite(dsp.Shrink(luma, canonicalSide))
	if min(y.W, y.H) < minDecoded {
		return 0, 0
	}
	picture := wholeOf(y)
	for r := range readings {
		picture.spectrum(r)
	}
	for i := range n {
		key := sha256.Sum256(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, seed), uint64(i)))
		t := &Track{key: watermark.Key(key), layout: newLayout(key)}
		t.finder = &finder{layout: t.layout}
		s := newSearch(t)
		c := *picture
		s.look(&c)
		found := s.readPlain(&c) || s.readHard(&c)
		if always && s.reads == 0 {
			s.reads++
			_, _, found = t.read(c.spectrum(0), c.pose)
		}
		if found {
			accepted++
		}
		decoded += s.reads
	}
	return accepted, decoded
}
