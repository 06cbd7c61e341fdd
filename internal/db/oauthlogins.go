package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// OAuthLogin is a browser in which a user logged in on our pages, known by the hex
// SHA-256 of its cookie.
type OAuthLogin struct {
	bun.BaseModel `bun:"table:oauth_logins,alias:l"`

	Hash      string    `bun:"hash,pk"`
	UserID    asset.ID  `bun:"user_id"`
	Pending   bool      `bun:"pending"` // a second factor is still wanted
	Methods   Strings   `bun:"methods"` // amr values, RFC 8176
	CreatedAt time.Time `bun:"created_at"`
	ExpiresAt time.Time `bun:"expires_at"`
}

// InsertOAuthLogin adds a login. CreatedAt is set when zero.
func (q Queries) InsertOAuthLogin(ctx context.Context, l *OAuthLogin) error {
	q.stamp(&l.CreatedAt)
	l.ExpiresAt = l.ExpiresAt.UTC().Truncate(time.Microsecond)
	_, err := q.w.NewInsert().Model(l).Exec(ctx)
	return err
}

// LiveOAuthLogin finds a login that holds at this moment: its user is not
// suspended and has not changed the password since. Nil when there is none.
func (q Queries) LiveOAuthLogin(ctx context.Context, hash string) (*OAuthLogin, error) {
	l := new(OAuthLogin)
	err := q.r.NewSelect().Model(l).Join("JOIN users AS u ON u.id = l.user_id").
		Where("l.hash = ? AND l.expires_at > ? AND u.suspended_at IS NULL", hash, q.now()).
		Where("u.password_changed_at IS NULL OR u.password_changed_at <= l.created_at").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return l, err
}

// DeleteOAuthLogin ends a login, if there is one.
func (q Queries) DeleteOAuthLogin(ctx context.Context, hash string) error {
	_, err := q.w.NewDelete().Model((*OAuthLogin)(nil)).Where("hash = ?", hash).Exec(ctx)
	return err
}
