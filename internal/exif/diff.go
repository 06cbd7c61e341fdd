package exif

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"maps"
	"slices"
)

// Digest is the salted commitment to a set of fields: SHA-256 over the ASCII
// label "certana metadata 1" and a zero byte, the salt, and each field's name
// and value in byte order of the names, where salt, name and value are each
// preceded by their length as 8 big-endian bytes. Without the salt, the digest
// of guessable fields tells nothing.
func Digest(f Fields, salt []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("certana metadata 1\x00"))
	put(h, string(salt))
	for _, k := range slices.Sorted(maps.Keys(f)) {
		put(h, k)
		put(h, f[k])
	}
	return [32]byte(h.Sum(nil))
}

func put(h hash.Hash, s string) {
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
	h.Write([]byte(s))
}

// The kinds of modification.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// Modification is one field that differs. Registered is empty when the field
// was added, Found when it was removed.
type Modification struct {
	Field      string `json:"field"`
	Registered string `json:"registered"`
	Found      string `json:"found"`
	Kind       string `json:"kind"`
}

// Diff lists what differs between the registered fields and those found, in
// order of the names; empty, never nil, when nothing does.
func Diff(registered, found Fields) []Modification {
	out := []Modification{}
	for k, v := range registered {
		if got, ok := found[k]; !ok {
			out = append(out, Modification{k, v, "", Removed})
		} else if got != v {
			out = append(out, Modification{k, v, got, Changed})
		}
	}
	for k, v := range found {
		if _, ok := registered[k]; !ok {
			out = append(out, Modification{k, "", v, Added})
		}
	}
	slices.SortFunc(out, func(a, b Modification) int {
		if a.Field < b.Field {
			return -1
		}
		return 1
	})
	return out
}
