package db

import (
	"context"
	"strings"
	"unicode"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// AssetFilter narrows and orders a list of assets.
type AssetFilter struct {
	OrganizationID asset.ID
	Page           Page
	Order          string   // a field of assetOrders; "" is created_at
	Sort           string   // asc or desc; "" is desc
	Tags           []string // all of them
	Status         asset.Status
}

// assetOrders are the fields that a list may be ordered by.
var assetOrders = map[string]bool{
	"created_at": true, "updated_at": true, "title": true, "file_size_bytes": true,
	"width": true, "height": true, "processing_status": true,
}

// ListAssets answers a page of an organization's assets and how many there are
// in all. A filter out of its range is VALIDATION_ERROR.
func (q Queries) ListAssets(ctx context.Context, f AssetFilter) ([]asset.Asset, int, error) {
	order, direction := f.Order, strings.ToUpper(f.Sort)
	if order == "" {
		order = "created_at"
	}
	if !assetOrders[order] {
		return nil, 0, asset.Invalid("order is one of created_at, updated_at, title, file_size_bytes, width, height, processing_status", "order")
	}
	switch f.Sort {
	case "":
		direction = "DESC"
	case "asc", "desc":
	default:
		return nil, 0, asset.Invalid("sort is asc or desc", "sort")
	}
	switch f.Status {
	case "", asset.Pending, asset.Processing, asset.Completed, asset.Failed:
	default:
		return nil, 0, asset.Invalid("status is one of pending, processing, completed, failed", "status")
	}
	var rows []assetRow
	sel := q.r.NewSelect().Model(&rows).Where("a.organization_id = ? AND a.deleted_at IS NULL", f.OrganizationID)
	if f.Status != "" {
		sel = sel.Where("a.processing_status = ?", string(f.Status))
	}
	for _, tag := range f.Tags {
		sel = sel.Where("EXISTS (SELECT 1 FROM asset_tags AS t WHERE t.asset_id = a.id AND t.tag = ?)", text(tag))
	}
	// The id settles ties, so that no row is on two pages.
	sel = sel.OrderExpr("a.? "+direction, bun.Ident(order)).OrderExpr("a.id " + direction)
	total, err := f.Page.scan(ctx, sel)
	if err != nil {
		return nil, 0, err
	}
	all, err := assetsOf(rows)
	return all, total, err
}

// SearchAssets answers a page of an organization's assets that hold every word
// of the query in title, description or tags, the best first. A word matches
// words that begin with it; case and, on SQLite, diacritics do not matter; a hit
// in the title counts most, in the tags more than in the description. A query
// without a letter or digit matches nothing.
func (q Queries) SearchAssets(ctx context.Context, org asset.ID, query string, p Page) ([]asset.Asset, int, error) {
	words := searchWords(query)
	if len(words) == 0 {
		return []asset.Asset{}, 0, p.check()
	}
	var rows []assetRow
	sel := q.r.NewSelect().Model(&rows).Where("a.organization_id = ? AND a.deleted_at IS NULL", org)
	if q.kind == Postgres {
		match := "'" + strings.Join(words, "':* & '") + "':*"
		sel = sel.Where("a.search @@ to_tsquery('simple', ?)", match).
			OrderExpr("ts_rank(a.search, to_tsquery('simple', ?)) DESC, a.number DESC", match)
	} else {
		match := `"` + strings.Join(words, `"* "`) + `"*`
		sel = sel.Join("JOIN asset_search AS f ON f.rowid = a.number").
			Where("f.asset_search MATCH ?", match).
			OrderExpr("bm25(f.asset_search, 8, 2, 4), a.number DESC")
	}
	total, err := p.scan(ctx, sel)
	if err != nil {
		return nil, 0, err
	}
	all, err := assetsOf(rows)
	return all, total, err
}

// searchWords splits a query as both indexes split their texts, into runs of
// letters, digits and marks, so that nothing of a query is syntax. At most 16.
func searchWords(query string) []string {
	words := strings.FieldsFunc(strings.ToValidUTF8(query, " "), func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.N, unicode.M, unicode.Co)
	})
	return words[:min(len(words), 16)]
}
