package db

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// containing narrows a list to rows in which one of the columns holds a text, in
// whatever case; an empty text does not.
func containing(sel *bun.SelectQuery, what string, columns ...string) *bun.SelectQuery {
	what = strings.ToLower(strings.TrimSpace(text(what)))
	if what == "" {
		return sel
	}
	pattern := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(what) + "%"
	return sel.WhereGroup(" AND ", func(sel *bun.SelectQuery) *bun.SelectQuery {
		for _, column := range columns {
			sel = sel.WhereOr("lower(?) LIKE ? ESCAPE ?", bun.Ident(column), pattern, `\`)
		}
		return sel
	})
}

// Users lists a page of all users, newest first; what narrows them to those whose
// address or name holds it.
func (q Queries) Users(ctx context.Context, what string, p Page) ([]User, int, error) {
	var all []User
	total, err := p.scan(ctx, containing(q.r.NewSelect().Model(&all), what, "email", "full_name").Order("created_at DESC", "id DESC"))
	return all, total, err
}

// SuspendUser suspends a user at a time, or restores them with nil.
func (q Queries) SuspendUser(ctx context.Context, id asset.ID, at *time.Time) error {
	_, err := q.w.NewUpdate().Model((*User)(nil)).Set("suspended_at = ?", at).Where("id = ?", id).Exec(ctx)
	return err
}

// AllOrganizations lists a page of all that were not erased, newest first; what
// narrows them to those whose name or slug holds it.
func (q Queries) AllOrganizations(ctx context.Context, what string, p Page) ([]Organization, int, error) {
	var all []Organization
	total, err := p.scan(ctx, containing(q.r.NewSelect().Model(&all).Where("erased_at IS NULL"), what, "name", "slug").
		Order("created_at DESC", "id DESC"))
	return all, total, err
}

// OrganizationSizes tells how many members and assets each of some organizations
// has.
func (q Queries) OrganizationSizes(ctx context.Context, ids []asset.ID) (members, assets map[asset.ID]int, err error) {
	if members, err = q.countBy(ctx, q.r.NewSelect().Model((*Membership)(nil)), ids); err != nil {
		return nil, nil, err
	}
	assets, err = q.countBy(ctx, q.r.NewSelect().Model((*assetRow)(nil)).Where("deleted_at IS NULL"), ids)
	return members, assets, err
}

func (q Queries) countBy(ctx context.Context, sel *bun.SelectQuery, ids []asset.ID) (map[asset.ID]int, error) {
	counts := map[asset.ID]int{}
	if len(ids) == 0 {
		return counts, nil
	}
	var rows []struct {
		OrganizationID asset.ID `bun:"organization_id"`
		N              int      `bun:"n"`
	}
	err := sel.ColumnExpr("organization_id, count(*) AS n").Where("organization_id IN (?)", bun.List(ids)).
		Group("organization_id").Scan(ctx, &rows)
	for _, r := range rows {
		counts[r.OrganizationID] = r.N
	}
	return counts, err
}

// AllAPIKeys lists a page of the keys of all organizations, newest first.
func (q Queries) AllAPIKeys(ctx context.Context, p Page) ([]APIKey, int, error) {
	var all []APIKey
	total, err := p.scan(ctx, q.r.NewSelect().Model(&all).Order("created_at DESC", "id DESC"))
	return all, total, err
}

// AnyAPIKey finds a key of whatever organization, or answers NOT_FOUND.
func (q Queries) AnyAPIKey(ctx context.Context, id asset.ID) (*APIKey, error) {
	k := new(APIKey)
	err := q.r.NewSelect().Model(k).Where("id = ?", id).Scan(ctx)
	return k, notFound(err, asset.NotFound, "there is no such API key")
}
