package watermark

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

// Key is the 32 secret bytes that every keyed choice of the tracks comes from.
// Whoever holds it can find, forge and remove marks.
type Key [32]byte

// TestKey is the published key of the tests and of the offline commands when
// no other was given: the SHA-256 of the text "certana published test key".
// It protects nothing; a server must refuse it.
var TestKey = Key(sha256.Sum256([]byte("certana published test key")))

// ParseKey reads a key of 64 hex digits.
func ParseKey(s string) (Key, error) {
	var k Key
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(k) {
		return k, fmt.Errorf("a watermark key is %d hex digits", 2*len(k))
	}
	copy(k[:], b)
	return k, nil
}

// PRF returns HMAC-SHA256(key, label ‖ 0x00 ‖ data). The label separates the
// uses of one key; it holds no zero byte.
func (k Key) PRF(label string, data []byte) [32]byte {
	m := hmac.New(sha256.New, k[:])
	m.Write([]byte(label))
	m.Write([]byte{0})
	m.Write(data)
	return [32]byte(m.Sum(nil))
}

// Stream is an endless keyed pseudo-random sequence of 32-bit words: block i
// (i = 0, 1, …) is PRF(label, i as 8 big-endian bytes), read as eight
// big-endian words. The sequence is part of the mark's format and never
// changes for a label.
type Stream struct {
	mac   hash.Hash
	label string
	next  uint64
	data  []byte
	block [32]byte
	used  int
}

// Stream opens the sequence of a label at its start.
func (k Key) Stream(label string) *Stream {
	return &Stream{mac: hmac.New(sha256.New, k[:]), label: label, used: 32}
}

// fill computes the next block, with the key's own hash states kept.
func (s *Stream) fill() {
	s.data = append(append(s.data[:0], s.label...), 0)
	s.data = binary.BigEndian.AppendUint64(s.data, s.next)
	s.mac.Reset()
	s.mac.Write(s.data)
	s.mac.Sum(s.block[:0])
	s.next++
}

// Uint32 returns the next word.
func (s *Stream) Uint32() uint32 {
	if s.used == 32 {
		s.fill()
		s.used = 0
	}
	v := binary.BigEndian.Uint32(s.block[s.used:])
	s.used += 4
	return v
}

// Intn returns a uniform integer in [0, n), 1 ≤ n ≤ 2³¹: words at or above the
// largest multiple of n below 2³² are skipped, the rest taken modulo n.
func (s *Stream) Intn(n int) int {
	m := uint64(n)
	limit := (1 << 32) / m * m
	for {
		if v := uint64(s.Uint32()); v < limit {
			return int(v % m)
		}
	}
}

// Perm returns a uniform permutation of [0, n): Fisher–Yates from the identity,
// i from n−1 down to 1, swapping i with Intn(i+1).
func (s *Stream) Perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := s.Intn(i + 1)
		p[i], p[j] = p[j], p[i]
	}
	return p
}
