package verify

import (
	"context"
	"fmt"
	"math"

	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/tamper"
)

// Blobs is where the registered renditions are read from.
type Blobs interface {
	ReadAll(ctx context.Context, key string, limit int64) ([]byte, error)
}

// Gate lets a picture of w × h be decoded and answers with what lets the next in.
type Gate interface {
	Enter(ctx context.Context, w, h int) (leave func(), err error)
}

// Comparer holds pictures against registered renditions. Safe for concurrent
// use.
type Comparer struct {
	blobs Blobs
	gate  Gate
	limit int64 // bytes of a rendition at most
}

// NewComparer returns a comparer that reads renditions of up to limit bytes.
func NewComparer(blobs Blobs, gate Gate, limit int64) *Comparer {
	return &Comparer{blobs, gate, limit}
}

// Compare aligns a probe, an upright picture reduced to align.WorkingSide,
// with an asset's watermarked rendition, and says where they differ.
func (c *Comparer) Compare(ctx context.Context, a asset.Asset, probe tamper.Picture) (tamper.Result, error) {
	picture, leave, err := c.rendition(ctx, a)
	if err != nil {
		return tamper.Result{}, err
	}
	ref := working(picture)
	leave()
	return tamper.Inspect(ref, c.features(ctx, a), probe), nil
}

// SameScene tells whether a probe, as Compare takes it, shows what an asset's rendition shows.
func (c *Comparer) SameScene(ctx context.Context, a asset.Asset, probe tamper.Picture) (bool, error) {
	r, err := c.Compare(ctx, a, probe)
	return err == nil && r.Registered && r.Map.SameScene, err
}

// rendition decodes an asset's watermarked rendition. Whoever holds another picture
// leaves it first, for leave gives the room back that this one takes.
func (c *Comparer) rendition(ctx context.Context, a asset.Asset) (_ *raster.Picture, leave func(), err error) {
	data, err := c.blobs.ReadAll(ctx, blob.AssetKey(a.ID, asset.Watermarked), c.limit)
	if err != nil {
		return nil, nil, asset.Errorf(asset.ServiceUnavailable, err, "the registered rendition cannot be read at the moment; try again later")
	}
	// It was accepted once: no later setting, and no default, is a reason not to
	// look at it.
	limits := raster.Limits{MaxBytes: c.limit, MaxPixels: math.MaxInt32}
	info, err := raster.ReadInfo(data, limits)
	if err != nil {
		return nil, nil, fmt.Errorf("the rendition of asset %s: %w", a.ID, err)
	}
	if leave, err = c.gate.Enter(ctx, info.Width, info.Height); err != nil {
		return nil, nil, err
	}
	picture, err := raster.Decode(data, raster.Options{Limits: limits})
	if err != nil {
		leave()
		return nil, nil, fmt.Errorf("the rendition of asset %s: %w", a.ID, err)
	}
	return picture, leave, nil
}

// features reads the stored features; without them Inspect extracts them anew.
func (c *Comparer) features(ctx context.Context, a asset.Asset) *align.Features {
	data, err := c.blobs.ReadAll(ctx, blob.AssetKey(a.ID, asset.Features), 1<<20)
	if err != nil {
		return nil
	}
	f := new(align.Features)
	if f.UnmarshalBinary(data) != nil {
		return nil
	}
	return f
}

// working reduces a picture to what comparison works on.
func working(p *raster.Picture) tamper.Picture {
	rgb := p.RGB(align.WorkingSide)
	return tamper.Picture{W: rgb.W, H: rgb.H, Pix: rgb.Pix}
}
