package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrSignature says that a signature is not the key's over the statement.
var ErrSignature = errors.New("ledger: the signature does not hold")

// OrgKey is an organization's Ed25519 signing key (RFC 8032). It is immutable.
type OrgKey struct {
	private ed25519.PrivateKey
}

// NewOrgKey makes a key.
func NewOrgKey() OrgKey {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails: crypto/rand ends the program instead
	return OrgKey{ed25519.NewKeyFromSeed(seed)}
}

// ParseOrgKey takes the 32 bytes that Seed returned.
func ParseOrgKey(seed []byte) (OrgKey, error) {
	if len(seed) != ed25519.SeedSize {
		return OrgKey{}, fmt.Errorf("ledger: a key's seed is %d bytes, got %d", ed25519.SeedSize, len(seed))
	}
	return OrgKey{ed25519.NewKeyFromSeed(seed)}, nil
}

// Seed returns the secret that the key is made of, 32 bytes, for the caller to
// seal and store.
func (k OrgKey) Seed() []byte { return k.private.Seed() }

// Public returns the public key, 32 bytes.
func (k OrgKey) Public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// ID names the key as KeyID does.
func (k OrgKey) ID() string { return KeyID(k.Public()) }

// Sign returns the signature over a statement's bytes, in standard base64. It
// is the same every time.
func (k OrgKey) Sign(statement []byte) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, statement))
}

// KeyID names a public key: the first 10 bytes of its SHA-256 as 20 hex digits.
func KeyID(public ed25519.PublicKey) string {
	h := sha256.Sum256(public)
	return hex.EncodeToString(h[:10])
}

// VerifySignature checks what Sign made. It does not look into the statement:
// a caller that does must also compare its KeyID with KeyID(public).
func VerifySignature(public ed25519.PublicKey, statement []byte, signature string) error {
	sig, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil || len(public) != ed25519.PublicKeySize || !ed25519.Verify(public, statement, sig) {
		return ErrSignature
	}
	return nil
}
