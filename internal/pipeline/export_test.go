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
