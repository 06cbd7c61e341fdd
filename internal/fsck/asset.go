package fsck

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/ledger"
	"github.com/certana/certana/internal/pipeline"
)

func (c *checker) assetAsIs(ctx context.Context, a *asset.Asset) error {
	switch a.Status {
	case asset.Failed:
		return nil // its pictures are erased
	case asset.Pending, asset.Processing:
		_, err := c.picture(ctx, a, blob.AssetKey(a.ID, asset.Original), a.ContentHash, a.Size)
		return err
	}
	intact, err := c.renditions(ctx, a)
	if err != nil {
		return err
	}
	if intact { // names of damaged bytes are wrong anyway
		if err := c.Records.WriteCAR(ctx, io.Discard, *a, true); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			c.find(Finding{AssetID: a.ID.String(), Problem: err.Error()})
		}
	}
	digest, err := c.metadata(ctx, a)
	if err != nil {
		return err
	}
	return c.commitment(ctx, a, digest)
}

// renditions checks both pictures of a completed asset against their rows, and
// the rows against the asset's.
func (c *checker) renditions(ctx context.Context, a *asset.Asset) (intact bool, err error) {
	rows, err := c.Rows.Renditions(ctx, a.ID)
	if err != nil {
		return false, err
	}
	want := map[asset.Variant]string{asset.Original: a.ContentHash, asset.Watermarked: a.WatermarkHash}
	intact = true
	for _, r := range rows {
		if r.SHA256 != want[r.Variant] {
			c.find(Finding{AssetID: a.ID.String(), Key: r.BlobKey, Problem: fmt.Sprintf("the %s rendition's row says SHA-256 %s, the asset's %s", r.Variant, r.SHA256, want[r.Variant])})
			intact = false
		}
		delete(want, r.Variant)
		ok, err := c.picture(ctx, a, r.BlobKey, r.SHA256, r.Size)
		if err != nil {
			return false, err
		}
		intact = intact && ok
	}
	for v := range want {
		c.find(Finding{AssetID: a.ID.String(), Problem: fmt.Sprintf("there is no row of the %s rendition", v)})
		intact = false
	}
	return intact, nil
}

// picture rehashes one picture.
func (c *checker) picture(ctx context.Context, a *asset.Asset, key, sha256 string, size int64) (ok bool, err error) {
	got, n, err := c.hash(ctx, key)
	bad := func(format string, args ...any) (bool, error) {
		c.find(Finding{AssetID: a.ID.String(), Key: key, Problem: fmt.Sprintf(format, args...)})
		return false, nil
	}
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return bad("the picture is missing")
	case err != nil:
		return false, err
	case n != size:
		return bad("the picture has %d bytes, its row says %d", n, size)
	case got != sha256:
		return bad("the picture is damaged: its SHA-256 is %s, its row says %s", got, sha256)
	}
	c.report.Pictures++
	return true, nil
}

func (c *checker) hash(ctx context.Context, key string) (sum string, size int64, err error) {
	r, err := c.Blobs.Open(ctx, key)
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", key, err)
	}
	defer r.Close()
	h := sha256.New()
	size, err = io.Copy(h, r)
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", key, err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// metadata checks that the salted digest is that of the fields on record, and
// returns it.
func (c *checker) metadata(ctx context.Context, a *asset.Asset) (string, error) {
	row, err := c.Rows.Metadata(ctx, a.ID)
	if err != nil {
		return "", fmt.Errorf("asset %s: %w", a.ID, err)
	}
	digest, err := pipeline.MetadataDigest(row)
	if err != nil || hex.EncodeToString(digest[:]) != row.Digest {
		c.find(Finding{AssetID: a.ID.String(), Problem: "the metadata on record is not what the digest was made of"})
	}
	return row.Digest, nil
}

// commitment recomputes the asset's statement, signature and proof.
func (c *checker) commitment(ctx context.Context, a *asset.Asset, metadataDigest string) error {
	bad := func(format string, args ...any) {
		c.find(Finding{AssetID: a.ID.String(), Problem: fmt.Sprintf(format, args...)})
	}
	k, err := c.Rows.CommitmentByAsset(ctx, a.ID)
	if asset.Is(err, asset.NotFound) {
		bad("there is no commitment")
		return nil
	}
	if err != nil {
		return err
	}
	s, err := ledger.ParseStatement(k.Statement)
	switch {
	case err != nil:
		bad("the statement does not parse: %v", err)
	case hex.EncodeToString(s.ContentHash[:]) != a.ContentHash,
		hex.EncodeToString(s.WatermarkHash[:]) != a.WatermarkHash,
		hex.EncodeToString(s.MetadataDigest[:]) != metadataDigest,
		s.CID.String() != a.CID, s.AssetID != a.ID, s.OrganizationID != a.OrganizationID:
		bad("the statement is not of what the asset's row says")
	}
	checks, err := c.Records.Check(ctx, *k)
	if err != nil {
		bad("the commitment cannot be checked: %v", err)
		return nil
	}
	if checks.Signature != asset.Pass {
		bad("the organization's signature over the statement does not hold")
	}
	switch {
	case k.LeafIndex == nil && k.Status == asset.CommitFinalized:
		bad("the commitment counts as final and is in no log")
	case k.LeafIndex != nil && checks.Checkpoint != asset.Pass:
		bad("the log's checkpoint cannot be read or does not hold")
	case k.LeafIndex != nil && checks.Inclusion != asset.Pass:
		bad("leaf %d of the log is not the statement", *k.LeafIndex)
	}
	c.report.Commitments++
	return nil
}
