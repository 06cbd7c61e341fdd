package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/certana/certana/internal/asset"
)

// A claim is an empty file named after an asset whose picture is being put to
// rest and whose row is not in yet. As long as it lies there, the picture may
// be an orphan; recoverClaims settles what a crash left open.
type claim struct {
	p    *Pipeline
	id   asset.ID
	path string
	kept bool
}

const claimPrefix = "claim-"

func (p *Pipeline) claim(id asset.ID) (*claim, error) {
	path := filepath.Join(p.spooler.Dir, claimPrefix+id.String())
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return nil, fmt.Errorf("claim an asset id: %w", err)
	}
	return &claim{p: p, id: id, path: path}, nil
}

// release ends the claim: the row is in, or the picture is gone again.
func (c *claim) release() {
	if !c.kept {
		_ = os.Remove(c.path)
	}
}

// undo removes what was stored under the claim. When even that fails the claim
// stays for the next start.
func (c *claim) undo(ctx context.Context) {
	// The request may be what was cancelled; the picture must go all the same.
	if err := c.p.eraseBlobs(context.WithoutCancel(ctx), c.id); err != nil {
		c.p.logger.Error("an orphan picture is left to the next start", "asset", c.id, "error", err)
		c.kept = true
	}
}

// recoverClaims erases the pictures of claims that a crash left, unless their
// row got in. It runs at start, before anything new is accepted.
func (p *Pipeline) recoverClaims(ctx context.Context) error {
	left, err := filepath.Glob(filepath.Join(p.spooler.Dir, claimPrefix+"*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		id, err := parseID(strings.TrimPrefix(filepath.Base(path), claimPrefix))
		if err != nil {
			continue // not ours
		}
		_, err = p.rows.AssetByID(ctx, id)
		if asset.Is(err, asset.AssetNotFound) {
			err = p.eraseBlobs(ctx, id)
		}
		if err != nil {
			return fmt.Errorf("settle the unfinished upload %s: %w", id, err)
		}
		_ = os.Remove(path)
	}
	return nil
}
