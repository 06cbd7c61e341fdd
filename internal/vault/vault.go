// Package vault seals secrets at rest under one master key: organization keys,
// the log's signing key, token keys, watermark keys, webhook and TOTP secrets.
// It knows no database and no configuration: bytes in, bytes out.
//
// A sealed value is
//
//	version(1) = 0x01 | key id(4) | nonce(24) | ciphertext and tag(n+16)
//
// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under a subkey of its own for
// every purpose, HKDF-SHA-256 (RFC 5869) of the master key with the info
// "certana/vault/1/seal/" + purpose and no salt. The associated data is
// version | key id | purpose. Nonces are random: 192 bits never repeat in
// practice. docs/formats.md holds the same description for re-implementers.
package vault

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeySize is the length of the master key in bytes.
const KeySize = 32

// Overhead is how many bytes longer a sealed value is than its plaintext.
const Overhead = headerSize + chacha20poly1305.NonceSizeX + 16

const (
	version    = 0x01
	headerSize = 1 + 4
	infoPrefix = "certana/vault/1/"
)

var (
	// ErrOpen says that a sealed value does not open: it was altered, cut, or
	// sealed for another purpose.
	ErrOpen = errors.New("vault: the sealed value does not open")
	// ErrOtherKey says that a value was sealed under another master key.
	ErrOtherKey = errors.New("vault: the value was sealed under another master key")
)

// Vault seals and opens secrets. It is immutable and safe for concurrent use.
type Vault struct {
	master [KeySize]byte
	id     [4]byte
}

// New makes a vault of a master key of exactly KeySize bytes, which must come
// from a random generator, never from a password. The key is copied.
func New(master []byte) (*Vault, error) {
	if len(master) != KeySize {
		return nil, fmt.Errorf("vault: a master key is %d bytes, got %d", KeySize, len(master))
	}
	v := &Vault{}
	copy(v.master[:], master)
	copy(v.id[:], v.expand("key-id", len(v.id)))
	return v, nil
}

// KeyID names the master key without revealing it: 8 hex digits. A deployment
// may store it and compare at start, to tell a lost key from a damaged value.
func (v *Vault) KeyID() string { return hex.EncodeToString(v.id[:]) }

// Seal encrypts plaintext for a purpose, such as "organization-key/<uuid>". A
// value opens for the same purpose only, so a purpose that holds the row's id
// keeps one row's secret from being moved into another. Sealing the same
// plaintext twice gives different values.
func (v *Vault) Seal(purpose string, plaintext []byte) []byte {
	out := make([]byte, headerSize+chacha20poly1305.NonceSizeX, Overhead+len(plaintext))
	out[0] = version
	copy(out[1:], v.id[:])
	nonce := out[headerSize:]
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the program instead
	return v.aead(purpose).Seal(out, nonce, plaintext, associated(out[:headerSize], purpose))
}

// Open decrypts what Seal made for the same purpose. The errors are ErrOtherKey
// and ErrOpen.
func (v *Vault) Open(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, ErrOpen
	}
	if [4]byte(sealed[1:headerSize]) != v.id {
		return nil, ErrOtherKey
	}
	nonce := sealed[headerSize : headerSize+chacha20poly1305.NonceSizeX]
	plain, err := v.aead(purpose).Open(nil, nonce, sealed[headerSize+len(nonce):], associated(sealed[:headerSize], purpose))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// Derive returns n bytes (1 to 8160) that depend on the master key and the
// purpose alone: keys that need no storage. They are unrelated to those that
// Seal uses, whatever the purpose.
func (v *Vault) Derive(purpose string, n int) []byte {
	return v.expand("derive/"+purpose, n)
}

func (v *Vault) expand(info string, n int) []byte {
	key, err := hkdf.Key(sha256.New, v.master[:], nil, infoPrefix+info, n)
	if err != nil {
		panic(fmt.Sprintf("vault: %v", err)) // n is out of range: a mistake in the caller
	}
	return key
}

func (v *Vault) aead(purpose string) cipher.AEAD {
	a, err := chacha20poly1305.NewX(v.expand("seal/"+purpose, chacha20poly1305.KeySize))
	if err != nil {
		panic(fmt.Sprintf("vault: %v", err)) // the subkey always has the right size
	}
	return a
}

func associated(header []byte, purpose string) []byte {
	return append(append(make([]byte, 0, len(header)+len(purpose)), header...), purpose...)
}
