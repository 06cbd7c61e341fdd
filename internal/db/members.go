package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// Member is a user in an organization.
type Member struct {
	bun.BaseModel `bun:"table:memberships,alias:m"`

	UserID   asset.ID  `bun:"user_id"`
	Email    string    `bun:"email"`
	FullName string    `bun:"full_name"`
	Role     string    `bun:"role"`
	JoinedAt time.Time `bun:"created_at"`
}

func (q Queries) members(model any, org asset.ID) *bun.SelectQuery {
	return q.r.NewSelect().Model(model).ColumnExpr("m.user_id, m.role, m.created_at, u.email, u.full_name").
		Join("JOIN users AS u ON u.id = m.user_id").Where("m.organization_id = ?", org)
}

// Members lists a page of an organization's members, the longest there first.
func (q Queries) Members(ctx context.Context, org asset.ID, p Page) ([]Member, int, error) {
	var all []Member
	total, err := p.scan(ctx, q.members(&all, org).Order("m.created_at", "m.user_id"))
	return all, total, err
}

// MemberByID finds a member of an organization, or answers NOT_FOUND.
func (q Queries) MemberByID(ctx context.Context, org, user asset.ID) (*Member, error) {
	m := new(Member)
	err := q.members(m, org).Where("m.user_id = ?", user).Scan(ctx)
	return m, notFound(err, asset.NotFound, "there is no such member")
}

// Owners lists who has the role owner in an organization, the longest there
// first.
func (q Queries) Owners(ctx context.Context, org asset.ID) ([]asset.ID, error) {
	var all []asset.ID
	err := q.r.NewSelect().Model((*Membership)(nil)).Column("user_id").
		Where("organization_id = ? AND role = 'owner'", org).Order("created_at", "user_id").Scan(ctx, &all)
	return all, err
}

// CountOwned is in how many organizations a user has the role owner; deleted ones
// count until they are erased, since they can be had back.
func (q Queries) CountOwned(ctx context.Context, user asset.ID) (int, error) {
	n, err := q.r.NewSelect().Model((*Membership)(nil)).Where("user_id = ? AND role = 'owner'", user).Count(ctx)
	return int(n), err
}

// RevokeKeysOf ends now all keys that a user made in an organization, and tells
// how many worked until then.
func (q Queries) RevokeKeysOf(ctx context.Context, org, user asset.ID) (int, error) {
	return affected(q.w.NewUpdate().Model((*APIKey)(nil)).Set("revoked_at = ?", q.now()).
		Where("organization_id = ? AND user_id = ? AND revoked_at IS NULL", org, user).Exec(ctx))
}

// RevokeGrantsOf ends now what a user agreed to that OAuth2 clients may do in an
// organization.
func (q Queries) RevokeGrantsOf(ctx context.Context, org, user asset.ID) (int, error) {
	return affected(q.w.NewUpdate().Model((*OAuthGrant)(nil)).Set("revoked_at = ?", q.now()).
		Where("organization_id = ? AND user_id = ? AND revoked_at IS NULL", org, user).Exec(ctx))
}
