package httpapi

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi/gen"
)

// page is the part of a list that the query asks for: the first 20 by default.
func page(number *gen.Page, size *gen.PageSize) db.Page {
	return db.Page{Number: int(orElse(number, 1)), Size: int(orElse(size, 20))}
}

func orElse[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}

// pages is how many pages a list of total items has.
func pages(total, size int) int { return (total + size - 1) / size }

// each maps a list, so that an empty one is [] and never null.
func each[T, U any](in []T, as func(T) U) []U {
	out := make([]U, 0, len(in))
	for _, v := range in {
		out = append(out, as(v))
	}
	return out
}

// ListAssets lists the assets of the organization in force.
func (s *server) ListAssets(ctx context.Context, r gen.ListAssetsRequestObject) (gen.ListAssetsResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Rows.ListAssets(ctx, db.AssetFilter{
		OrganizationID: callerOf(ctx).OrganizationID,
		Page:           p,
		Order:          string(orElse(r.Params.Order, "")),
		Sort:           string(orElse(r.Params.Sort, "")),
		Tags:           splitTags([]string{orElse(r.Params.Tags, "")}),
		Status:         asset.Status(orElse(r.Params.Status, "")),
	})
	if err != nil {
		return nil, err
	}
	return gen.ListAssets200JSONResponse(assetPage(found, total, p)), nil
}

// SearchAssets looks words up in titles, descriptions and tags.
func (s *server) SearchAssets(ctx context.Context, r gen.SearchAssetsRequestObject) (gen.SearchAssetsResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Rows.SearchAssets(ctx, callerOf(ctx).OrganizationID, r.Params.Q, p)
	if err != nil {
		return nil, err
	}
	return gen.SearchAssets200JSONResponse(assetPage(found, total, p)), nil
}

func assetPage(found []asset.Asset, total int, p db.Page) gen.AssetPage {
	return gen.AssetPage{Items: each(found, assetBody), Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}
}
