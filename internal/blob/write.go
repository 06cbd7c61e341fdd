package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"gocloud.dev/blob"
)

// partSize and partsAtOnce bound the memory of an S3 upload: a blob larger than
// one part goes up in parts.
const (
	partSize    = 8 << 20
	partsAtOnce = 2
)

// Written says what Put stored.
type Written struct {
	Size   int64
	SHA256 [32]byte
}

// Put stores all of r under key, replacing what was there. It streams: memory
// does not grow with the blob. Nothing is visible under the key before
// everything is stored, and nothing new is when Put fails. When it returns, the
// blob survives a crash of the process, and of the machine where the store is a
// folder. contentType is told to S3 and is not kept in a folder.
//
// An error of r is returned as it is; otherwise the errors are ErrKey,
// ErrUnavailable and those of ctx.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, contentType string) (Written, error) {
	if err := CheckKey(key); err != nil {
		return Written{}, err
	}
	src := &source{r: r}
	h := sha256.New()
	var n int64
	var err error
	if s.dir != "" {
		n, err = s.putFile(ctx, key, io.TeeReader(src, h))
	} else {
		n, err = s.putBucket(ctx, key, io.TeeReader(src, h), contentType)
	}
	switch {
	case src.err != nil:
		return Written{}, src.err
	case err != nil && ctx.Err() != nil:
		return Written{}, ctx.Err()
	case err != nil:
		return Written{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return Written{Size: n, SHA256: [32]byte(h.Sum(nil))}, nil
}

func (s *Store) putBucket(ctx context.Context, key string, r io.Reader, contentType string) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	w, err := s.bucket.NewWriter(ctx, key, &blob.WriterOptions{
		ContentType: contentType, BufferSize: partSize, MaxConcurrency: partsAtOnce,
	})
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, r)
	if err != nil {
		cancel()      // before Close: it then discards what was sent
		_ = w.Close() // says what cancel made it say
		return 0, err
	}
	return n, w.Close()
}

// Delete removes a blob; one that is not there is no error.
func (s *Store) Delete(ctx context.Context, key string) error {
	if CheckKey(key) != nil {
		return nil
	}
	var err error
	if s.dir == "" {
		err = s.bucket.Delete(ctx, key)
	} else if _, err = s.stat(key); err == nil { // os.Remove takes empty folders too
		err = os.Remove(s.path(key))
	}
	if err == nil {
		return nil
	}
	if err = s.classify(ctx, err); errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// source remembers the reader's own error, to tell it from the store's.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
