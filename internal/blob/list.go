package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gocloud.dev/blob"
)

// Item is one blob of a listing.
type Item struct {
	Key     string
	Size    int64
	ModTime time.Time
}

// List yields every blob whose key begins with prefix, in an order of the
// store's own, and stops at the first error, which it yields: ErrUnavailable or
// that of ctx. Blobs written or deleted meanwhile may or may not show.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[Item, error] {
	if s.dir != "" {
		return s.walk(ctx, prefix)
	}
	return func(yield func(Item, error) bool) {
		it := s.bucket.List(&blob.ListOptions{Prefix: prefix})
		for {
			o, err := it.Next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				err = ctx.Err() // a page that is here already comes without asking
			}
			if err != nil {
				yield(Item{}, s.unavailable(ctx, err))
				return
			}
			if !yield(Item{Key: o.Key, Size: o.Size, ModTime: o.ModTime}, nil) {
				return
			}
		}
	}
}

var errStop = errors.New("stop")

func (s *Store) walk(ctx context.Context, prefix string) iter.Seq2[Item, error] {
	// Only the folder that the prefix names need be walked.
	root := s.dir
	if i := strings.LastIndexByte(prefix, '/'); i > 0 && CheckKey(prefix[:i]) == nil {
		root = filepath.Join(s.dir, filepath.FromSlash(prefix[:i]))
	}
	return func(yield func(Item, error) bool) {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if errors.Is(err, fs.ErrNotExist) && path != s.dir {
				return nil // gone meanwhile, or a prefix that nothing has
			}
			if err != nil {
				return err
			}
			item, ok, err := s.item(path, d)
			switch {
			case err != nil || !ok || !strings.HasPrefix(item.Key, prefix):
				return err
			case !yield(item, nil):
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(Item{}, s.unavailable(ctx, err))
		}
	}
}

func (s *Store) item(path string, d fs.DirEntry) (item Item, ok bool, err error) {
	if d.IsDir() {
		if path == filepath.Join(s.dir, tempDir) {
			return Item{}, false, filepath.SkipDir
		}
		return Item{}, false, nil
	}
	info, err := os.Stat(path) // follows links, as reading does
	if errors.Is(err, fs.ErrNotExist) {
		return Item{}, false, nil
	}
	if err != nil {
		return Item{}, false, err
	}
	rel, err := filepath.Rel(s.dir, path)
	if err != nil || !info.Mode().IsRegular() {
		return Item{}, false, err
	}
	key := filepath.ToSlash(rel)
	return Item{Key: key, Size: info.Size(), ModTime: info.ModTime()}, CheckKey(key) == nil, nil
}
