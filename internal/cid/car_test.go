package cid

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/ipfs/boxo/blockservice"
	"github.com/ipfs/boxo/blockstore"
	"github.com/ipfs/boxo/exchange/offline"
	"github.com/ipfs/boxo/ipld/merkledag"
	uio "github.com/ipfs/boxo/ipld/unixfs/io"
	"github.com/ipfs/go-datastore"
	dssync "github.com/ipfs/go-datastore/sync"
	carv2 "github.com/ipld/go-car/v2"
)

// load reads a CAR with the public library, which checks every block's hash,
// into a store that a gateway could serve from.
func load(t *testing.T, car []byte) (root CID, store blockstore.Blockstore, n int) {
	t.Helper()
	r, err := carv2.NewBlockReader(bytes.NewReader(car))
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != 1 || len(r.Roots) != 1 {
		t.Fatalf("version %d, roots %v", r.Version, r.Roots)
	}
	store = blockstore.NewBlockstore(dssync.MutexWrap(datastore.NewMapDatastore()))
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Roots[0], store, n
		}
		if err != nil {
			t.Fatal(err)
		}
		if b.Cid().Prefix().Version != 1 {
			t.Errorf("block %s", b.Cid())
		}
		if err := store.Put(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		n++
	}
}

func readFile(t *testing.T, store blockstore.Blockstore, root CID) ([]byte, error) {
	t.Helper()
	dag := merkledag.NewDAGService(blockservice.New(store, offline.Exchange(store)))
	node, err := dag.Get(t.Context(), root)
	if err != nil {
		return nil, err
	}
	f, err := uio.NewDagReader(t.Context(), node, dag)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

func TestCAR(t *testing.T) {
	original, _ := io.ReadAll(patternOf(1_000_000))
	marked, _ := io.ReadAll(patternOf(700_000))
	for _, private := range []bool{true, false} {
		e := sampleExport(t)
		if !private {
			e.OriginalContent = patternOf(1_000_000)
		}
		var car bytes.Buffer
		if err := WriteCAR(&car, e); err != nil {
			t.Fatal(err)
		}
		root, store, n := load(t, car.Bytes())
		prov, err := e.Provenance.Block()
		if err != nil {
			t.Fatal(err)
		}
		want := e.Provenance.Watermarked
		if !private {
			want = prov.CID
		}
		if root != want {
			t.Errorf("private %v: the root is %s, want %s", private, root, want)
		}
		for _, c := range []CID{prov.CID, e.Provenance.Original, e.Provenance.Watermarked} {
			if ok, err := store.Has(t.Context(), c); !ok || err != nil {
				t.Errorf("%s is not in the CAR", c)
			}
		}
		got, err := readFile(t, store, e.Watermarked.Content)
		if err != nil || !bytes.Equal(got, marked) {
			t.Errorf("the watermarked picture came back as %d bytes: %v", len(got), err)
		}
		got, err = readFile(t, store, e.Original.Content)
		if private {
			// The pattern's first chunks are the same in both pictures; its root,
			// and with it the way to the rest, is not there.
			if err == nil {
				t.Error("a private original is in the CAR")
			}
			if want := 3 + 3 + 1; n != want {
				t.Errorf("%d blocks, want %d", n, want)
			}
		} else if err != nil || !bytes.Equal(got, original) {
			t.Errorf("the original came back as %d bytes: %v", len(got), err)
		}
	}
}

func TestCARRefuses(t *testing.T) {
	e := sampleExport(t)
	e.WatermarkedContent = patternOf(699_999)
	if err := WriteCAR(io.Discard, e); err == nil {
		t.Error("another picture was exported")
	}
	e = sampleExport(t)
	e.Watermarked.Width++
	if err := WriteCAR(io.Discard, e); err == nil {
		t.Error("a rendition that the record does not link was exported")
	}
	e = sampleExport(t)
	if err := WriteCAR(shortWriter{}, e); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a writer that fails: %v", err)
	}
}

type shortWriter struct{}

func (shortWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
