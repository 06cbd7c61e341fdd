// Package fingerprint tells which certified picture a received one may be a
// copy of: the perceptual hash PDQ-256, bit for bit that of Meta's reference,
// and an index that finds all hashes within a Hamming distance.
package fingerprint

import (
	"encoding/hex"
	"fmt"
	"math/bits"
)

// Match thresholds of PDQ, as its authors give them (pdq/README.md,
// facebook/ThreatExchange).
const (
	// MatchDistance is the largest distance at which two hashes are held to be
	// of the same picture.
	MatchDistance = 31
	// WeakQuality is the quality up to which a hash says too little to match on.
	WeakQuality = 49
)

// Hash is a 256-bit PDQ hash. Bit k, that of DCT coefficient (k/16+1, k%16+1)
// as (vertical, horizontal) frequency, is bit k%64 of word k/64.
type Hash [4]uint64

// Bit tells bit k, 0 ≤ k < 256.
func (h Hash) Bit(k int) bool { return h[k>>6]>>(k&63)&1 == 1 }

// Distance is the number of bits, 0 to 256, in which h and g differ.
func (h Hash) Distance(g Hash) int {
	return bits.OnesCount64(h[0]^g[0]) + bits.OnesCount64(h[1]^g[1]) +
		bits.OnesCount64(h[2]^g[2]) + bits.OnesCount64(h[3]^g[3])
}

// String returns 64 lower-case hex digits in the order of Meta's tools: bit 255
// first.
func (h Hash) String() string {
	return fmt.Sprintf("%016x%016x%016x%016x", h[3], h[2], h[1], h[0])
}

// Bytes returns the 32 bytes that String prints.
func (h Hash) Bytes() [32]byte {
	var b [32]byte
	for i := range b {
		k := 31 - i
		b[i] = byte(h[k>>3] >> (8 * (k & 7)))
	}
	return b
}

// FromBytes is the inverse of Bytes; b must hold 32 bytes.
func FromBytes(b []byte) (Hash, error) {
	var h Hash
	if len(b) != 32 {
		return h, fmt.Errorf("a PDQ hash is 32 bytes, got %d", len(b))
	}
	for i, v := range b {
		k := 31 - i
		h[k>>3] |= uint64(v) << (8 * (k & 7))
	}
	return h, nil
}

// Parse reads exactly 64 hex digits of either case.
func Parse(s string) (Hash, error) {
	if len(s) != 64 {
		return Hash{}, fmt.Errorf("a PDQ hash is 64 hex digits, got %d characters", len(s))
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return Hash{}, fmt.Errorf("a PDQ hash is 64 hex digits: %w", err)
	}
	return FromBytes(b)
}

// MarshalText gives String, so that JSON carries a hash as a string.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText is Parse.
func (h *Hash) UnmarshalText(b []byte) error {
	v, err := Parse(string(b))
	if err != nil {
		return err
	}
	*h = v
	return nil
}
