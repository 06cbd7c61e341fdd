package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// Organization owns assets, keys and serial numbers.
type Organization struct {
	bun.BaseModel `bun:"table:organizations,alias:o"`

	ID        asset.ID  `bun:"id,pk"`
	Name      string    `bun:"name"`
	Slug      string    `bun:"slug"`
	OwnerID   asset.ID  `bun:"owner_id"`
	Plan      string    `bun:"plan"` // free, pro or enterprise
	Personal  bool      `bun:"personal"`
	CreatedAt time.Time `bun:"created_at"`

	SuspendedAt *time.Time `bun:"suspended_at"` // by the operator
	DeletedAt   *time.Time `bun:"deleted_at"`   // by its owner, who can have it back until EraseAt
	EraseAt     *time.Time `bun:"erase_at"`
	ErasedAt    *time.Time `bun:"erased_at"` // a row is left because the ledger names it
}

// Membership is a user's role in an organization: owner, admin, member, viewer.
type Membership struct {
	bun.BaseModel `bun:"table:memberships,alias:m"`

	OrganizationID asset.ID  `bun:"organization_id,pk"`
	UserID         asset.ID  `bun:"user_id,pk"`
	Role           string    `bun:"role"`
	CreatedAt      time.Time `bun:"created_at"`
}

// InsertOrganization adds an organization and its owner's membership. A slug in
// use is CONFLICT.
func (q Queries) InsertOrganization(ctx context.Context, o *Organization) error {
	o.Name = text(o.Name)
	q.stamp(&o.CreatedAt)
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		n, err := affected(q.w.NewInsert().Model(o).On("CONFLICT (slug) DO NOTHING").Returning("NULL").Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return asset.Errorf(asset.Conflict, nil, "the slug %q is in use", o.Slug)
		}
		return q.PutMembership(ctx, o.ID, o.OwnerID, "owner")
	})
}

// PutMembership makes a user a member, or changes a member's role.
func (q Queries) PutMembership(ctx context.Context, org, user asset.ID, role string) error {
	m := &Membership{OrganizationID: org, UserID: user, Role: role, CreatedAt: q.now()}
	_, err := q.w.NewInsert().Model(m).On("CONFLICT (organization_id, user_id) DO UPDATE").Set("role = EXCLUDED.role").Returning("NULL").Exec(ctx)
	return err
}

// DeleteMembership ends a membership, if there is one.
func (q Queries) DeleteMembership(ctx context.Context, org, user asset.ID) error {
	_, err := q.w.NewDelete().Model((*Membership)(nil)).Where("organization_id = ? AND user_id = ?", org, user).Exec(ctx)
	return err
}

// RoleOf is a user's role in an organization, "" when not a member.
func (q Queries) RoleOf(ctx context.Context, org, user asset.ID) (string, error) {
	var role string
	err := q.r.NewSelect().Model((*Membership)(nil)).Column("role").
		Where("organization_id = ? AND user_id = ?", org, user).Scan(ctx, &role)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return role, err
}

// OrganizationByID finds an organization, or answers NOT_FOUND.
func (q Queries) OrganizationByID(ctx context.Context, id asset.ID) (*Organization, error) {
	o := new(Organization)
	err := q.r.NewSelect().Model(o).Where("id = ?", id).Scan(ctx)
	return o, notFound(err, asset.NotFound, "there is no such organization")
}

// OrganizationBySlug finds an organization, or answers NOT_FOUND.
func (q Queries) OrganizationBySlug(ctx context.Context, slug string) (*Organization, error) {
	o := new(Organization)
	err := q.r.NewSelect().Model(o).Where("slug = ?", text(slug)).Scan(ctx)
	return o, notFound(err, asset.NotFound, "there is no such organization")
}

// Organizations lists all that were not erased, oldest first.
func (q Queries) Organizations(ctx context.Context) ([]Organization, error) {
	var all []Organization
	err := q.r.NewSelect().Model(&all).Where("erased_at IS NULL").Order("created_at", "id").Scan(ctx)
	return all, err
}

// OrganizationsOf lists a page of the organizations that a user is a member of,
// oldest first, and tells how many there are in all. Deleted ones are there for
// their owners only.
func (q Queries) OrganizationsOf(ctx context.Context, user asset.ID, p Page) ([]Organization, int, error) {
	var all []Organization
	sel := q.r.NewSelect().Model(&all).
		Join("JOIN memberships AS m ON m.organization_id = o.id").
		Where("m.user_id = ? AND (o.deleted_at IS NULL OR m.role = 'owner')", user).
		Order("o.created_at", "o.id")
	total, err := p.scan(ctx, sel)
	return all, total, err
}

// PersonalOrganization is the one made at a user's registration.
func (q Queries) PersonalOrganization(ctx context.Context, user asset.ID) (*Organization, error) {
	o := new(Organization)
	err := q.r.NewSelect().Model(o).Where("owner_id = ? AND personal", user).Order("created_at").Limit(1).Scan(ctx)
	return o, notFound(err, asset.NotFound, "the user has no personal organization")
}

// OwnedPlans are the plans of the organizations in which a user has the role
// owner; those that were deleted or suspended do not count.
func (q Queries) OwnedPlans(ctx context.Context, user asset.ID) ([]string, error) {
	var plans []string
	err := q.r.NewSelect().Model((*Organization)(nil)).Column("o.plan").
		Join("JOIN memberships AS m ON m.organization_id = o.id AND m.role = 'owner'").
		Where("m.user_id = ? AND o.deleted_at IS NULL AND o.suspended_at IS NULL", user).Scan(ctx, &plans)
	return plans, err
}

// LockOrganization finds an organization and keeps everybody else from changing
// it or its members for the rest of the transaction, or answers NOT_FOUND.
func (q Queries) LockOrganization(ctx context.Context, id asset.ID) (*Organization, error) {
	o := new(Organization)
	err := q.locked(q.r.NewSelect().Model(o).Where("id = ?", id), "NO KEY UPDATE").Scan(ctx)
	return o, notFound(err, asset.NotFound, "there is no such organization")
}

// OrganizationInUse finds an organization and keeps everybody from changing it for the
// rest of the transaction, in which others may use it too. It answers NOT_FOUND.
func (q Queries) OrganizationInUse(ctx context.Context, id asset.ID) (*Organization, error) {
	o := new(Organization)
	err := q.locked(q.r.NewSelect().Model(o).Where("id = ?", id), "SHARE").Scan(ctx)
	return o, notFound(err, asset.NotFound, "there is no such organization")
}

// UpdateOrganization writes what may change in an organization. A slug in use is
// CONFLICT.
func (q Queries) UpdateOrganization(ctx context.Context, o *Organization) error {
	o.Name = text(o.Name)
	taken, err := q.w.NewSelect().Model((*Organization)(nil)).Where("slug = ? AND id <> ?", o.Slug, o.ID).Exists(ctx)
	if err == nil && !taken {
		_, err = q.w.NewUpdate().Model(o).WherePK().
			Column("name", "slug", "owner_id", "plan", "suspended_at", "deleted_at", "erase_at", "erased_at").Exec(ctx)
	}
	if taken || isUnique(err) { // taken in the time between
		return asset.Errorf(asset.Conflict, nil, "the slug %q is in use", o.Slug)
	}
	return err
}

// OrganizationCounts tells how many members and assets an organization has.
func (q Queries) OrganizationCounts(ctx context.Context, id asset.ID) (members, assets int, err error) {
	m, err := q.r.NewSelect().Model((*Membership)(nil)).Where("organization_id = ?", id).Count(ctx)
	if err != nil {
		return 0, 0, err
	}
	a, err := q.r.NewSelect().Model((*assetRow)(nil)).Where("organization_id = ? AND deleted_at IS NULL", id).Count(ctx)
	return int(m), int(a), err
}
