package fsck

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/db"
)

// grace is how old a picture without a row must be to count as left behind: an
// upload under way has none yet.
const grace = time.Hour

// serial checks that a sealed item's picture is there and can be read.
func (c *checker) serial(ctx context.Context, s *db.Serial) error {
	c.report.Serials++
	_, n, err := c.hash(ctx, s.ImageKey)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		c.find(Finding{Key: s.ImageKey, Problem: fmt.Sprintf("the picture of serial number %s is missing", s.SerialNumber)})
	case err != nil:
		return err
	case n == 0:
		c.find(Finding{Key: s.ImageKey, Problem: fmt.Sprintf("the picture of serial number %s is empty", s.SerialNumber)})
	default:
		c.report.Pictures++
	}
	return ctx.Err()
}

// orphans looks for pictures that no row knows.
func (c *checker) orphans(ctx context.Context) error {
	for item, err := range c.Blobs.List(ctx, "") {
		if err != nil {
			return fmt.Errorf("list the pictures: %w", err)
		}
		if c.Now().Sub(item.ModTime) < grace {
			continue
		}
		known, err := c.known(ctx, item.Key)
		if err != nil {
			return err
		}
		if !known {
			c.find(Finding{Key: item.Key, Problem: "nothing refers to this picture"})
		}
	}
	return nil
}

// known tells whether a key belongs to something: a rendition or serial number,
// or anything else below the folder of an asset that is not yet, or still, there.
func (c *checker) known(ctx context.Context, key string) (bool, error) {
	used, err := c.Rows.BlobInUse(ctx, key)
	if used || err != nil {
		return used, err
	}
	parts := strings.Split(key, "/")
	if len(parts) != 4 || parts[0] != "assets" {
		return false, nil
	}
	id, err := uuid.Parse(parts[2])
	if err != nil {
		return false, nil
	}
	a, err := c.Rows.AssetByID(ctx, id)
	if asset.Is(err, asset.AssetNotFound) {
		return false, nil
	}
	return err == nil && a.Status != asset.Failed, err
}
