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

	ClosedAt *time.Time `bun:"closed_at"` // by themselves, who are suspended since
	EraseAt  *time.Time `bun:"erase_at"`  // until then the operator can restore them
	ErasedAt *time.Time `bun:"erased_at"` // a row is left because others name it
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

// LockUser finds a user and keeps everybody else from changing them for the rest
// of the transaction, or answers NOT_FOUND.
func (q Queries) LockUser(ctx context.Context, id asset.ID) (*User, error) {
	u := new(User)
	sel := q.w.NewSelect().Model(u).Where("id = ?", id)
	if q.kind == Postgres {
		sel = sel.For("UPDATE") // SQLite's transaction is the only writer anyway
	}
	return u, notFound(sel.Scan(ctx), asset.NotFound, "there is no such user")
}

// SetPasswordHash gives a user another password.
func (q Queries) SetPasswordHash(ctx context.Context, id asset.ID, hash string) error {
	_, err := q.w.NewUpdate().Model((*User)(nil)).Set("password_hash = ?", hash).Set("password_changed_at = ?", q.now()).
		Where("id = ?", id).Exec(ctx)
	return err
}

// RenewPasswordHash replaces the hash of a password by another of the same
// password, unless the password was changed meanwhile.
func (q Queries) RenewPasswordHash(ctx context.Context, id asset.ID, old, renewed string) error {
	_, err := q.w.NewUpdate().Model((*User)(nil)).Set("password_hash = ?", renewed).
		Where("id = ? AND password_hash = ?", id, old).Exec(ctx)
	return err
}

// SetFullName renames a user.
func (q Queries) SetFullName(ctx context.Context, id asset.ID, name string) error {
	_, err := q.w.NewUpdate().Model((*User)(nil)).Set("full_name = ?", text(name)).Where("id = ?", id).Exec(ctx)
	return err
}

// SetVerifiedEmail gives a user an address that is theirs beyond doubt. One that
// another user has, in whatever case, is CONFLICT.
func (q Queries) SetVerifiedEmail(ctx context.Context, id asset.ID, email string) error {
	key := strings.ToLower(email)
	taken, err := q.w.NewSelect().Model((*User)(nil)).Where("email_key = ? AND id <> ?", key, id).Exists(ctx)
	if err == nil && !taken {
		_, err = q.w.NewUpdate().Model((*User)(nil)).Set("email = ?", email).Set("email_key = ?", key).
			Set("email_verified_at = ?", q.now()).Where("id = ?", id).Exec(ctx)
	}
	if taken || isUnique(err) { // taken in the time between
		return asset.Errorf(asset.Conflict, nil, "a user with this e-mail address exists already")
	}
	return err
}

// SetTOTP keeps the secret of a second factor, sealed, until it is confirmed.
func (q Queries) SetTOTP(ctx context.Context, id asset.ID, sealed []byte) error {
	_, err := q.w.NewUpdate().Model((*User)(nil)).Set("totp_sealed = ?", sealed).Set("totp_confirmed_at = NULL").
		Set("totp_step = 0").Where("id = ?", id).Exec(ctx)
	return err
}

// ConfirmTOTP has the second factor asked for from now on.
func (q Queries) ConfirmTOTP(ctx context.Context, id asset.ID) error {
	_, err := q.w.NewUpdate().Model((*User)(nil)).Set("totp_confirmed_at = ?", q.now()).Where("id = ?", id).Exec(ctx)
	return err
}

// UseTOTPStep uses a step up, and answers whether it was there to be used: none is
// at or before one that was.
func (q Queries) UseTOTPStep(ctx context.Context, id asset.ID, step int64) (bool, error) {
	n, err := affected(q.w.NewUpdate().Model((*User)(nil)).Set("totp_step = ?", step).
		Where("id = ? AND totp_step < ?", id, step).Exec(ctx))
	return n == 1, err
}

// ClearTOTP ends a user's second factor, its recovery codes too.
func (q Queries) ClearTOTP(ctx context.Context, id asset.ID) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		if err := q.PutRecoveryCodes(ctx, id, nil); err != nil {
			return err
		}
		return q.SetTOTP(ctx, id, nil)
	})
}

// stamp fills a time of creation and cuts it to what the database holds.
func (q Queries) stamp(t *time.Time) {
	if t.IsZero() {
		*t = q.now()
	}
	*t = t.UTC().Truncate(time.Microsecond)
}
