package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// OAuthGrant is what a user agreed to: the authorization code that told the
// client, and the family of refresh tokens that descends from it. Generation and
// CurrentHash count as a Session's do.
type OAuthGrant struct {
	bun.BaseModel `bun:"table:oauth_grants,alias:g"`

	ID             asset.ID   `bun:"id,pk"`
	ClientID       asset.ID   `bun:"client_id"`
	UserID         asset.ID   `bun:"user_id"`
	OrganizationID asset.ID   `bun:"organization_id"`
	Scopes         Strings    `bun:"scopes"`
	CodeHash       string     `bun:"code_hash"`
	CodeExpiresAt  time.Time  `bun:"code_expires_at"`
	CodeUsedAt     *time.Time `bun:"code_used_at"`
	CodeChallenge  string     `bun:"code_challenge"` // S256, RFC 7636
	RedirectURI    string     `bun:"redirect_uri"`
	Nonce          string     `bun:"nonce"`
	AuthTime       time.Time  `bun:"auth_time"`
	Methods        Strings    `bun:"methods"` // amr values, RFC 8176
	Generation     int64      `bun:"generation"`
	CurrentHash    string     `bun:"current_hash"`
	CreatedAt      time.Time  `bun:"created_at"`
	ExpiresAt      time.Time  `bun:"expires_at"`
	EndsAt         time.Time  `bun:"ends_at"` // however often it is refreshed
	RevokedAt      *time.Time `bun:"revoked_at"`
}

// OAuthRefreshToken is one token of a grant's family, known by its hex SHA-256.
type OAuthRefreshToken struct {
	bun.BaseModel `bun:"table:oauth_refresh_tokens,alias:rt"`

	Hash       string    `bun:"hash,pk"`
	GrantID    asset.ID  `bun:"grant_id"`
	Generation int64     `bun:"generation"`
	CreatedAt  time.Time `bun:"created_at"`
}

// InsertOAuthGrant adds a grant. CreatedAt is set when zero.
func (q Queries) InsertOAuthGrant(ctx context.Context, g *OAuthGrant) error {
	q.stamp(&g.CreatedAt)
	g.Nonce, g.RedirectURI = text(g.Nonce), text(g.RedirectURI)
	_, err := q.w.NewInsert().Model(g).Exec(ctx)
	return err
}

// OAuthGrantByCode finds the grant that a code told of and locks it for the rest
// of the transaction; nil when there is none.
func (q Queries) OAuthGrantByCode(ctx context.Context, hash string) (*OAuthGrant, error) {
	return q.lockedGrant(ctx, "code_hash = ?", hash)
}

// OAuthGrantByRefreshToken finds a token and locks its grant for the rest of the
// transaction; nil when there is none.
func (q Queries) OAuthGrantByRefreshToken(ctx context.Context, hash string) (*OAuthRefreshToken, *OAuthGrant, error) {
	t := new(OAuthRefreshToken)
	err := q.r.NewSelect().Model(t).Where("hash = ?", hash).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	g, err := q.lockedGrant(ctx, "id = ?", t.GrantID)
	if g == nil {
		return nil, nil, err
	}
	return t, g, err
}

func (q Queries) lockedGrant(ctx context.Context, where string, arg any) (*OAuthGrant, error) {
	g := new(OAuthGrant)
	sel := q.r.NewSelect().Model(g).Where(where, arg)
	if q.kind == Postgres {
		sel = sel.For("UPDATE") // SQLite's transaction is the only writer anyway
	}
	err := sel.Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return g, err
}

// UseOAuthCode notes that a grant's code was exchanged, and its first refresh
// token's hash, "" for none.
func (q Queries) UseOAuthCode(ctx context.Context, id asset.ID, first string) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		_, err := q.w.NewUpdate().Model((*OAuthGrant)(nil)).Set("code_used_at = ?", q.now()).Set("current_hash = ?", first).
			Where("id = ?", id).Exec(ctx)
		if err != nil || first == "" {
			return err
		}
		return q.InsertOAuthRefreshToken(ctx, &OAuthRefreshToken{Hash: first, GrantID: id})
	})
}

// InsertOAuthRefreshToken adds a token to a family.
func (q Queries) InsertOAuthRefreshToken(ctx context.Context, t *OAuthRefreshToken) error {
	q.stamp(&t.CreatedAt)
	_, err := q.w.NewInsert().Model(t).Exec(ctx)
	return err
}

// NewestOAuthRefreshToken is the one of a grant's generation that was made last;
// zero when there is none.
func (q Queries) NewestOAuthRefreshToken(ctx context.Context, grant asset.ID, generation int64) (OAuthRefreshToken, error) {
	var t OAuthRefreshToken
	err := q.r.NewSelect().Model(&t).Where("grant_id = ? AND generation = ?", grant, generation).
		Order("created_at DESC", "hash").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return OAuthRefreshToken{}, nil
	}
	return t, err
}

// AdvanceOAuthGrant makes a token its grant's current one and moves the expiry.
func (q Queries) AdvanceOAuthGrant(ctx context.Context, t *OAuthRefreshToken, expires time.Time) error {
	_, err := q.w.NewUpdate().Model((*OAuthGrant)(nil)).
		Set("generation = ?", t.Generation).Set("current_hash = ?", t.Hash).Set("expires_at = ?", expires.UTC()).
		Where("id = ?", t.GrantID).Exec(ctx)
	return err
}

// RevokeOAuthGrant ends a grant now, with all its tokens; ending it again changes
// nothing.
func (q Queries) RevokeOAuthGrant(ctx context.Context, id asset.ID) error {
	_, err := q.w.NewUpdate().Model((*OAuthGrant)(nil)).Set("revoked_at = ?", q.now()).
		Where("id = ? AND revoked_at IS NULL", id).Exec(ctx)
	return err
}

// LiveOAuthGrants lists what a user has agreed to with a client and what still
// holds, newest first.
func (q Queries) LiveOAuthGrants(ctx context.Context, user, client asset.ID) ([]OAuthGrant, error) {
	var all []OAuthGrant
	err := q.r.NewSelect().Model(&all).
		Where("user_id = ? AND client_id = ? AND revoked_at IS NULL AND code_used_at IS NOT NULL", user, client).
		Where("expires_at > ? AND ends_at > ?", q.now(), q.now()).Order("created_at DESC", "id DESC").Limit(100).Scan(ctx)
	return all, err
}
