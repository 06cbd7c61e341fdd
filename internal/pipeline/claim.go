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
// be an orphan; Recover settles what a crash left open.
type claim struct {
	p    *Pipeline
	id   asset.ID
	file *os.File // held
	kept bool
}

const claimPrefix = "claim-"

func (p *Pipeline) claim(id asset.ID) (*claim, error) {
	path := filepath.Join(p.spooler.Dir, claimPrefix+id.String())
	f, err := hold(func() (*os.File, error) { return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) })
	if err != nil {
		return nil, fmt.Errorf("claim an asset id: %w", err)
	}
	return &claim{p: p, id: id, file: f}, nil
}

// release ends the claim: the row is in, or the picture is gone again.
func (c *claim) release() {
	if !c.kept {
		_ = os.Remove(c.file.Name())
	}
	_ = c.file.Close() // nothing was written
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

// Recover settles the claims and removes the spooled files that dead processes left,
// and leaves alone what living ones have under way. It runs at start, and when
// another process on the folder has ended.
func (p *Pipeline) Recover(ctx context.Context) error {
	if err := p.spooler.clear(); err != nil {
		return err
	}
	left, err := filepath.Glob(filepath.Join(p.spooler.Dir, claimPrefix+"*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		id, err := parseID(strings.TrimPrefix(filepath.Base(path), claimPrefix))
		if err != nil {
			continue // not ours
		}
		f, err := takeLeft(path)
		if err == nil && f == nil {
			continue
		}
		if err == nil {
			// Held, the claim is nobody else's: its row, if any, is in by now.
			err = p.settle(ctx, id)
		}
		if err == nil {
			_ = os.Remove(path)
		} else {
			// Pictures that cannot be reached now are no reason not to start.
			p.logger.Error("an unfinished upload is left to the next start", "asset", id, "error", err)
		}
		if f != nil {
			_ = f.Close() // nothing was written
		}
	}
	return nil
}
