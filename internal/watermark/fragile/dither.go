package fragile

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/certana/certana/internal/watermark"
)

// labelDither separates track B's lattice from all other uses of the key.
const labelDither = "certana/b/2/dither"

// ditherRow fills d0 and d1 with the lattice offsets, in [0, 1) steps, of the
// two coefficients of every block of one block row of grid g (0 is A, 1 is B).
// A row has a key of its own, and four neighbouring blocks share a hash of it;
// see FORMAT.md. Offsets depend on the block's place alone, never on the
// picture's size, and have 24 bits, so that they are exact in float32.
func (t *Track) ditherRow(p watermark.Payload, g, row int, d0, d1 []float32) {
	var data [13]byte
	binary.BigEndian.PutUint64(data[:], uint64(p))
	data[8] = byte(g)
	binary.BigEndian.PutUint32(data[9:], uint32(row))
	key := t.key.PRF(labelDither, data[:])
	var block [sha256.Size + 4]byte
	copy(block[:], key[:])
	for j := 0; j < len(d0); j += 4 {
		binary.BigEndian.PutUint32(block[sha256.Size:], uint32(j/4))
		out := sha256.Sum256(block[:])
		for i := range min(4, len(d0)-j) {
			d0[j+i] = unit(out[8*i:])
			d1[j+i] = unit(out[8*i+4:])
		}
	}
}

func unit(b []byte) float32 { return float32(binary.BigEndian.Uint32(b)>>8) / (1 << 24) }
