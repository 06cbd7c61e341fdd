package ledger

import (
	"encoding/binary"
	"math/bits"
)

// filter is a Bloom filter over leaf hashes (B. H. Bloom, 1970): "no" is
// certain, "maybe" is wrong about once in 1,700 at full load. A leaf hash is
// already uniform, so its own eight 32-bit words are the eight hash functions.
type filter struct {
	words []uint64
	mask  uint32 // number of bits - 1, a power of two
	count int
	limit int // beyond it the filter should be made anew, larger
}

// bitsPerLeaf at the limit: 16 bits and 8 functions give 0.06% false "maybe".
const bitsPerLeaf = 16

// newFilter makes room for at least twice n leaves, up to 2^28 leaves (512 MiB).
func newFilter(n uint64) *filter {
	want := 2 * (n + 1<<15) * bitsPerLeaf
	size := uint64(1) << min(32, bits.Len64(want-1))
	return &filter{words: make([]uint64, size/64), mask: uint32(size - 1), limit: int(size / bitsPerLeaf)}
}

func (f *filter) add(h [32]byte) {
	f.count++
	for i := 0; i < len(h); i += 4 {
		b := binary.LittleEndian.Uint32(h[i:]) & f.mask
		f.words[b/64] |= 1 << (b % 64)
	}
}

func (f *filter) maybe(h [32]byte) bool {
	for i := 0; i < len(h); i += 4 {
		b := binary.LittleEndian.Uint32(h[i:]) & f.mask
		if f.words[b/64]&(1<<(b%64)) == 0 {
			return false
		}
	}
	return true
}

// full tells that the filter says "maybe" too often; the largest one never is.
func (f *filter) full() bool { return f.count > f.limit && f.mask != 1<<32-1 }
