// Package blob keeps pictures at rest: in a folder, in an S3 bucket, or in
// memory for tests. A key is written once and whole; readers see all of it or
// nothing.
//
// The store is named by a URL:
//
//	file:///abs/path     a folder, made when it is missing
//	s3://bucket          a bucket, which must exist; credentials come from the
//	                     usual AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, … of the
//	                     process
//	mem://               gone with the process
//
// Query keys of s3:
//
//	endpoint          another server than AWS, as http://127.0.0.1:7070; region then
//	                  defaults to us-east-1, use_path_style to true and both
//	                  checksum keys to when_required, which every server understands
//	region            where AWS_REGION does not say it
//	prefix            every key lies below it: prefix=certana/
//	use_path_style    true: http://host/bucket/key, not http://bucket.host/key
//	ssetype, kmskeyid encryption by the server: AES256, aws:kms or aws:kms:dsse
//	request_checksum_calculation, response_checksum_validation
//	                  when_supported or when_required
//	profile, role, anonymous, dualstack, fips, hostname_immutable,
//	rate_limiter_capacity
//	                  as in gocloud.dev/aws
//
// Buckets and memory are those of gocloud.dev/blob. The folder is our own: its
// fileblob acknowledges writes before they are on the disk, takes a file's size
// from its name and its bytes from another file when it is replaced in between,
// and walks a folder anew for every thousand names listed.
package blob

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
)

var (
	// ErrNotFound says that the store answered and holds nothing under the key.
	ErrNotFound = errors.New("blob: not found")
	// ErrUnavailable says that the store could not be asked, refused, or broke
	// off: whether the key exists is not known.
	ErrUnavailable = errors.New("blob: the store is unavailable")
	// ErrKey says that a key is not one that every store can hold.
	ErrKey = errors.New("blob: not a usable key")
	// ErrTooLarge says that a blob is longer than ReadAll was allowed to read.
	ErrTooLarge = errors.New("blob: larger than allowed")
)

// Store is one place for blobs, safe for concurrent use. Several processes may
// use the same folder or bucket.
type Store struct {
	bucket *blob.Bucket // nil for a folder
	dir    string       // of a folder, else empty
}

// Open connects to the store that rawURL names. For s3 it does not talk to the
// server: a wrong endpoint shows on first use, as ErrUnavailable.
func Open(ctx context.Context, rawURL string) (*Store, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	switch u.Scheme {
	case "file":
		return openFolder(u)
	case "mem":
		return &Store{bucket: memblob.OpenBucket(nil)}, nil
	case "s3":
		return openS3(ctx, u)
	}
	return nil, fmt.Errorf("blob: %q is not a file, s3 or mem URL", u.Redacted())
}

// Close ends the use of the store, after its readers are closed.
func (s *Store) Close() error {
	if s.bucket == nil {
		return nil
	}
	return s.bucket.Close()
}

func openFolder(u *url.URL) (*Store, error) {
	if u.Host != "" && u.Host != "localhost" || !filepath.IsAbs(u.Path) {
		return nil, fmt.Errorf("blob: a folder is file:///absolute/path, not %q", u.Redacted())
	}
	if u.RawQuery != "" {
		return nil, fmt.Errorf("blob: a file URL takes no query, got %q", u.RawQuery)
	}
	dir := filepath.Clean(u.Path)
	if err := os.MkdirAll(filepath.Join(dir, tempDir), 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	removeStale(filepath.Join(dir, tempDir))
	return &Store{dir: dir}, nil
}
