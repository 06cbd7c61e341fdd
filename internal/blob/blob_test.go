package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/blob/s3test"
)

func open(t *testing.T, url string) *blob.Store {
	t.Helper()
	s, err := blob.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Every store passes the same suite.
func TestConformance(t *testing.T) {
	conform(t, map[string]func(*testing.T) string{
		"file": func(t *testing.T) string { return "file://" + filepath.Join(t.TempDir(), "made", "by open") },
		"mem":  func(*testing.T) string { return "mem://" },
	})
}

func TestS3Conformance(t *testing.T) {
	conform(t, map[string]func(*testing.T) string{
		"s3": func(t *testing.T) string {
			url, _ := s3test.Start(t)
			return url
		},
		"s3 below a prefix": func(t *testing.T) string {
			url, _ := s3test.Start(t)
			return addPrefix(url, "a/b/")
		},
	})
}

func conform(t *testing.T, stores map[string]func(*testing.T) string) {
	suite := map[string]func(*testing.T, *blob.Store){
		"round trip": roundTrip, "missing": missing, "keys": keys, "ranges": ranges, "replace": replace,
		"broken source": brokenSource, "cancelled": cancelled, "list": list, "together": together,
		"serve content": serveContent,
	}
	for name, url := range stores {
		t.Run(name, func(t *testing.T) {
			for name, test := range suite {
				t.Run(name, func(t *testing.T) { test(t, open(t, url(t))) })
			}
		})
	}
}

// addPrefix puts a store below a prefix, in addition to one that its URL has.
func addPrefix(rawURL, prefix string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		panic(err)
	}
	q := u.Query()
	q.Set("prefix", q.Get("prefix")+prefix)
	u.RawQuery = q.Encode()
	return u.String()
}

func put(t *testing.T, s *blob.Store, key string, b []byte) {
	t.Helper()
	w, err := s.Put(t.Context(), key, bytes.NewReader(b), "image/png")
	if err != nil {
		t.Fatal(err)
	}
	if w.Size != int64(len(b)) || w.SHA256 != sha256.Sum256(b) {
		t.Fatalf("%s: written %d bytes %x, want %d", key, w.Size, w.SHA256, len(b))
	}
}

func get(t *testing.T, s *blob.Store, key string) []byte {
	t.Helper()
	b, err := s.ReadAll(t.Context(), key, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func roundTrip(t *testing.T, s *blob.Store) {
	for _, n := range []int{0, 1, 4096, 8<<20 - 1, 8 << 20, 17<<20 + 3} { // around the size of a part
		key := fmt.Sprintf("sizes/%d", n)
		b := noise(n)
		put(t, s, key, b)
		if !bytes.Equal(get(t, s, key), b) {
			t.Errorf("%d bytes came back different", n)
		}
		r, err := s.Open(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if r.Size() != int64(n) || time.Since(r.ModTime()).Abs() > time.Hour {
			t.Errorf("size %d, written at %v", r.Size(), r.ModTime())
		}
		r.Close()
		if n > 0 {
			if _, err := s.ReadAll(t.Context(), key, int64(n-1)); !errors.Is(err, blob.ErrTooLarge) {
				t.Errorf("%d bytes under a limit of %d: %v", n, n-1, err)
			}
		}
	}
}

func missing(t *testing.T, s *blob.Store) {
	put(t, s, "here", []byte("x"))
	put(t, s, "folder/x", []byte("x"))
	if err := s.Delete(t.Context(), "folder/x"); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"there", "a/b/c", "here/below", "folder", "", "../escape", "/root"} {
		if _, err := s.Open(t.Context(), key); !errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrUnavailable) {
			t.Errorf("open %q: %v", key, err)
		}
		if _, err := s.ReadAll(t.Context(), key, 10); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("read %q: %v", key, err)
		}
		if ok, err := s.Exists(t.Context(), key); ok || err != nil {
			t.Errorf("exists %q: %v %v", key, ok, err)
		}
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %q: %v", key, err)
		}
	}
	if ok, err := s.Exists(t.Context(), "here"); !ok || err != nil {
		t.Errorf("exists: %v %v", ok, err)
	}
	for range 2 {
		if err := s.Delete(t.Context(), "here"); err != nil {
			t.Fatal(err)
		}
	}
	if ok, err := s.Exists(t.Context(), "here"); ok || err != nil {
		t.Errorf("exists after delete: %v %v", ok, err)
	}
}

func keys(t *testing.T, s *blob.Store) {
	good := []string{"a", "a b", "ä/ö/図.png", "x+y&z=1?q#f%20.jpg", ".hidden", "a.tmp", "..a/b..", strings.Repeat("k", 240)}
	for _, key := range good {
		put(t, s, key, []byte(key))
	}
	for _, key := range good {
		if string(get(t, s, key)) != key {
			t.Errorf("%q holds another blob", key)
		}
	}
	bad := []string{"", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a\x00b", "a\nb", "\xff", `a\b`, "a.attrs", ".tmp", ".tmp/a", "a__0x2f__b",
		strings.Repeat("k", 241), strings.Repeat("k/", 501)}
	for _, key := range bad {
		if _, err := s.Put(t.Context(), key, strings.NewReader("x"), ""); !errors.Is(err, blob.ErrKey) {
			t.Errorf("put %q: %v", key, err)
		}
	}
	var listed []string
	for item, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, item.Key)
	}
	slices.Sort(listed)
	slices.Sort(good)
	if !slices.Equal(listed, good) {
		t.Errorf("listed %q", listed)
	}
}

func ranges(t *testing.T, s *blob.Store) {
	b := noise(100_000)
	put(t, s, "k", b)
	r, err := s.Open(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	buf := make([]byte, 1000)
	for _, c := range []struct {
		offset int64
		whence int
		at     int64
	}{{0, io.SeekStart, 0}, {50_000, io.SeekStart, 50_000}, {-20_000, io.SeekCurrent, 31_000}, {-1000, io.SeekEnd, 99_000}, {10, io.SeekStart, 10}} {
		at, err := r.Seek(c.offset, c.whence)
		if err != nil || at != c.at {
			t.Fatalf("seek(%d, %d) = %d, %v, want %d", c.offset, c.whence, at, err, c.at)
		}
		if _, err := io.ReadFull(r, buf); err != nil || !bytes.Equal(buf, b[at:at+1000]) {
			t.Fatalf("other bytes at %d: %v", at, err)
		}
	}
	if at, err := r.Seek(0, io.SeekEnd); at != 100_000 || err != nil {
		t.Errorf("end at %d, %v", at, err)
	}
	if n, err := r.Read(buf); n != 0 || err != io.EOF {
		t.Errorf("read at the end: %d, %v", n, err)
	}
	for _, to := range []int64{-1, 100_001} {
		if _, err := r.Seek(to, io.SeekStart); err == nil {
			t.Errorf("seek to %d", to)
		}
	}
}

func serveContent(t *testing.T, s *blob.Store) {
	b := noise(50_000)
	put(t, s, "k", b)
	r, err := s.Open(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	req := httptest.NewRequest("GET", "/", nil)
	req.Header.Set("Range", "bytes=40000-40099")
	w := httptest.NewRecorder()
	http.ServeContent(w, req, "k.png", r.ModTime(), r)
	if w.Code != http.StatusPartialContent || !bytes.Equal(w.Body.Bytes(), b[40000:40100]) {
		t.Errorf("status %d, %d bytes", w.Code, w.Body.Len())
	}
}

func replace(t *testing.T, s *blob.Store) {
	put(t, s, "k", []byte("a longer first"))
	put(t, s, "k", []byte("second"))
	if got := get(t, s, "k"); string(got) != "second" {
		t.Errorf("holds %q", got)
	}
}

// A source that breaks leaves what was there, whole, and its error comes back.
func brokenSource(t *testing.T, s *blob.Store) {
	boom := errors.New("boom")
	put(t, s, "old", []byte("kept"))
	for _, n := range []int{0, 100, 20 << 20} { // also after parts have gone up
		for _, key := range []string{"old", "new"} {
			src := io.MultiReader(bytes.NewReader(noise(n)), iotest.ErrReader(boom))
			if _, err := s.Put(t.Context(), key, src, ""); !errors.Is(err, boom) || errors.Is(err, blob.ErrUnavailable) {
				t.Errorf("put of a source that breaks after %d: %v", n, err)
			}
		}
	}
	if got := get(t, s, "old"); string(got) != "kept" {
		t.Errorf("holds %q", got)
	}
	if ok, err := s.Exists(t.Context(), "new"); ok || err != nil {
		t.Errorf("half a blob is there: %v %v", ok, err)
	}
}

func cancelled(t *testing.T, s *blob.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	src := io.MultiReader(bytes.NewReader(noise(9<<20)), readerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	}))
	if _, err := s.Put(ctx, "k", io.LimitReader(src, 64<<20), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled put: %v", err)
	}
	if ok, err := s.Exists(t.Context(), "k"); ok || err != nil {
		t.Errorf("half a blob is there: %v %v", ok, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func list(t *testing.T, s *blob.Store) {
	all := []string{"a-b", "a.x", "a/1", "a/2", "a/b/3", "ab/4", "c"}
	for _, key := range all {
		put(t, s, key, []byte(key))
	}
	for prefix, want := range map[string][]string{
		"":     all,
		"a":    {"a-b", "a.x", "a/1", "a/2", "a/b/3", "ab/4"},
		"a/":   {"a/1", "a/2", "a/b/3"},
		"a/b/": {"a/b/3"},
		"a/b":  {"a/b/3"},
		"z":    nil,
		"z/z/": nil,
	} {
		var got []string
		for item, err := range s.List(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			if item.Size != int64(len(item.Key)) {
				t.Errorf("%s: %d bytes", item.Key, item.Size)
			}
			got = append(got, item.Key)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("list %q: %q, want %q", prefix, got, want)
		}
	}
	n := 0
	for range s.List(t.Context(), "") {
		if n++; n == 2 {
			break // stopping early must not upset anything
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.List(ctx, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled list: %v", err)
		}
	}
}

// Readers see one whole blob or the other while writers replace it.
func together(t *testing.T, s *blob.Store) {
	blobs := [][]byte{bytes.Repeat([]byte("a"), 70_000), bytes.Repeat([]byte("b"), 90_000)}
	put(t, s, "k", blobs[0])
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 10 {
				if _, err := s.Put(t.Context(), "k", bytes.NewReader(blobs[i%2]), ""); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 20 {
				got, err := s.ReadAll(t.Context(), "k", 1<<20)
				if err != nil {
					t.Error(err)
				} else if !bytes.Equal(got, blobs[0]) && !bytes.Equal(got, blobs[1]) {
					t.Errorf("a mixture of %d bytes", len(got))
				}
			}
		})
	}
	wg.Wait()
}

func TestReplacedWhileRead(t *testing.T) { replacedWhileRead(t, "file://"+t.TempDir()) }

func TestS3ReplacedWhileRead(t *testing.T) {
	if os.Getenv(s3test.Env) == "" {
		t.Skip("the server in process does not know If-Match; CERTANA_TEST_S3=versitygw does")
	}
	url, _ := s3test.Start(t)
	replacedWhileRead(t, url)
}

// A reader never mixes what it opened with what came after.
func replacedWhileRead(t *testing.T, url string) {
	s := open(t, url)
	put(t, s, "k", bytes.Repeat([]byte("a"), 500_000))
	r, err := s.Open(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	put(t, s, "k", bytes.Repeat([]byte("b"), 500_000))
	if _, err := r.Seek(400_000, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil && !errors.Is(err, blob.ErrUnavailable) {
		t.Error(err)
	}
	if err == nil && len(got) != 100_000 || bytes.Contains(got, []byte("b")) {
		t.Errorf("%d bytes, of the new blob", len(got))
	}
}

func TestS3Outage(t *testing.T) {
	url, stop := s3test.Start(t)
	s := open(t, url)
	put(t, s, "k", []byte("x"))
	stop()
	_, openErr := s.Open(t.Context(), "k")
	_, putErr := s.Put(t.Context(), "k", strings.NewReader("y"), "")
	_, existsErr := s.Exists(t.Context(), "k")
	deleteErr := s.Delete(t.Context(), "k")
	var listErr error
	for _, err := range s.List(t.Context(), "") {
		listErr = err
	}
	for name, err := range map[string]error{"open": openErr, "put": putErr, "exists": existsErr, "delete": deleteErr, "list": listErr} {
		if !errors.Is(err, blob.ErrUnavailable) || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A bucket that is not there is an outage, not a missing picture.
func TestS3NoBucket(t *testing.T) {
	rawURL, _ := s3test.Start(t)
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	u.Host += "-none"
	s := open(t, u.String())
	if _, err := s.Open(t.Context(), "k"); !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("open: %v", err)
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	stale := filepath.Join(dir, ".tmp", "put-1")
	recent := filepath.Join(dir, ".tmp", "put-2")
	if err := os.MkdirAll(filepath.Dir(stale), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{stale, recent} {
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(stale, long, long); err != nil {
		t.Fatal(err)
	}
	s := open(t, "file://"+dir)
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Error("what a crash left is still there")
	}
	if _, err := os.Stat(recent); err != nil {
		t.Error("a file that is being written was removed")
	}
	put(t, s, "a/b", []byte("x"))
	b, err := os.ReadFile(filepath.Join(dir, "a", "b"))
	if err != nil || string(b) != "x" {
		t.Errorf("the folder holds %q, %v", b, err)
	}
	var files []string
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 { // a/b and put-2: no side files
		t.Errorf("files %q", files)
	}

	// An unmounted folder is an outage, not a missing picture.
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	_, openErr := s.Open(t.Context(), "a/b")
	_, existsErr := s.Exists(t.Context(), "a/b")
	_, putErr := s.Put(t.Context(), "a/b", strings.NewReader("y"), "")
	deleteErr := s.Delete(t.Context(), "a/b")
	var listErr error
	for _, err := range s.List(t.Context(), "") {
		listErr = err
	}
	for name, err := range map[string]error{"open": openErr, "put": putErr, "exists": existsErr, "delete": deleteErr, "list": listErr} {
		if !errors.Is(err, blob.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"", "/tmp", "ftp://x", "file://relative/path", "file:///tmp?x=1", "s3://", "s3://b?nonsense=1", "file://" + file, "%"} {
		if s, err := blob.Open(t.Context(), url); err == nil {
			s.Close()
			t.Errorf("%q was opened", url)
		}
	}
}

func TestAssetKey(t *testing.T) {
	id := uuid.MustParse("01938c2e-7d3a-7c11-8f5e-0123456789ab")
	if got := blob.AssetKey(id, asset.Watermarked); got != "assets/ab/01938c2e-7d3a-7c11-8f5e-0123456789ab/watermarked" {
		t.Error(got)
	}
}
