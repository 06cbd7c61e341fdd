package vault

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxKeyFile bounds what is read of a key file: a mistaken path must not load
// a picture.
const maxKeyFile = 4096

// Parse reads a master key as an operator writes it: 64 hex digits, or base64
// (standard or URL alphabet, padding optional) of 32 bytes; white space around
// it is ignored.
func Parse(text string) ([]byte, error) {
	s := strings.TrimSpace(text)
	if len(s) == 2*KeySize {
		if key, err := hex.DecodeString(s); err == nil {
			return key, nil
		}
	}
	raw := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(s), "=")
	if key, err := base64.RawStdEncoding.Strict().DecodeString(raw); err == nil && len(key) == KeySize {
		return key, nil
	}
	return nil, errors.New("vault: a master key is 64 hex digits or base64 of 32 bytes")
}

// Load reads the master key from a file, in the text form of Parse or as 32
// bare bytes. An error never shows the file's content.
func Load(path string) (*Vault, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("vault: master key: %w", err)
	}
	if info.Size() > maxKeyFile {
		return nil, fmt.Errorf("vault: %s is too long for a master key", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("vault: master key: %w", err)
	}
	key := b
	if len(b) != KeySize {
		if key, err = Parse(string(b)); err != nil {
			return nil, fmt.Errorf("%w, which %s does not hold", err, path)
		}
	}
	return New(key)
}

// LoadOrCreate reads the master key from path, or makes one there (mode 0600,
// 64 hex digits and a newline) when nothing is there. Any number of processes
// may start at once: they agree on one key, because the file appears by a hard
// link of a finished, synced file, and only one link can win. A file that
// others than its owner may read is refused.
func LoadOrCreate(path string) (*Vault, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, err
		}
		return Load(path)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: master key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("vault: %s may be read by others than its owner (mode %04o): run chmod 600 on it", path, mode)
	}
	return Load(path)
}

// create makes the key file unless somebody else makes it first.
func create(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".master-*") // mode 0600
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	if _, err := tmp.WriteString(hex.EncodeToString(key) + "\n"); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	// Synced before it is visible: a power cut must not leave an empty key
	// behind secrets that were sealed under a full one.
	if err := tmp.Sync(); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("vault: %w", err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	defer d.Close()
	return d.Sync()
}
