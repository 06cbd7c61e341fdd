package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// options opens logs under a reversible stand-in for the vault.
func options(dir string) Options {
	flip := func(b []byte) []byte {
		out := bytes.Clone(b)
		for i := range out {
			out[i] ^= 0x5a
		}
		return out
	}
	return Options{Dir: dir, Seal: flip, Open: func(b []byte) ([]byte, error) { return flip(b), nil }}
}

func openLog(t *testing.T, dir string) *Log {
	t.Helper()
	l, err := OpenLog(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeLog(t, l) })
	return l
}

func closeLog(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(context.Background()); err != nil {
		t.Errorf("close: %v", err)
	}
}

func mustAppend(t *testing.T, l *Log, s string) uint64 {
	t.Helper()
	i, err := l.Append(t.Context(), []byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// appendMany appends "<prefix> 0" to "<prefix> n-1" at once and returns the index
// of each.
func appendMany(t *testing.T, l *Log, prefix string, n int) []uint64 {
	t.Helper()
	indexes := make([]uint64, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var err error
			if indexes[i], err = l.Append(t.Context(), fmt.Appendf(nil, "%s %d", prefix, i)); err != nil {
				t.Errorf("append %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	return indexes
}

func TestEveryAppendIsProvable(t *testing.T) {
	l := openLog(t, t.TempDir())
	const n = 700 // two full bundles and a partial one
	indexes := appendMany(t, l, "entry", n)
	taken := map[uint64]bool{}
	for i, index := range indexes {
		if taken[index] {
			t.Fatalf("index %d was given twice", index)
		}
		taken[index] = true
		statement := fmt.Appendf(nil, "entry %d", i)
		p, err := l.Prove(t.Context(), index)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Verify(l.VerifierKey(), statement); err != nil {
			t.Fatal(err)
		}
		if err := p.Verify(l.VerifierKey(), append(statement, '!')); !errors.Is(err, ErrProof) {
			t.Fatalf("another statement verifies at %d: %v", index, err)
		}
		got, err := l.Entry(t.Context(), index)
		if err != nil || !bytes.Equal(got, statement) {
			t.Fatalf("entry %d is %q, %v", index, got, err)
		}
	}
	if err := l.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	cp, err := l.Checkpoint(t.Context())
	if err != nil || cp.Size != n || cp.Origin != DefaultOrigin {
		t.Fatalf("checkpoint %+v, %v", cp, err)
	}
	if _, err := l.Prove(t.Context(), n); !errors.Is(err, ErrNotPublished) {
		t.Fatalf("proof of an entry that is not there: %v", err)
	}
}

func TestAppendIsIdempotent(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	first := appendMany(t, l, "same", 20)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range first {
				if got := mustAppend(t, l, fmt.Sprintf("same %d", i)); got != first[i] {
					t.Errorf("statement %d moved from %d to %d", i, first[i], got)
				}
			}
		})
	}
	wg.Wait()
	// Eight at once of one that is new.
	var mu sync.Mutex
	fresh := map[uint64]int{}
	for range 8 {
		wg.Go(func() {
			i := mustAppend(t, l, "new")
			mu.Lock()
			fresh[i]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(fresh) != 1 {
		t.Errorf("one statement has indexes %v", fresh)
	}
	closeLog(t, l)

	again := openLog(t, dir)
	for i := range first {
		if got := mustAppend(t, again, fmt.Sprintf("same %d", i)); got != first[i] {
			t.Errorf("after a restart statement %d moved from %d to %d", i, first[i], got)
		}
	}
	if cp, err := again.Checkpoint(t.Context()); err != nil || cp.Size != 21 {
		t.Errorf("the log has %d leaves, want 21: %v", cp.Size, err)
	}
}

// A lost answer: the caller stopped waiting, the append went on.
func TestAppendAfterCancel(t *testing.T) {
	l := openLog(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(ctx, []byte("x")); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled append: %v", err)
	}
	mustAppend(t, l, "x")
	if cp, _ := l.Checkpoint(t.Context()); cp.Size != 1 {
		t.Errorf("%d leaves, want 1", cp.Size)
	}
}

func TestOneAppenderManyReaders(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenReader(dir); !errors.Is(err, ErrNoLog) {
		t.Fatalf("reader of nothing: %v", err)
	}
	l := openLog(t, dir)
	if _, err := OpenLog(t.Context(), options(dir)); !errors.Is(err, ErrLocked) {
		t.Fatalf("second appender: %v", err)
	}
	i := mustAppend(t, l, "a")
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Prove(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(r.VerifierKey(), []byte("a")); err != nil {
		t.Fatal(err)
	}
	if index, found, err := r.IndexOf(t.Context(), LeafHash([]byte("a")), 0); err != nil || !found || index != i {
		t.Errorf("IndexOf: %d %v %v", index, found, err)
	}
	if _, found, err := r.IndexOf(t.Context(), LeafHash([]byte("b")), 0); err != nil || found {
		t.Errorf("IndexOf something else: %v %v", found, err)
	}
}

func TestIdentityStays(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	vkey := l.VerifierKey()
	mustAppend(t, l, "a")
	closeLog(t, l)
	if _, err := l.Append(t.Context(), []byte("b")); !errors.Is(err, ErrClosed) {
		t.Errorf("append after close: %v", err)
	}

	o := options(dir)
	o.Origin = "elsewhere.example/log"
	again, err := OpenLog(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if again.VerifierKey() != vkey {
		t.Error("the log changed its key")
	}
	closeLog(t, again)

	// A log without its key is not given another one.
	if err := os.Remove(filepath.Join(dir, signerFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLog(t.Context(), o); err == nil {
		t.Error("a log with entries was given a new key")
	}
}

func TestTampering(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	appendMany(t, l, "entry", 300)
	p, err := l.Prove(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	statement, err := l.Entry(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	other := openLog(t, t.TempDir())
	if err := p.Verify(other.VerifierKey(), statement); !errors.Is(err, ErrProof) {
		t.Errorf("another log's key: %v", err)
	}
	bad := map[string]func(*Proof){
		"index":      func(p *Proof) { p.LeafIndex++ },
		"size":       func(p *Proof) { p.TreeSize++ },
		"short path": func(p *Proof) { p.Hashes = p.Hashes[1:] },
		"hash":       func(p *Proof) { p.Hashes[0] = bytes.Clone(p.Hashes[0]); p.Hashes[0][3] ^= 1 },
		"signature":  func(p *Proof) { p.Checkpoint = p.Checkpoint[:len(p.Checkpoint)-4] + "AAA\n" },
	}
	for name, change := range bad {
		q := p
		q.Hashes = append([][]byte(nil), p.Hashes...)
		change(&q)
		if err := q.Verify(l.VerifierKey(), statement); !errors.Is(err, ErrProof) {
			t.Errorf("%s altered: %v", name, err)
		}
	}
	closeLog(t, l)

	entries := filepath.Join(dir, "tile", "entries", "000")
	b, err := os.ReadFile(entries)
	if err != nil {
		t.Fatal(err)
	}
	b[100] ^= 1
	if err := os.WriteFile(entries, b, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(t.Context()); err == nil {
		t.Error("an altered entry passes the check")
	}
}
