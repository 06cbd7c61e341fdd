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
	Scopes         Strings   `bun:"scopes"`     // what it may ask for at most
	CreatedBy      *asset.ID `bun:"created_by"` // who answers for it; without them it works no more
	CreatedAt      time.Time `bun:"created_at"`

	MakerRole string    `bun:"maker_role,scanonly"` // of CreatedBy in the organization today; LiveOAuthClient tells it
	SecretBy  *asset.ID `bun:"-"`                   // who made the secret that it came with, where it came with one
}

// oauthSecret is a client's secret, known by its hex SHA-256.
type oauthSecret struct {
	bun.BaseModel `bun:"table:oauth_client_secrets,alias:cs"`

	Hash      string     `bun:"hash,pk"`
	ClientID  asset.ID   `bun:"client_id"`
	CreatedBy *asset.ID  `bun:"created_by"` // who saw it
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

// maker joins whoever answers for a client, as c: its maker, unless suspended, as a
// member of its organization.
func maker(sel *bun.SelectQuery) *bun.SelectQuery {
	return sel.ColumnExpr("cm.role AS maker_role").
		Join("JOIN users AS cu ON cu.id = c.created_by AND cu.suspended_at IS NULL").
		Join("JOIN memberships AS cm ON cm.user_id = cu.id AND cm.organization_id = c.organization_id")
}

// LiveOAuthClient finds a client whose organization is neither suspended nor
// deleted, and whose maker is a member still and not suspended; nil when there is
// none.
func (q Queries) LiveOAuthClient(ctx context.Context, id asset.ID) (*OAuthClient, error) {
	c := new(OAuthClient)
	err := maker(q.r.NewSelect().Model(c).ColumnExpr("c.*")).Join("JOIN organizations AS o ON o.id = c.organization_id").
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

// CountOAuthClients is how many clients an organization has.
func (q Queries) CountOAuthClients(ctx context.Context, org asset.ID) (int, error) {
	n, err := q.r.NewSelect().Model((*OAuthClient)(nil)).Where("organization_id = ?", org).Count(ctx)
	return int(n), err
}

// UpdateOAuthClient writes a client's name, redirect URIs, scopes and who answers for
// it.
func (q Queries) UpdateOAuthClient(ctx context.Context, c *OAuthClient) error {
	c.Name = text(c.Name)
	_, err := q.w.NewUpdate().Model(c).Column("name", "redirect_uris", "scopes", "created_by").WherePK().Exec(ctx)
	return err
}

// DeleteOAuthClient deletes a client with its secrets, grants and tokens.
func (q Queries) DeleteOAuthClient(ctx context.Context, id asset.ID) error {
	_, err := q.w.NewDelete().Model((*OAuthClient)(nil)).Where("id = ?", id).Exec(ctx)
	return err
}

// RotateOAuthSecret gives a client another secret, made by somebody who answers for
// the client from now on. The ones before work on until a time, and no longer than
// they would have.
func (q Queries) RotateOAuthSecret(ctx context.Context, client asset.ID, hash string, by *asset.ID, until time.Time) error {
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
		_, err = q.w.NewInsert().Model(&oauthSecret{Hash: hash, ClientID: client, CreatedBy: by, CreatedAt: q.now()}).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = q.w.NewUpdate().Model((*OAuthClient)(nil)).Set("created_by = ?", by).Where("id = ?", client).Exec(ctx)
		return err
	})
}

// OAuthSecret tells of a hash that is that of a secret that a client has at this
// moment who made it and their role in the client's organization; "" when it is no
// such secret, and when its maker is no member any more or suspended.
func (q Queries) OAuthSecret(ctx context.Context, client asset.ID, hash string) (by *asset.ID, role string, err error) {
	var row struct {
		oauthSecret `bun:",extend"`
		Role        string `bun:"role"`
	}
	err = q.r.NewSelect().Model(&row).ColumnExpr("cs.*").ColumnExpr("m.role AS role").
		Join("JOIN oauth_clients AS c ON c.id = cs.client_id").
		Join("JOIN users AS u ON u.id = cs.created_by AND u.suspended_at IS NULL").
		Join("JOIN memberships AS m ON m.user_id = u.id AND m.organization_id = c.organization_id").
		Where("cs.hash = ? AND cs.client_id = ? AND (cs.expires_at IS NULL OR cs.expires_at > ?)", hash, client, q.now()).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", nil
	}
	return row.CreatedBy, row.Role, err
}

// FindOAuthClient finds a client of whatever organization, or answers NOT_FOUND.
func (q Queries) FindOAuthClient(ctx context.Context, id asset.ID) (*OAuthClient, error) {
	c := new(OAuthClient)
	err := q.r.NewSelect().Model(c).Where("id = ?", id).Scan(ctx)
	return c, notFound(err, asset.NotFound, "there is no such client")
}
