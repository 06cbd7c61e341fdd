package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

var (
	// ErrNoLog says that the folder holds no log yet.
	ErrNoLog = errors.New("ledger: there is no log here yet")
	// ErrNotPublished says that no published checkpoint covers an entry.
	ErrNotPublished = errors.New("ledger: the entry is not in a published checkpoint")
)

// vkeyFile holds the log's public identity, beside the tiles.
const vkeyFile = "log.vkey"

// Reader reads a log's folder; it never writes. Any number of readers work
// beside the one process that appends. Safe for concurrent use.
type Reader struct {
	dir      string
	vkey     string
	verifier note.Verifier
	files    client.FileFetcher
}

// OpenReader opens the log in dir for reading; ErrNoLog when there is none.
func OpenReader(dir string) (*Reader, error) {
	b, err := os.ReadFile(filepath.Join(dir, vkeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoLog
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	vkey := strings.TrimSpace(string(b))
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("ledger: %s: %w", vkeyFile, err)
	}
	return &Reader{dir: dir, vkey: vkey, verifier: v, files: client.FileFetcher{Root: dir}}, nil
}

// VerifierKey is the log's public key, "<origin>+<hash>+<base64>" as
// golang.org/x/mod/sumdb/note and other C2SP clients take it.
func (r *Reader) VerifierKey() string { return r.vkey }

// Origin is the log's name, the first line of each checkpoint.
func (r *Reader) Origin() string { return r.verifier.Name() }

// Checkpoint returns the latest published checkpoint, its signature checked.
func (r *Reader) Checkpoint(ctx context.Context) (Checkpoint, error) {
	raw, err := r.files.ReadCheckpoint(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, ErrNoLog
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("ledger: %w", err)
	}
	return ParseCheckpoint(raw, r.vkey)
}

// Prove proves the entry at index under the latest published checkpoint.
func (r *Reader) Prove(ctx context.Context, index uint64) (Proof, error) {
	cp, err := r.Checkpoint(ctx)
	if err != nil {
		return Proof{}, err
	}
	path, err := r.InclusionProof(ctx, index, cp.Size)
	if err != nil {
		return Proof{}, err
	}
	return Proof{LeafIndex: index, TreeSize: cp.Size, Hashes: path, Checkpoint: string(cp.Raw)}, nil
}

// InclusionProof returns the audit path of an entry in the tree of the first
// treeSize entries, from the leaf up.
func (r *Reader) InclusionProof(ctx context.Context, index, treeSize uint64) ([][]byte, error) {
	if index >= treeSize {
		return nil, fmt.Errorf("%w: entry %d of %d", ErrNotPublished, index, treeSize)
	}
	b, err := client.NewProofBuilder(ctx, treeSize, r.files.ReadTile)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	path, err := b.InclusionProof(ctx, index)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return path, nil
}

// ConsistencyProof returns the path that shows the tree of smaller entries to be
// the beginning of the tree of larger ones.
func (r *Reader) ConsistencyProof(ctx context.Context, smaller, larger uint64) ([][]byte, error) {
	b, err := client.NewProofBuilder(ctx, larger, r.files.ReadTile)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	path, err := b.ConsistencyProof(ctx, smaller, larger)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return path, nil
}

// Entry returns the statement at index, of those published.
func (r *Reader) Entry(ctx context.Context, index uint64) ([]byte, error) {
	cp, err := r.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	if index >= cp.Size {
		return nil, fmt.Errorf("%w: entry %d of %d", ErrNotPublished, index, cp.Size)
	}
	bundle, err := client.GetEntryBundle(ctx, r.files.ReadEntryBundle, index/layout.EntryBundleWidth, cp.Size)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	i := index % layout.EntryBundleWidth
	if i >= uint64(len(bundle.Entries)) {
		return nil, fmt.Errorf("ledger: the bundle of entry %d is short", index)
	}
	return bundle.Entries[i], nil
}

// IndexOf looks for a leaf among the published entries from index from on. It
// reads 8 KiB for every 256 entries.
func (r *Reader) IndexOf(ctx context.Context, leaf [32]byte, from uint64) (index uint64, found bool, err error) {
	cp, err := r.Checkpoint(ctx)
	if err != nil {
		return 0, false, err
	}
	return r.find(ctx, leaf, from, cp.Size)
}

func (r *Reader) find(ctx context.Context, leaf [32]byte, from, size uint64) (index uint64, found bool, err error) {
	err = r.eachLeaf(ctx, from, size, func(i uint64, h [32]byte) bool {
		index, found = i, h == leaf
		return !found
	})
	return index, found, err
}

// eachLeaf calls f with the leaf hashes of [from, size) until f returns false,
// from the lowest level of tiles, without reading the entries.
func (r *Reader) eachLeaf(ctx context.Context, from, size uint64, f func(uint64, [32]byte) bool) error {
	for i := from; i < size; {
		tile := i / layout.TileWidth
		b, err := r.files.ReadTile(ctx, 0, tile, layout.PartialTileSize(0, tile, size))
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		end := min((tile+1)*layout.TileWidth, size)
		if uint64(len(b)) < (end-tile*layout.TileWidth)*32 {
			return fmt.Errorf("ledger: tile %d is short", tile)
		}
		for ; i < end; i++ {
			if !f(i, [32]byte(b[i%layout.TileWidth*32:])) {
				return nil
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Check reads the whole log: it rebuilds every tile and the root from the
// entries and compares them with what is stored and signed.
func (r *Reader) Check(ctx context.Context) error {
	quietLibrary(slog.Default())
	f := fsck.New(r.Origin(), r.verifier, r.files, hashBundle, fsck.Opts{N: 2})
	if err := f.Check(ctx); err != nil {
		return fmt.Errorf("ledger: the log does not hold together: %w", err)
	}
	return nil
}

func hashBundle(b []byte) ([][]byte, error) {
	var bundle api.EntryBundle
	if err := bundle.UnmarshalText(b); err != nil {
		return nil, err
	}
	hashes := make([][]byte, len(bundle.Entries))
	for i, e := range bundle.Entries {
		h := LeafHash(e)
		hashes[i] = bytes.Clone(h[:])
	}
	return hashes, nil
}
