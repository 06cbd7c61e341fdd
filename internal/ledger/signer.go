package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/mod/sumdb/note"
)

// signerFile holds the log's signing key, sealed.
const signerFile = "signer.sealed"

// loadSigner returns the key that signs checkpoints, making it when the log is
// new. The origin is fixed by the key: once a log has a name it keeps it,
// whatever the configuration says later, because every client knows it by that
// name.
func loadSigner(o Options) (note.Signer, error) {
	path := filepath.Join(o.Dir, signerFile)
	sealed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		sealed, err = createSigner(o, path)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	skey, err := o.Open(sealed)
	if err != nil {
		return nil, fmt.Errorf("ledger: the log's signing key: %w", err)
	}
	signer, err := note.NewSigner(string(skey))
	if err != nil {
		return nil, fmt.Errorf("ledger: the log's signing key: %w", err)
	}
	vkey, err := verifierOf(string(skey), signer.Name())
	if err != nil {
		return nil, err
	}
	return signer, writeFile(filepath.Join(o.Dir, vkeyFile), []byte(vkey+"\n"))
}

func createSigner(o Options, path string) ([]byte, error) {
	if _, err := os.Stat(filepath.Join(o.Dir, layout.CheckpointPath)); err == nil {
		return nil, fmt.Errorf("the log in %s has entries but its %s is gone: restore it, a new key would be another log", o.Dir, signerFile)
	}
	skey, _, err := note.GenerateKey(rand.Reader, o.Origin)
	if err != nil {
		return nil, fmt.Errorf("the log's origin %q: %w", o.Origin, err)
	}
	sealed := o.Seal([]byte(skey))
	return sealed, writeFile(path, sealed)
}

// verifierOf derives the public key: a signing key ends in the base64 of an
// algorithm byte and the Ed25519 seed.
func verifierOf(skey, name string) (string, error) {
	n := base64.StdEncoding.EncodedLen(1 + ed25519.SeedSize)
	raw, err := base64.StdEncoding.DecodeString(skey[max(0, len(skey)-n):])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return "", errors.New("ledger: the log's signing key is malformed")
	}
	public := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return "", fmt.Errorf("ledger: %w", err)
	}
	return vkey, nil
}

// writeFile replaces a file atomically and durably.
func writeFile(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if _, err := tmp.Write(b); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if err := tmp.Sync(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer d.Close()
	return d.Sync()
}
