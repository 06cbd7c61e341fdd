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

// User is a person, or the operator's own account (which no password opens).
type User struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ID              asset.ID   `bun:"id,pk"`
	Email           string     `bun:"email"`
	EmailKey        string     `bun:"email_key"` // set by InsertUser
	PasswordHash    string     `bun:"password_hash"`
	FullName        string     `bun:"full_name"`
	EmailVerifiedAt *time.Time `bun:"email_verified_at"`
	CreatedAt       time.Time  `bun:"created_at"`

	SuspendedAt       *time.Time `bun:"suspended_at"` // by the operator
	PasswordChangedAt *time.Time `bun:"password_changed_at"`
	TOTPSealed        []byte     `bun:"totp_sealed"`       // nil without a second factor
	TOTPConfirmedAt   *time.Time `bun:"totp_confirmed_at"` // from then on it is asked for
	TOTPStep          int64      `bun:"totp_step"`         // the last one used
}

// InsertUser adds a user; an address already registered, in whatever case, is
// CONFLICT. CreatedAt is set when zero.
func (q Queries) InsertUser(ctx context.Context, u *User) error {
	u.EmailKey = strings.ToLower(u.Email)
	u.FullName = text(u.FullName)
	q.stamp(&u.CreatedAt)
	n, err := affected(q.w.NewInsert().Model(u).On("CONFLICT (email_key) DO NOTHING").Returning("NULL").Exec(ctx))
	if err == nil && n == 0 {
		return asset.Errorf(asset.Conflict, nil, "a user with this e-mail address exists already")
	}
	return err
}

// UserByID finds a user, or answers NOT_FOUND.
func (q Queries) UserByID(ctx context.Context, id asset.ID) (*User, error) {
	u := new(User)
	err := q.r.NewSelect().Model(u).Where("id = ?", id).Scan(ctx)
	return u, notFound(err, asset.NotFound, "there is no such user")
}

// UserByEmail finds a user by address in whatever case; nil when there is none.
func (q Queries) UserByEmail(ctx context.Context, email string) (*User, error) {
	u := new(User)
	err := q.r.NewSelect().Model(u).Where("email_key = ?", strings.ToLower(text(email))).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return u, err
}

// SetPasswordHash replaces a user's password hash.
func (q Queries) SetPasswordHash(ctx context.Context, id asset.ID, hash string) error {
	_, err := q.w.NewUpdate().Model((*User)(nil)).Set("password_hash = ?", hash).Where("id = ?", id).Exec(ctx)
	return err
}

// stamp fills a time of creation and cuts it to what the database holds.
func (q Queries) stamp(t *time.Time) {
	if t.IsZero() {
		*t = q.now()
	}
	*t = t.UTC().Truncate(time.Microsecond)
}
