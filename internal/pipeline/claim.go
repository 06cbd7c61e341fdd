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

// undo removes what was stored under the claim, unless the row is in all the
// same: a commit whose answer was lost is an error too. When it cannot be told,
// or the picture cannot be removed, the claim stays for the next start.
func (c *claim) undo(ctx context.Context) {
	// The request may be what was cancelled; the picture must go all the same.
	if err := c.p.settle(context.WithoutCancel(ctx), c.id); err != nil {
		c.p.logger.Error("an unfinished upload is left to the next start", "asset", c.id, "error", err)
		c.kept = true
	}
}

// settle erases the pictures of an asset that has no row.
func (p *Pipeline) settle(ctx context.Context, id asset.ID) error {
	_, err := p.rows.AssetByID(ctx, id)
	if asset.Is(err, asset.AssetNotFound) {
		return p.eraseBlobs(ctx, id)
	}
	return err
}

// recoverClaims settles the claims that a crash left. It runs at start, before
// anything new is accepted.
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
		if err := p.settle(ctx, id); err != nil {
			// Pictures that cannot be reached now are no reason not to start.
			p.logger.Error("an unfinished upload is left to the next start", "asset", id, "error", err)
			continue
		}
		_ = os.Remove(path)
	}
	return nil
}
