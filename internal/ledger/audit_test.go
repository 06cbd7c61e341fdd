package ledger

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// auditor is a client that shares no code with the log: the checksum database's
// own packages, over HTTP.
type auditor struct {
	t    *testing.T
	base string
}

func (a auditor) get(path string) (*http.Response, []byte) {
	a.t.Helper()
	resp, err := http.Get(a.base + "/" + path)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp, b
}

// checkpoint fetches and verifies the signed tree head.
func (a auditor) checkpoint(vkey string) tlog.Tree {
	a.t.Helper()
	v, err := note.NewVerifier(vkey)
	if err != nil {
		a.t.Fatal(err)
	}
	_, raw := a.get("checkpoint")
	n, err := note.Open(raw, note.VerifierList(v))
	if err != nil {
		a.t.Fatal(err)
	}
	var tree tlog.Tree
	var origin, root string
	if _, err := fmt.Sscanf(n.Text, "%s\n%d\n%s\n", &origin, &tree.N, &root); err != nil {
		a.t.Fatal(err)
	}
	if origin != v.Name() {
		a.t.Fatalf("origin %q, key name %q", origin, v.Name())
	}
	h, err := base64.StdEncoding.DecodeString(root)
	if err != nil || copy(tree.Hash[:], h) != tlog.HashSize {
		a.t.Fatalf("root %q: %v", root, err)
	}
	return tree
}

// tlog-tiles is the checksum database's layout with the tile height, always 8,
// left out of the path.
func (auditor) Height() int { return 8 }

func (a auditor) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		resp, b := a.get("tile/" + strings.TrimPrefix(tile.Path(), "tile/8/"))
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s: %s", tile.Path(), resp.Status)
		}
		data = append(data, b)
	}
	return data, nil
}

func (auditor) SaveTiles([]tlog.Tile, [][]byte) {}

func TestPublicAudit(t *testing.T) {
	l := openLog(t, t.TempDir())
	srv := httptest.NewServer(http.StripPrefix("/log", l.Handler()))
	defer srv.Close()
	a := auditor{t, srv.URL + "/log"}

	_, vkey := a.get("log.vkey")
	key := strings.TrimSpace(string(vkey))
	if key != l.VerifierKey() {
		t.Fatalf("served key %q, want %q", key, l.VerifierKey())
	}
	early := appendMany(t, l, "early", 260)
	before := a.checkpoint(key)
	appendMany(t, l, "late", 300)
	after := a.checkpoint(key)
	if before.N != 260 || after.N != 560 {
		t.Fatalf("trees of %d and %d leaves", before.N, after.N)
	}

	reader := tlog.TileHashReader(after, a)
	for i, index := range early {
		proof, err := tlog.ProveRecord(after.N, int64(index), reader)
		if err != nil {
			t.Fatal(err)
		}
		h := tlog.RecordHash(fmt.Appendf(nil, "early %d", i))
		if h != tlog.Hash(LeafHash(fmt.Appendf(nil, "early %d", i))) {
			t.Fatal("leaf hashes differ")
		}
		if err := tlog.CheckRecord(proof, after.N, after.Hash, int64(index), h); err != nil {
			t.Fatalf("entry %d: %v", index, err)
		}
	}
	consistency, err := tlog.ProveTree(after.N, before.N, reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckTree(consistency, after.N, after.Hash, before.N, before.Hash); err != nil {
		t.Fatal(err)
	}

	// Our own proofs say the same as the auditor's.
	ours, err := l.ConsistencyProof(t.Context(), uint64(before.N), uint64(after.N))
	if err != nil {
		t.Fatal(err)
	}
	old, now := Checkpoint{Size: uint64(before.N), Root: before.Hash}, Checkpoint{Size: uint64(after.N), Root: after.Hash}
	if err := VerifyConsistency(old, now, ours); err != nil {
		t.Fatal(err)
	}
	old.Root[0] ^= 1
	if err := VerifyConsistency(old, now, ours); err == nil {
		t.Error("another history is consistent")
	}
}

func TestHandler(t *testing.T) {
	l := openLog(t, t.TempDir())
	appendMany(t, l, "entry", 257)
	cases := []struct {
		method, path string
		status       int
		contentType  string
		cache        string
	}{
		{"GET", "/checkpoint", 200, "text/plain; charset=utf-8", "no-cache"},
		{"HEAD", "/checkpoint", 200, "text/plain; charset=utf-8", "no-cache"},
		{"GET", "/log.vkey", 200, "text/plain; charset=utf-8", "no-cache"},
		{"GET", "/tile/0/000", 200, "application/octet-stream", "public, max-age=31536000, immutable"},
		{"GET", "/tile/0/001.p/1", 200, "application/octet-stream", "public, max-age=31536000, immutable"},
		{"GET", "/tile/1/000.p/1", 200, "application/octet-stream", "public, max-age=31536000, immutable"},
		{"GET", "/tile/entries/000", 200, "application/octet-stream", "public, max-age=31536000, immutable"},
		{"GET", "/tile/0/002", 404, "", ""},
		{"GET", "/tile/0/001", 404, "", ""},
		{"GET", "/tile/0", 404, "", ""},
		{"GET", "/tile/0/000/", 404, "", ""},
		{"GET", "/tile/0/001.p", 404, "", ""},
		{"GET", "/", 404, "", ""},
		{"GET", "/signer.sealed", 404, "", ""},
		{"GET", "/.lock", 404, "", ""},
		{"GET", "/.state/treeState", 404, "", ""},
		{"GET", "/tile/../signer.sealed", 404, "", ""},
		{"GET", "/tile/0/x000/../000", 404, "", ""},
		{"POST", "/checkpoint", 405, "", ""},
		{"DELETE", "/tile/0/000", 405, "", ""},
	}
	for _, c := range cases {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(c.method, "/", nil)
		r.URL.Path = c.path
		l.Handler().ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s %s: status %d, want %d", c.method, c.path, w.Code, c.status)
			continue
		}
		if c.status != 200 {
			continue
		}
		if got := w.Header().Get("Content-Type"); got != c.contentType {
			t.Errorf("%s: content type %q", c.path, got)
		}
		if got := w.Header().Get("Cache-Control"); got != c.cache {
			t.Errorf("%s: cache control %q", c.path, got)
		}
		if (w.Body.Len() == 0) != (c.method == "HEAD") {
			t.Errorf("%s %s: %d bytes of body", c.method, c.path, w.Body.Len())
		}
	}
}
