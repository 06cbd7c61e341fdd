package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
)

// putFile stores a file under a key; the same key may be put again.
func (p *Pipeline) putFile(ctx context.Context, key, path, contentType string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return p.put(ctx, key, f, contentType)
}

func (p *Pipeline) putBytes(ctx context.Context, key string, data []byte, contentType string) error {
	return p.put(ctx, key, bytes.NewReader(data), contentType)
}

func (p *Pipeline) put(ctx context.Context, key string, r io.Reader, contentType string) error {
	if _, err := p.blobs.Put(ctx, key, r, contentType); err != nil {
		return fmt.Errorf("store %s: %w", key, err)
	}
	return nil
}

// readBlob reads a picture whole and refuses one that is not what its row says.
func (p *Pipeline) readBlob(ctx context.Context, key, wantSHA256 string) ([]byte, error) {
	data, err := p.blobs.ReadAll(ctx, key, MaxRendition(p.cfg.MaxBytes))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != wantSHA256 {
		return nil, &permanentError{"the stored picture is damaged",
			fmt.Errorf("%s is damaged at rest: its SHA-256 is %s, on record is %s", key, got, wantSHA256)}
	}
	return data, nil
}

// eraseBlobs removes everything that is kept for an asset; what is not there
// is no error.
func (p *Pipeline) eraseBlobs(ctx context.Context, id asset.ID) error {
	for _, v := range []asset.Variant{asset.Original, asset.Watermarked, asset.Features} {
		if err := p.blobs.Delete(ctx, blob.AssetKey(id, v)); err != nil {
			return fmt.Errorf("erase the %s of %s: %w", v, id, err)
		}
	}
	return nil
}

// MaxRendition bounds the bytes of a rendition read back, given the largest
// upload: an indexed or well-packed original grows when it becomes true colour
// with a mark in it.
func MaxRendition(maxUpload int64) int64 { return 16 * max(maxUpload, 25<<20) }
