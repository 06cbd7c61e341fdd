package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// ExternalIdentity is who a user is at another issuer.
type ExternalIdentity struct {
	bun.BaseModel `bun:"table:external_identities,alias:ei"`

	Issuer    string    `bun:"issuer,pk"`
	Subject   string    `bun:"subject,pk"`
	UserID    asset.ID  `bun:"user_id"`
	Email     string    `bun:"email"` // as the issuer told it when it was linked
	CreatedAt time.Time `bun:"created_at"`
}

// ExternalIdentity finds who somebody of another issuer is here; nil when nobody.
func (q Queries) ExternalIdentity(ctx context.Context, issuer, subject string) (*ExternalIdentity, error) {
	i := new(ExternalIdentity)
	err := q.r.NewSelect().Model(i).Where("issuer = ? AND subject = ?", text(issuer), text(subject)).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return i, err
}

// InsertExternalIdentity links a user, and tells whether nobody else was faster.
func (q Queries) InsertExternalIdentity(ctx context.Context, i *ExternalIdentity) (bool, error) {
	q.stamp(&i.CreatedAt)
	i.Issuer, i.Subject, i.Email = text(i.Issuer), text(i.Subject), text(i.Email)
	n, err := affected(q.w.NewInsert().Model(i).On("CONFLICT (issuer, subject) DO NOTHING").Returning("NULL").Exec(ctx))
	return n == 1, err
}

// LiveMember tells whether a user is not suspended, and how they stand in an
// organization.
func (q Queries) LiveMember(ctx context.Context, user, org asset.ID) (live bool, there Standing, err error) {
	err = q.r.NewSelect().TableExpr("users AS u").
		Join("LEFT JOIN memberships AS m ON m.user_id = u.id AND m.organization_id = ?", org).
		Join("LEFT JOIN organizations AS o ON o.id = m.organization_id").
		ColumnExpr(standing).Where("u.id = ? AND u.suspended_at IS NULL", user).Scan(ctx, &there)
	if errors.Is(err, sql.ErrNoRows) {
		return false, Standing{}, nil
	}
	return err == nil, there, err
}
