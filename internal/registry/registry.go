// Package registry finds registered assets from what a picture gives away: the
// hash of a rendition, a watermark payload, a fingerprint. It keeps the
// similarity index in step with the table of fingerprints.
package registry

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/watermark"
)

// Registry answers who registered a picture. It is safe for concurrent use, and
// several processes may each have one over the same database.
type Registry struct {
	rows  *db.DB
	key   watermark.Key
	index fingerprint.Index[asset.ID]

	mu   sync.Mutex
	next int64 // fingerprints up to this row are in the index
}

// New returns a registry over a database; key is the one that payloads are
// minted under.
func New(rows *db.DB, key watermark.Key, index fingerprint.Index[asset.ID]) *Registry {
	return &Registry{rows: rows, key: key, index: index}
}

// ByBytes finds the assets of which a file is a rendition, byte for byte, the
// earliest registered first.
func (r *Registry) ByBytes(ctx context.Context, sha256 string) ([]asset.Asset, error) {
	rows, err := r.rows.RenditionsBySHA256(ctx, sha256)
	if err != nil {
		return nil, err
	}
	var out []asset.Asset
	for _, row := range rows {
		a, err := r.rows.AssetByID(ctx, row.AssetID)
		if asset.Is(err, asset.AssetNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, *a)
	}
	return out, nil
}

// ByPayload finds the asset whose watermark carries a payload; nil when the
// payload was not minted here or its asset is gone.
func (r *Registry) ByPayload(ctx context.Context, p watermark.Payload) (*asset.Asset, error) {
	number, ok := watermark.Open(r.key, p)
	if !ok {
		return nil, nil
	}
	a, err := r.rows.AssetByNumber(ctx, int64(number))
	if asset.Is(err, asset.AssetNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Near is a registered asset within the match threshold of a picture.
type Near struct {
	Asset    asset.Asset
	Distance int // bits of 256, the least over the picture's turns
}

// Similar finds the assets whose fingerprint is within fingerprint.MatchDistance
// of any of the hashes (those of one picture in its eight turns), nearest first,
// at equal distance the earliest registered first.
func (r *Registry) Similar(ctx context.Context, hashes []fingerprint.Hash) ([]Near, error) {
	if err := r.refresh(ctx); err != nil {
		return nil, err
	}
	best := map[asset.ID]int{}
	for _, h := range hashes {
		for _, m := range r.index.Search(h, fingerprint.MatchDistance) {
			if d, ok := best[m.ID]; !ok || m.Distance < d {
				best[m.ID] = m.Distance
			}
		}
	}
	return r.load(ctx, best)
}

// load reads the matched assets; those that were deleted since leave the index.
func (r *Registry) load(ctx context.Context, best map[asset.ID]int) ([]Near, error) {
	var out []Near
	for id, d := range best {
		a, err := r.rows.AssetByID(ctx, id)
		if asset.Is(err, asset.AssetNotFound) {
			r.Forget(id)
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Near{*a, d})
	}
	sortNear(out)
	return out, nil
}

// Forget drops an asset from the index.
func (r *Registry) Forget(id asset.ID) { r.index.Remove(id) }

// refresh takes in the fingerprints that were written since the last call, by
// this process or another.
func (r *Registry) refresh(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		rows, err := r.rows.FingerprintsSince(ctx, r.next, 10_000)
		if err != nil {
			return fmt.Errorf("read the fingerprints: %w", err)
		}
		for _, row := range rows {
			h, err := fingerprint.Parse(row.PDQ)
			if err != nil {
				return fmt.Errorf("fingerprint row %d: %w", row.Seq, err)
			}
			if row.Quality > fingerprint.WeakQuality {
				r.index.Add(row.AssetID, h)
			}
			r.next = row.Seq
		}
		if len(rows) < 10_000 {
			return nil
		}
	}
}

// sortNear orders by distance, then by registration: ids are UUIDv7, so their
// bytes follow time.
func sortNear(all []Near) {
	slices.SortFunc(all, func(x, y Near) int {
		return cmp.Or(cmp.Compare(x.Distance, y.Distance), bytes.Compare(x.Asset.ID[:], y.Asset.ID[:]))
	})
}
