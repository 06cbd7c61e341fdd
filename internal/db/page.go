package db

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// Page is a part of a list. Number counts from 1; Size is 1 to 100. Beyond the
// last page a list is empty.
type Page struct{ Number, Size int }

// MaxPageSize bounds Page.Size.
const MaxPageSize = 100

func (p Page) check() error {
	if p.Number < 1 || p.Number > 1<<40 {
		return asset.Invalid("page counts from 1", "page")
	}
	if p.Size < 1 || p.Size > MaxPageSize {
		return asset.Invalid("page_size is 1 to 100", "page_size")
	}
	return nil
}

// scan fills the query's model with the page and counts all rows.
func (p Page) scan(ctx context.Context, sel *bun.SelectQuery) (total int, err error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	n, err := sel.Count(ctx)
	if err != nil {
		return 0, err
	}
	offset := int64(p.Number-1) * int64(p.Size)
	if offset >= n {
		return int(n), nil
	}
	return int(n), sel.Offset(offset).Limit(int64(p.Size)).Scan(ctx)
}
