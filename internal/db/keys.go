package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// APIKey is a key of an organization, known by its hex SHA-256.
type APIKey struct {
	bun.BaseModel `bun:"table:api_keys,alias:k"`

	ID             asset.ID   `bun:"id,pk"`
	OrganizationID asset.ID   `bun:"organization_id"`
	UserID         asset.ID   `bun:"user_id"` // its creator, whose role bounds it
	Name           string     `bun:"name"`
	Masked         string     `bun:"masked"`
	Hash           string     `bun:"hash"`
	Scopes         Strings    `bun:"scopes"`
	ExpiresAt      *time.Time `bun:"expires_at"`
	LastUsedAt     *time.Time `bun:"last_used_at"`
	RevokedAt      *time.Time `bun:"revoked_at"`
	CreatedAt      time.Time  `bun:"created_at"`
	RotatedFrom    *asset.ID  `bun:"rotated_from"` // the key that it succeeds
	ReplacedBy     *asset.ID  `bun:"replaced_by"`  // its successor
}

// Active reports whether the key works at a time.
func (k *APIKey) Active(now time.Time) bool {
	return k.RevokedAt == nil && (k.ExpiresAt == nil || now.Before(*k.ExpiresAt))
}

// InsertAPIKey adds a key.
func (q Queries) InsertAPIKey(ctx context.Context, k *APIKey) error {
	k.Name = text(k.Name)
	q.stamp(&k.CreatedAt)
	_, err := q.w.NewInsert().Model(k).Exec(ctx)
	return err
}

// APIKeyByHash finds a key and how its creator stands in its organization at this
// moment: with no role when they are no longer a member, or suspended. Nil when
// there is no such key.
func (q Queries) APIKeyByHash(ctx context.Context, hash string) (*APIKey, Standing, error) {
	var row struct {
		APIKey   `bun:",extend"`
		Standing Standing `bun:"embed:"`
	}
	err := q.r.NewSelect().Model(&row).ColumnExpr("k.*").ColumnExpr(standing).
		Join("LEFT JOIN users AS u ON u.id = k.user_id AND u.suspended_at IS NULL").
		Join("LEFT JOIN memberships AS m ON m.user_id = u.id AND m.organization_id = k.organization_id").
		Join("LEFT JOIN organizations AS o ON o.id = k.organization_id").
		Where("k.hash = ?", hash).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, Standing{}, nil
	}
	if err != nil {
		return nil, Standing{}, err
	}
	return &row.APIKey, row.Standing, nil
}

// APIKeys lists a page of an organization's keys, newest first; user narrows it
// to one creator's.
func (q Queries) APIKeys(ctx context.Context, org asset.ID, user *asset.ID, p Page) ([]APIKey, int, error) {
	var all []APIKey
	sel := q.r.NewSelect().Model(&all).Where("organization_id = ?", org).Order("created_at DESC", "id DESC")
	if user != nil {
		sel = sel.Where("user_id = ?", *user)
	}
	total, err := p.scan(ctx, sel)
	return all, total, err
}

// APIKeyByID finds a key of an organization, or answers NOT_FOUND.
func (q Queries) APIKeyByID(ctx context.Context, org, id asset.ID) (*APIKey, error) {
	k := new(APIKey)
	err := q.r.NewSelect().Model(k).Where("id = ? AND organization_id = ?", id, org).Scan(ctx)
	return k, notFound(err, asset.NotFound, "there is no such API key")
}

// CountLiveAPIKeys tells how many keys of an organization work.
func (q Queries) CountLiveAPIKeys(ctx context.Context, org asset.ID) (int, error) {
	n, err := q.r.NewSelect().Model((*APIKey)(nil)).
		Where("organization_id = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)", org, q.now()).Count(ctx)
	return int(n), err
}

// RevokeAPIKey ends a key now; ending it again changes nothing.
func (q Queries) RevokeAPIKey(ctx context.Context, id asset.ID) error {
	_, err := q.w.NewUpdate().Model((*APIKey)(nil)).Set("revoked_at = ?", q.now()).
		Where("id = ? AND revoked_at IS NULL", id).Exec(ctx)
	return err
}

// TouchAPIKey notes that a key was used.
func (q Queries) TouchAPIKey(ctx context.Context, id asset.ID) error {
	_, err := q.w.NewUpdate().Model((*APIKey)(nil)).Set("last_used_at = ?", q.now()).Where("id = ?", id).Exec(ctx)
	return err
}

// SigningKey signs access tokens. The private half is sealed.
type SigningKey struct {
	bun.BaseModel `bun:"table:signing_keys,alias:sk"`

	KID           string     `bun:"kid,pk"`
	PublicKey     []byte     `bun:"public_key"` // PKIX
	SealedPrivate []byte     `bun:"sealed_private"`
	CreatedAt     time.Time  `bun:"created_at"`
	RetiredAt     *time.Time `bun:"retired_at"`
}

// InsertSigningKey adds a key.
func (q Queries) InsertSigningKey(ctx context.Context, k *SigningKey) error {
	q.stamp(&k.CreatedAt)
	_, err := q.w.NewInsert().Model(k).Exec(ctx)
	return err
}

// SigningKeys lists all keys, newest first.
func (q Queries) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	var all []SigningKey
	err := q.r.NewSelect().Model(&all).Order("created_at DESC", "kid").Scan(ctx)
	return all, err
}

// RetireSigningKeys ends the use of all keys but one for signing.
func (q Queries) RetireSigningKeys(ctx context.Context, except string) error {
	_, err := q.w.NewUpdate().Model((*SigningKey)(nil)).Set("retired_at = ?", q.now()).
		Where("kid <> ? AND retired_at IS NULL", except).Exec(ctx)
	return err
}

// OrgKey signs an organization's statements. The private half is sealed.
type OrgKey struct {
	bun.BaseModel `bun:"table:org_keys,alias:ok"`

	ID             string     `bun:"id,pk"` // key id, as the ledger names it
	OrganizationID asset.ID   `bun:"organization_id"`
	PublicKey      []byte     `bun:"public_key"`
	SealedPrivate  []byte     `bun:"sealed_private"`
	CreatedAt      time.Time  `bun:"created_at"`
	RetiredAt      *time.Time `bun:"retired_at"`
}

// InsertOrgKey adds a key.
func (q Queries) InsertOrgKey(ctx context.Context, k *OrgKey) error {
	q.stamp(&k.CreatedAt)
	_, err := q.w.NewInsert().Model(k).Exec(ctx)
	return err
}

// OrgKeyByID finds a key, retired or not, or answers NOT_FOUND.
func (q Queries) OrgKeyByID(ctx context.Context, id string) (*OrgKey, error) {
	k := new(OrgKey)
	err := q.r.NewSelect().Model(k).Where("id = ?", text(id)).Scan(ctx)
	return k, notFound(err, asset.NotFound, "there is no such organization key")
}

// ActiveOrgKey is the newest key of an organization that is not retired, or
// NOT_FOUND.
func (q Queries) ActiveOrgKey(ctx context.Context, org asset.ID) (*OrgKey, error) {
	k := new(OrgKey)
	err := q.r.NewSelect().Model(k).Where("organization_id = ? AND retired_at IS NULL", org).
		Order("created_at DESC", "id").Limit(1).Scan(ctx)
	return k, notFound(err, asset.NotFound, "the organization has no signing key")
}

// OrgKeys lists an organization's keys, oldest first.
func (q Queries) OrgKeys(ctx context.Context, org asset.ID) ([]OrgKey, error) {
	var all []OrgKey
	err := q.r.NewSelect().Model(&all).Where("organization_id = ?", org).Order("created_at", "id").Scan(ctx)
	return all, err
}
