package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/certana/certana/internal/asset"
)

// Spooled is a file of a request's body on disk, under the data folder's tmp,
// until Close removes it.
type Spooled struct {
	Path   string
	Size   int64
	SHA256 string // lower-case hex

	held *os.File
}

// Close removes the file. It may be called more than once.
func (s *Spooled) Close() error {
	err := os.Remove(s.Path)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if s.held != nil {
		err = errors.Join(err, s.held.Close())
		s.held = nil
	}
	return err
}

// Map gives the file's bytes without reading it into memory: pages come from the
// disk as they are looked at. The bytes must not be used after unmap, nor changed.
func (s *Spooled) Map() (data []byte, unmap func(), err error) {
	f, err := os.Open(s.Path)
	if err != nil {
		return nil, nil, fmt.Errorf("open the spooled file: %w", err)
	}
	defer f.Close()
	if s.Size == 0 {
		return nil, func() {}, nil // there is nothing that could be mapped
	}
	data, err = syscall.Mmap(int(f.Fd()), 0, int(s.Size), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, nil, fmt.Errorf("map the spooled file: %w", err)
	}
	return data, func() { _ = syscall.Munmap(data) }, nil
}

// Spooler streams bodies to disk so that none is ever whole in memory.
type Spooler struct {
	Dir string
	Max int64 // bytes; one more is FILE_TOO_LARGE
}

// NewSpooler makes dir and removes what a killed process left in it. Several
// processes may spool into one folder.
func NewSpooler(dir string, max int64) (*Spooler, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool folder: %w", err)
	}
	s := &Spooler{Dir: dir, Max: max}
	return s, s.clear()
}

// clear removes the files that nobody holds.
func (s *Spooler) clear() error {
	old, err := filepath.Glob(filepath.Join(s.Dir, "spool-*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		f, err := takeLeft(path)
		if err != nil {
			return fmt.Errorf("clear the spool folder: %w", err)
		}
		if f != nil {
			_ = os.Remove(path)
			_ = f.Close() // nothing was written
		}
	}
	return nil
}

// Spool copies r to a file of its own and hashes it on the way. A body over the
// cap is FILE_TOO_LARGE and leaves nothing behind.
func (s *Spooler) Spool(r io.Reader) (_ *Spooled, err error) {
	f, err := hold(func() (*os.File, error) { return os.CreateTemp(s.Dir, "spool-*") })
	if err != nil {
		return nil, fmt.Errorf("spool a file: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
			_ = f.Close() // it is gone
		}
	}()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(r, s.Max+1))
	if err != nil {
		return nil, asset.Errorf(asset.PayloadMalformed, err, "the file did not arrive whole")
	}
	if n > s.Max {
		return nil, asset.Errorf(asset.FileTooLarge, nil, "the file is larger than %d bytes", s.Max)
	}
	return &Spooled{Path: f.Name(), Size: n, SHA256: hex.EncodeToString(h.Sum(nil)), held: f}, nil
}
