package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// Session is one login and the family of refresh tokens that descends from it.
// Generation counts the tokens that were used; CurrentHash is the one used last,
// or the first when none was.
type Session struct {
	bun.BaseModel `bun:"table:sessions,alias:s"`

	ID          asset.ID   `bun:"id,pk"`
	UserID      asset.ID   `bun:"user_id"`
	Generation  int64      `bun:"generation"`
	CurrentHash string     `bun:"current_hash"`
	CreatedAt   time.Time  `bun:"created_at"`
	ExpiresAt   time.Time  `bun:"expires_at"`
	RevokedAt   *time.Time `bun:"revoked_at"`
	EndsAt      *time.Time `bun:"ends_at"` // however often it is refreshed
	LastUsedAt  *time.Time `bun:"last_used_at"`
	UserAgent   string     `bun:"user_agent"`
	Address     string     `bun:"address"`
}

// RefreshToken is one token of a family, known by its hex SHA-256.
type RefreshToken struct {
	bun.BaseModel `bun:"table:refresh_tokens,alias:t"`

	Hash       string    `bun:"hash,pk"`
	SessionID  asset.ID  `bun:"session_id"`
	Generation int64     `bun:"generation"`
	CreatedAt  time.Time `bun:"created_at"`
}

// InsertSession adds a session with its first token, which is current.
func (q Queries) InsertSession(ctx context.Context, s *Session) error {
	q.stamp(&s.CreatedAt)
	s.UserAgent, s.Address = text(s.UserAgent), text(s.Address)
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		if _, err := q.w.NewInsert().Model(s).Exec(ctx); err != nil {
			return err
		}
		return q.InsertRefreshToken(ctx, &RefreshToken{Hash: s.CurrentHash, SessionID: s.ID, Generation: s.Generation})
	})
}

// InsertRefreshToken adds a successor to a family.
func (q Queries) InsertRefreshToken(ctx context.Context, t *RefreshToken) error {
	q.stamp(&t.CreatedAt)
	_, err := q.w.NewInsert().Model(t).Exec(ctx)
	return err
}

// RefreshTokenByHash finds a token and locks its session for the rest of the
// transaction; nil when there is none.
func (q Queries) RefreshTokenByHash(ctx context.Context, hash string) (*RefreshToken, *Session, error) {
	t, s := new(RefreshToken), new(Session)
	err := q.r.NewSelect().Model(t).Where("hash = ?", hash).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	sel := q.r.NewSelect().Model(s).Where("id = ?", t.SessionID)
	if q.kind == Postgres {
		sel = sel.For("UPDATE") // SQLite's transaction is the only writer anyway
	}
	return t, s, sel.Scan(ctx)
}

// NewestRefreshToken is the one of a session's generation that was made last;
// zero when there is none.
func (q Queries) NewestRefreshToken(ctx context.Context, session asset.ID, generation int64) (RefreshToken, error) {
	var t RefreshToken
	err := q.r.NewSelect().Model(&t).Where("session_id = ? AND generation = ?", session, generation).
		Order("created_at DESC", "hash").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return RefreshToken{}, nil
	}
	return t, err
}

// AdvanceSession makes a token its session's current one, moves the expiry, and
// notes that the session was used.
func (q Queries) AdvanceSession(ctx context.Context, t *RefreshToken, expires time.Time) error {
	_, err := q.w.NewUpdate().Model((*Session)(nil)).
		Set("generation = ?", t.Generation).Set("current_hash = ?", t.Hash).Set("expires_at = ?", expires).
		Set("last_used_at = ?", q.now()).Where("id = ?", t.SessionID).Exec(ctx)
	return err
}

// RevokeSession ends a session now; ending it again changes nothing.
func (q Queries) RevokeSession(ctx context.Context, id asset.ID) error {
	_, err := q.w.NewUpdate().Model((*Session)(nil)).Set("revoked_at = ?", q.now()).
		Where("id = ? AND revoked_at IS NULL", id).Exec(ctx)
	return err
}

// LiveSessions lists a page of a user's sessions that still work, newest first,
// and tells how many there are.
func (q Queries) LiveSessions(ctx context.Context, user asset.ID, p Page) ([]Session, int, error) {
	var all []Session
	total, err := p.scan(ctx, q.r.NewSelect().Model(&all).
		Where("user_id = ? AND revoked_at IS NULL AND expires_at > ?", user, q.now()).Order("created_at DESC", "id DESC"))
	return all, total, err
}

// RevokeSessionOf ends a live session of a user, or answers NOT_FOUND.
func (q Queries) RevokeSessionOf(ctx context.Context, user, id asset.ID) error {
	n, err := affected(q.w.NewUpdate().Model((*Session)(nil)).Set("revoked_at = ?", q.now()).
		Where("id = ? AND user_id = ? AND revoked_at IS NULL AND expires_at > ?", id, user, q.now()).Exec(ctx))
	if err == nil && n == 0 {
		return asset.Errorf(asset.NotFound, nil, "there is no such session")
	}
	return err
}

// EndLogins ends now all that a user's logins opened: sessions, what they agreed
// to that OAuth2 clients may do, and the browsers in which they agreed.
func (q Queries) EndLogins(ctx context.Context, user asset.ID) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		for _, model := range []any{(*Session)(nil), (*OAuthGrant)(nil)} {
			_, err := q.w.NewUpdate().Model(model).Set("revoked_at = ?", q.now()).
				Where("user_id = ? AND revoked_at IS NULL", user).Exec(ctx)
			if err != nil {
				return err
			}
		}
		_, err := q.w.NewDelete().Model((*OAuthLogin)(nil)).Where("user_id = ?", user).Exec(ctx)
		return err
	})
}

// SessionRole tells whether a session is live at this moment, which it is not
// while its user is suspended, and how that user stands in an organization. One
// query, because every request with an access token asks it.
func (q Queries) SessionRole(ctx context.Context, session, user, org asset.ID) (live bool, there Standing, err error) {
	err = q.r.NewSelect().TableExpr("sessions AS s").
		Join("JOIN users AS u ON u.id = s.user_id AND u.suspended_at IS NULL").
		Join("LEFT JOIN memberships AS m ON m.user_id = s.user_id AND m.organization_id = ?", org).
		Join("LEFT JOIN organizations AS o ON o.id = m.organization_id").
		ColumnExpr(standing).
		Where("s.id = ? AND s.user_id = ? AND s.revoked_at IS NULL AND s.expires_at > ?", session, user, q.now()).
		Scan(ctx, &there)
	if errors.Is(err, sql.ErrNoRows) {
		return false, Standing{}, nil
	}
	return err == nil, there, err
}

// DeleteSessions forgets the sessions that ended before a time, with their
// tokens.
func (q Queries) DeleteSessions(ctx context.Context, before time.Time) (int, error) {
	return affected(q.w.NewDelete().Model((*Session)(nil)).Where("expires_at < ?", before.UTC()).Exec(ctx))
}
