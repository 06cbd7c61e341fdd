package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// tempDir holds the files that are being written, inside the store's own folder
// so that a rename into place never crosses a file system.
const tempDir = ".tmp"

// staleAfter is how old a file in tempDir is when nobody can be writing it any
// more: what a crash left behind.
const staleAfter = 24 * time.Hour

func (s *Store) path(key string) string { return filepath.Join(s.dir, filepath.FromSlash(key)) }

// stat finds a blob's file; a folder of that name is no blob.
func (s *Store) stat(key string) (fs.FileInfo, error) {
	info, err := os.Stat(s.path(key))
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	return info, err
}

// openFile takes size and time from the file that it opened, not from its name:
// the name may belong to another file a moment later.
func (s *Store) openFile(_ context.Context, key string) (*Reader, error) {
	f, err := os.Open(s.path(key))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Reader{r: f, size: info.Size(), modTime: info.ModTime()}, nil
}

// putFile writes a temporary file, syncs it, renames it into place and syncs the
// folders above: a crash before the rename leaves a stale temporary file, a
// crash after it leaves the whole blob.
func (s *Store) putFile(ctx context.Context, key string, r io.Reader) (n int64, err error) {
	path := s.path(key)
	made, err := makeDirs(s.dir, filepath.Dir(path))
	if err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(filepath.Join(s.dir, tempDir), "put-*")
	if err != nil {
		return 0, err
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if n, err = io.Copy(f, &contextReader{ctx, r}); err != nil {
		return 0, err
	}
	if err = f.Sync(); err != nil {
		return 0, err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return 0, err
	}
	for _, dir := range append(made, filepath.Dir(path)) {
		if err = syncDir(dir); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// makeDirs makes the folders from root down to dir and returns those that got a
// new entry.
func makeDirs(root, dir string) (changed []string, err error) {
	if dir == root {
		return nil, nil
	}
	if _, err := os.Stat(dir); err == nil {
		return nil, nil
	}
	parent := filepath.Dir(dir)
	if changed, err = makeDirs(root, parent); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return append(changed, parent), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func folderAlive(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, tempDir))
	return err == nil && info.IsDir()
}

// removeStale clears what crashed writers left; it does its best.
func removeStale(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > staleAfter {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
