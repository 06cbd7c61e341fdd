package pipeline

import (
	"context"

	"github.com/certana/certana/internal/asset"
)

// UndoUpload claims an id and takes it back, as Accept does when its transaction
// answers with an error.
func (p *Pipeline) UndoUpload(ctx context.Context, id asset.ID) error {
	c, err := p.claim(id)
	if err != nil {
		return err
	}
	c.undo(ctx)
	c.release()
	return nil
}

// ClaimUpload claims an id, as Accept does, until release.
func (p *Pipeline) ClaimUpload(id asset.ID) (release func(), err error) {
	c, err := p.claim(id)
	if err != nil {
		return nil, err
	}
	return c.release, nil
}
