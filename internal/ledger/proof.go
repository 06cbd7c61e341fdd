package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/mr-tron/base58"
	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// ErrProof says that a proof, or the checkpoint that it leads to, does not hold.
var ErrProof = errors.New("ledger: the inclusion proof does not hold")

// LeafHash is the log's name for an entry: SHA-256 of a zero byte and the
// statement (RFC 6962, section 2.1).
func LeafHash(statement []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte{rfc6962.RFC6962LeafHashPrefix})
	h.Write(statement)
	return [32]byte(h.Sum(nil))
}

// TxHash is a leaf hash as the API shows it: base58 in the Bitcoin alphabet.
func TxHash(leaf [32]byte) string { return base58.Encode(leaf[:]) }

// Checkpoint is a signed state of the log.
type Checkpoint struct {
	Origin string
	Size   uint64   // leaves
	Root   [32]byte // Merkle tree hash
	Raw    []byte   // the signed note, as published
}

// ParseCheckpoint checks the signature of a signed note against a verifier key
// (golang.org/x/mod/sumdb/note form), whose name must also be the origin. Other
// signatures on the note, such as those of witnesses, are left alone.
func ParseCheckpoint(raw []byte, vkey string) (Checkpoint, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("ledger: the log's verifier key: %w", err)
	}
	cp, _, _, err := log.ParseCheckpoint(raw, v.Name(), v)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if len(cp.Hash) != sha256.Size {
		return Checkpoint{}, fmt.Errorf("%w: the root has %d bytes", ErrProof, len(cp.Hash))
	}
	return Checkpoint{Origin: cp.Origin, Size: cp.Size, Root: [32]byte(cp.Hash), Raw: raw}, nil
}

// Proof shows that a statement is in the log: with the statement and the log's
// verifier key it is all that a third party needs.
type Proof struct {
	LeafIndex  uint64   `json:"leaf_index"`
	TreeSize   uint64   `json:"tree_size"`
	Hashes     [][]byte `json:"hashes"`     // audit path, from the leaf up, 32 bytes each
	Checkpoint string   `json:"checkpoint"` // signed note over a tree of TreeSize leaves
}

// Verify checks the whole chain: the checkpoint's signature under vkey, and the
// path from the statement's leaf to its root. It touches nothing but its
// arguments, and uses public packages only.
func (p Proof) Verify(vkey string, statement []byte) error {
	cp, err := ParseCheckpoint([]byte(p.Checkpoint), vkey)
	if err != nil {
		return err
	}
	if cp.Size != p.TreeSize {
		return fmt.Errorf("%w: the checkpoint is of %d leaves, the proof of %d", ErrProof, cp.Size, p.TreeSize)
	}
	return VerifyInclusion(cp, p.LeafIndex, p.Hashes, statement)
}

// VerifyInclusion checks an audit path from a statement's leaf to a checkpoint
// whose signature the caller has already checked.
func VerifyInclusion(cp Checkpoint, index uint64, path [][]byte, statement []byte) error {
	leaf := LeafHash(statement)
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, cp.Size, leaf[:], path, cp.Root[:]); err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	return nil
}

// VerifyConsistency checks that the newer checkpoint only added leaves to the
// older one. The signatures are the caller's to check.
func VerifyConsistency(older, newer Checkpoint, path [][]byte) error {
	err := proof.VerifyConsistency(rfc6962.DefaultHasher, older.Size, newer.Size, path, older.Root[:], newer.Root[:])
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	return nil
}
