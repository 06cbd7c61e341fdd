package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// OAuthToken is an access token that was given out.
type OAuthToken struct {
	bun.BaseModel `bun:"table:oauth_tokens,alias:t"`

	ID             asset.ID   `bun:"id,pk"` // the jti
	ClientID       asset.ID   `bun:"client_id"`
	GrantID        *asset.ID  `bun:"grant_id"` // nil: the client asked for itself
	OrganizationID asset.ID   `bun:"organization_id"`
	UserID         *asset.ID  `bun:"user_id"`
	Scopes         Strings    `bun:"scopes"`
	CreatedBy      *asset.ID  `bun:"created_by"` // who made the secret that the client came with; nil with a user
	CreatedAt      time.Time  `bun:"created_at"`
	ExpiresAt      time.Time  `bun:"expires_at"`
	RevokedAt      *time.Time `bun:"revoked_at"`
}

// OAuthTokenState is an access token and what it is worth at this moment.
type OAuthTokenState struct {
	OAuthToken   `bun:",extend"`
	ClientScopes Strings `bun:"client_scopes"` // the most that its client may have today
	MakerRole    string  `bun:"maker_role"`    // of who answers for the client, in the client's organization today
	SecretRole   string  `bun:"secret_role"`   // of CreatedBy, the same; "" with a user
	Role         string  `bun:"role"`          // of its user in its organization today; "" for none
	Suspended    bool    `bun:"suspended"`     // its organization is
	Deleted      bool    `bun:"deleted"`       // the same
}

// Standing is how its user stands in its organization; without a user only the
// organization's part says something.
func (t *OAuthTokenState) Standing() Standing { return Standing{t.Role, t.Suspended, t.Deleted} }

// Works reports whether anything can be done with it.
func (t *OAuthTokenState) Works() bool {
	return !t.Suspended && !t.Deleted && (t.UserID == nil || t.Role != "")
}

// InsertOAuthToken adds a token. CreatedAt is set when zero.
func (q Queries) InsertOAuthToken(ctx context.Context, t *OAuthToken) error {
	q.stamp(&t.CreatedAt)
	t.ExpiresAt = t.ExpiresAt.UTC().Truncate(time.Microsecond)
	_, err := q.w.NewInsert().Model(t).Exec(ctx)
	return err
}

// LiveOAuthToken finds a token that was not ended: neither it nor its grant was,
// neither its user nor the organization of its client, where that is another one, is
// suspended or deleted, its user has not changed the password since they agreed, and
// who answers for its client, and who made the secret that it was given for, are
// members still and not suspended. Nil when there is none. One query, because every
// request with such a token asks it.
func (q Queries) LiveOAuthToken(ctx context.Context, id asset.ID) (*OAuthTokenState, error) {
	t := new(OAuthTokenState)
	now := q.now()
	sel := q.r.NewSelect().Model(t).ColumnExpr("t.*").ColumnExpr("c.scopes AS client_scopes").ColumnExpr(standing).
		ColumnExpr("COALESCE(tm.role, '') AS secret_role").
		Join("JOIN oauth_clients AS c ON c.id = t.client_id")
	err := maker(sel).
		Join("LEFT JOIN users AS tu ON tu.id = t.created_by AND tu.suspended_at IS NULL").
		Join("LEFT JOIN memberships AS tm ON tm.user_id = tu.id AND tm.organization_id = c.organization_id").
		Join("JOIN organizations AS co ON co.id = c.organization_id").
		Join("JOIN organizations AS o ON o.id = t.organization_id").
		Join("LEFT JOIN oauth_grants AS g ON g.id = t.grant_id").
		Join("LEFT JOIN users AS u ON u.id = t.user_id").
		Join("LEFT JOIN memberships AS m ON m.user_id = t.user_id AND m.organization_id = t.organization_id").
		Where("t.id = ? AND t.revoked_at IS NULL AND t.expires_at > ?", id, now).
		Where("t.user_id IS NOT NULL OR tm.role IS NOT NULL").
		Where("co.id = o.id OR (co.suspended_at IS NULL AND co.deleted_at IS NULL)").
		Where("t.grant_id IS NULL OR (g.revoked_at IS NULL AND g.ends_at > ? AND u.suspended_at IS NULL"+
			" AND (u.password_changed_at IS NULL OR u.password_changed_at <= g.created_at))", now).
		Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return t, err
}

// OAuthTokenByID finds a token, live or not; nil when there is none.
func (q Queries) OAuthTokenByID(ctx context.Context, id asset.ID) (*OAuthToken, error) {
	t := new(OAuthToken)
	err := q.r.NewSelect().Model(t).Where("id = ?", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return t, err
}

// RevokeOAuthToken ends a token now; ending it again changes nothing.
func (q Queries) RevokeOAuthToken(ctx context.Context, id asset.ID) error {
	_, err := q.w.NewUpdate().Model((*OAuthToken)(nil)).Set("revoked_at = ?", q.now()).
		Where("id = ? AND revoked_at IS NULL", id).Exec(ctx)
	return err
}

// DeleteOAuth forgets the grants that ended before a time, and the access tokens and
// browsers' logins that ended at all; it tells how many.
func (q Queries) DeleteOAuth(ctx context.Context, before time.Time) (total int, err error) {
	for _, gone := range []*bun.DeleteQuery{
		q.w.NewDelete().Model((*OAuthToken)(nil)).Where("expires_at < ?", q.now()),
		q.w.NewDelete().Model((*OAuthGrant)(nil)).Where("expires_at < ?", before.UTC()),
		q.w.NewDelete().Model((*OAuthLogin)(nil)).Where("expires_at < ?", q.now()),
	} {
		n, err := affected(gone.Exec(ctx))
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}
