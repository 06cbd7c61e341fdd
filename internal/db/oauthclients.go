package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// OAuthClient is a program that acts for its organization, or for users who
// agreed.
type OAuthClient struct {
	bun.BaseModel `bun:"table:oauth_clients,alias:c"`

	ID             asset.ID  `bun:"id,pk"` // the client_id
	OrganizationID asset.ID  `bun:"organization_id"`
	Name           string    `bun:"name"`
	Kind           string    `bun:"kind"` // confidential or public
	RedirectURIs   Strings   `bun:"redirect_uris"`
	Scopes         Strings   `bun:"scopes"` // what it may ask for at most
	CreatedAt      time.Time `bun:"created_at"`
}

// oauthSecret is a client's secret, known by its hex SHA-256.
type oauthSecret struct {
	bun.BaseModel `bun:"table:oauth_client_secrets,alias:cs"`

	Hash      string     `bun:"hash,pk"`
	ClientID  asset.ID   `bun:"client_id"`
	CreatedAt time.Time  `bun:"created_at"`
	ExpiresAt *time.Time `bun:"expires_at"` // nil for the newest
}

// InsertOAuthClient adds a client. CreatedAt is set when zero.
func (q Queries) InsertOAuthClient(ctx context.Context, c *OAuthClient) error {
	c.Name = text(c.Name)
	q.stamp(&c.CreatedAt)
	_, err := q.w.NewInsert().Model(c).Exec(ctx)
	return err
}

// OAuthClientByID finds a client of an organization, or answers NOT_FOUND.
func (q Queries) OAuthClientByID(ctx context.Context, org, id asset.ID) (*OAuthClient, error) {
	c := new(OAuthClient)
	err := q.r.NewSelect().Model(c).Where("id = ? AND organization_id = ?", id, org).Scan(ctx)
	return c, notFound(err, asset.NotFound, "there is no such client")
}

// LiveOAuthClient finds a client whose organization is neither suspended nor
// deleted; nil when there is none.
func (q Queries) LiveOAuthClient(ctx context.Context, id asset.ID) (*OAuthClient, error) {
	c := new(OAuthClient)
	err := q.r.NewSelect().Model(c).Join("JOIN organizations AS o ON o.id = c.organization_id").
		Where("c.id = ? AND o.suspended_at IS NULL AND o.deleted_at IS NULL", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return c, err
}

// OAuthClients lists a page of an organization's clients, newest first.
func (q Queries) OAuthClients(ctx context.Context, org asset.ID, p Page) ([]OAuthClient, int, error) {
	var all []OAuthClient
	total, err := p.scan(ctx, q.r.NewSelect().Model(&all).Where("organization_id = ?", org).Order("created_at DESC", "id DESC"))
	return all, total, err
}

// UpdateOAuthClient writes a client's name, redirect URIs and scopes.
func (q Queries) UpdateOAuthClient(ctx context.Context, c *OAuthClient) error {
	c.Name = text(c.Name)
	_, err := q.w.NewUpdate().Model(c).Column("name", "redirect_uris", "scopes").WherePK().Exec(ctx)
	return err
}

// DeleteOAuthClient deletes a client with its secrets, grants and tokens.
func (q Queries) DeleteOAuthClient(ctx context.Context, id asset.ID) error {
	_, err := q.w.NewDelete().Model((*OAuthClient)(nil)).Where("id = ?", id).Exec(ctx)
	return err
}

// RotateOAuthSecret gives a client another secret. The ones before work on until
// a time, and no longer than they would have.
func (q Queries) RotateOAuthSecret(ctx context.Context, client asset.ID, hash string, until time.Time) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		until = until.UTC().Truncate(time.Microsecond)
		_, err := q.w.NewUpdate().Model((*oauthSecret)(nil)).Set("expires_at = ?", until).
			Where("client_id = ? AND (expires_at IS NULL OR expires_at > ?)", client, until).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = q.w.NewDelete().Model((*oauthSecret)(nil)).Where("client_id = ? AND expires_at <= ?", client, q.now()).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = q.w.NewInsert().Model(&oauthSecret{Hash: hash, ClientID: client, CreatedAt: q.now()}).Exec(ctx)
		return err
	})
}

// OAuthSecretWorks reports whether a hash is that of a secret that a client has
// at this moment.
func (q Queries) OAuthSecretWorks(ctx context.Context, client asset.ID, hash string) (bool, error) {
	return q.r.NewSelect().Model((*oauthSecret)(nil)).
		Where("hash = ? AND client_id = ? AND (expires_at IS NULL OR expires_at > ?)", hash, client, q.now()).Exists(ctx)
}

// FindOAuthClient finds a client of whatever organization, or answers NOT_FOUND.
func (q Queries) FindOAuthClient(ctx context.Context, id asset.ID) (*OAuthClient, error) {
	c := new(OAuthClient)
	err := q.r.NewSelect().Model(c).Where("id = ?", id).Scan(ctx)
	return c, notFound(err, asset.NotFound, "there is no such client")
}
