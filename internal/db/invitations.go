package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// Invitation asks whoever reads at an address to become a member. Its token is
// known by its hex SHA-256.
type Invitation struct {
	bun.BaseModel `bun:"table:invitations,alias:i"`

	ID             asset.ID   `bun:"id,pk"`
	OrganizationID asset.ID   `bun:"organization_id"`
	Email          string     `bun:"email"`
	EmailKey       string     `bun:"email_key"` // set by InsertInvitation
	Role           string     `bun:"role"`      // admin, member or viewer
	Hash           string     `bun:"hash"`
	InvitedBy      asset.ID   `bun:"invited_by"`
	CreatedAt      time.Time  `bun:"created_at"`
	ExpiresAt      time.Time  `bun:"expires_at"`
	AcceptedAt     *time.Time `bun:"accepted_at"`
	RevokedAt      *time.Time `bun:"revoked_at"`
}

// Pending reports whether the invitation can be accepted at a time.
func (i *Invitation) Pending(now time.Time) bool {
	return i.AcceptedAt == nil && i.RevokedAt == nil && now.Before(i.ExpiresAt)
}

// InsertInvitation adds an invitation in place of one to the same address that
// waits. CreatedAt is set when zero.
func (q Queries) InsertInvitation(ctx context.Context, i *Invitation) error {
	i.EmailKey = strings.ToLower(i.Email)
	q.stamp(&i.CreatedAt)
	i.ExpiresAt = i.ExpiresAt.UTC().Truncate(time.Microsecond)
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		if _, err := q.w.NewUpdate().Model((*Invitation)(nil)).Set("revoked_at = ?", q.now()).
			Where("organization_id = ? AND email_key = ?", i.OrganizationID, i.EmailKey).
			Where("accepted_at IS NULL AND revoked_at IS NULL").Exec(ctx); err != nil {
			return err
		}
		_, err := q.w.NewInsert().Model(i).Exec(ctx)
		return err
	})
}

// Invitations lists a page of those that can be accepted now, newest first.
func (q Queries) Invitations(ctx context.Context, org asset.ID, p Page) ([]Invitation, int, error) {
	var all []Invitation
	total, err := p.scan(ctx, q.r.NewSelect().Model(&all).Where("organization_id = ?", org).
		Where("accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?", q.now()).
		Order("created_at DESC", "id DESC"))
	return all, total, err
}

// CountInvitations is how many an organization made since a time, whatever became
// of them.
func (q Queries) CountInvitations(ctx context.Context, org asset.ID, since time.Time) (int, error) {
	n, err := q.r.NewSelect().Model((*Invitation)(nil)).
		Where("organization_id = ? AND created_at > ?", org, since.UTC()).Count(ctx)
	return int(n), err
}

// InvitationByHash finds an invitation, whatever became of it; nil when there is
// none. In a transaction it is locked until the end.
func (q Queries) InvitationByHash(ctx context.Context, hash string) (*Invitation, error) {
	i := new(Invitation)
	err := q.locked(q.r.NewSelect().Model(i).Where("hash = ?", hash), "UPDATE").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return i, err
}

// AcceptInvitation notes that an invitation was accepted.
func (q Queries) AcceptInvitation(ctx context.Context, id asset.ID) error {
	_, err := q.w.NewUpdate().Model((*Invitation)(nil)).Set("accepted_at = ?", q.now()).Where("id = ?", id).Exec(ctx)
	return err
}

// RevokeInvitation takes back an invitation that waits and answers it, or
// NOT_FOUND.
func (q Queries) RevokeInvitation(ctx context.Context, org, id asset.ID) (*Invitation, error) {
	i := new(Invitation)
	err := q.w.NewUpdate().Model(i).Set("revoked_at = ?", q.now()).
		Where("id = ? AND organization_id = ?", id, org).
		Where("accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?", q.now()).
		Returning("*").Scan(ctx)
	return i, notFound(err, asset.NotFound, "there is no such invitation")
}

// RevokeInvitationsBy takes back all that wait and that a user made.
func (q Queries) RevokeInvitationsBy(ctx context.Context, org, user asset.ID) (int, error) {
	return affected(q.w.NewUpdate().Model((*Invitation)(nil)).Set("revoked_at = ?", q.now()).
		Where("organization_id = ? AND invited_by = ? AND accepted_at IS NULL AND revoked_at IS NULL", org, user).Exec(ctx))
}
