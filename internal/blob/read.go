package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// Reader reads one blob as it was when it was opened, even when it is replaced
// meanwhile; from S3, a read after a seek is then ErrUnavailable. It is an
// io.ReadSeekCloser, so that http.ServeContent answers ranges from it: seeking
// costs nothing, and the first read after a seek asks the store for the rest
// from there. Its errors are ErrUnavailable and those of its context.
type Reader struct {
	r       io.ReadSeekCloser
	size    int64
	modTime time.Time
	pos     int64
	store   *Store
	ctx     context.Context
}

// Open starts reading a blob; ctx governs all of the reading. The errors are
// ErrNotFound, ErrUnavailable and those of ctx. The caller closes the reader.
func (s *Store) Open(ctx context.Context, key string) (*Reader, error) {
	if err := CheckKey(key); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	open := s.openObject
	if s.dir != "" {
		open = s.openFile
	}
	r, err := open(ctx, key)
	if err != nil {
		return nil, s.classify(ctx, err)
	}
	r.store, r.ctx = s, ctx
	return r, nil
}

func (s *Store) openObject(ctx context.Context, key string) (*Reader, error) {
	var etag *string // of the object that was opened: a seek asks for no other
	r, err := s.bucket.NewReader(ctx, key, &blob.ReaderOptions{BeforeRead: func(as func(any) bool) error {
		var in *s3.GetObjectInput
		if as(&in) {
			in.IfMatch = etag
		}
		return nil
	}})
	if err != nil {
		return nil, err
	}
	var out s3.GetObjectOutput
	if r.As(&out) {
		etag = out.ETag
	}
	return &Reader{r: r, size: r.Size(), modTime: r.ModTime()}, nil
}

// Size is the blob's length in bytes.
func (r *Reader) Size() int64 { return r.size }

// ModTime is when the blob was last written, as the store tells it.
func (r *Reader) ModTime() time.Time { return r.modTime }

func (r *Reader) Read(p []byte) (int, error) {
	if r.pos >= r.Size() {
		return 0, io.EOF // a seek to the end would ask S3 for a range that is none
	}
	n, err := r.r.Read(p)
	r.pos += int64(n)
	if err != nil && err != io.EOF {
		err = r.store.classify(r.ctx, err)
	}
	return n, err
}

// Seek moves the next read; it talks to nobody. Past the end is an error.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.Size()
	}
	if offset < 0 || offset > r.Size() {
		return 0, fmt.Errorf("blob: cannot seek to %d in %d bytes", offset, r.Size())
	}
	at, err := r.r.Seek(offset, io.SeekStart)
	if err != nil {
		return 0, fmt.Errorf("blob: %w", err)
	}
	r.pos = at
	return at, nil
}

// Close ends the reading.
func (r *Reader) Close() error { return r.r.Close() }

// ReadAll returns a whole blob of at most limit bytes; a longer one is
// ErrTooLarge and is not read.
func (s *Store) ReadAll(ctx context.Context, key string, limit int64) ([]byte, error) {
	r, err := s.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // only read
	if r.Size() > limit {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, r.Size(), limit)
	}
	b := make([]byte, r.Size())
	if _, err := io.ReadFull(r, b); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: the blob ended early", ErrUnavailable)
		}
		return nil, err
	}
	return b, nil
}

// Exists tells whether the store holds the key. Its errors are ErrUnavailable
// and those of ctx.
func (s *Store) Exists(ctx context.Context, key string) (bool, error) {
	if CheckKey(key) != nil {
		return false, nil
	}
	var err error
	if s.dir != "" {
		_, err = s.stat(key)
	} else {
		_, err = s.bucket.Attributes(ctx, key)
	}
	if err == nil {
		return true, nil
	}
	if err = s.classify(ctx, err); errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return false, err
}

// classify turns a store's error into one of this package's.
func (s *Store) classify(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	missing := gcerrors.Code(err) == gcerrors.NotFound ||
		errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
	if missing && s.alive(err) {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// alive tells a missing blob from a missing store: a folder that was unmounted
// or a bucket that is not there hold nothing, but that says nothing of the blob.
func (s *Store) alive(err error) bool {
	if s.dir != "" {
		return folderAlive(s.dir)
	}
	var api smithy.APIError
	return !errors.As(err, &api) || api.ErrorCode() != "NoSuchBucket"
}

// unavailable is classify for questions that have no "not found" for an answer.
func (s *Store) unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
