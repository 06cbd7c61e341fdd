package account

import (
	"context"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// SignIn is what somebody says who signs in.
type SignIn struct {
	Email, Password string
	Code            string // of the authenticator, or for recovery; "" when they gave none
	// BeforeCode, where it is set, is asked before a code is looked at, which is
	// after the password was right; an error of it ends the attempt. It is the place
	// to bound how often codes may be tried.
	BeforeCode func(ctx context.Context, user asset.ID) error

	// pending, where it is set, is run in the transaction that finds that a second
	// factor is wanted and none was given, so that no reset comes in between.
	pending func(ctx context.Context, tx *db.Tx, u *db.User) error
}

func errCredentials() error {
	return asset.Errorf(asset.InvalidCredentials, nil, "Invalid email or password")
}

func errSuspended() error {
	return asset.Errorf(asset.Forbidden, nil, "the account is suspended")
}

// signIn checks who signs in and runs then in the transaction that uses the code
// up and records the login. The user is there with SECOND_FACTOR_REQUIRED too.
func (s *Service) signIn(ctx context.Context, in SignIn, then func(context.Context, *db.Tx, *db.User) error) (*db.User, error) {
	u, err := s.checkPassword(ctx, in.Email, in.Password)
	if err != nil {
		return nil, err
	}
	if u.TOTPConfirmedAt != nil && in.Code != "" && in.BeforeCode != nil {
		if err := in.BeforeCode(ctx, u.ID); err != nil {
			return nil, err
		}
	}
	var failure error
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if failure, err = s.admit(ctx, tx, u, in.Code); err != nil || failure != nil {
			if in.pending != nil && err == nil && asset.Is(failure, asset.SecondFactorRequired) {
				err = in.pending(ctx, tx, u)
			}
			return err // a failure is committed, and told after
		}
		if err := record(ctx, tx, Principal{UserID: u.ID}, Event{Action: ActionLoggedIn}); err != nil {
			return err
		}
		return then(ctx, tx, u)
	})
	if err == nil {
		err = failure
	}
	return u, err
}

// checkPassword finds the user whose address and password these are.
func (s *Service) checkPassword(ctx context.Context, email, password string) (*db.User, error) {
	u, err := s.db.UserByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	known := u != nil
	if !known {
		u = &db.User{}
	}
	ok, stale, err := s.hasher.verify(ctx, u.PasswordHash, password)
	if err != nil {
		return nil, err
	}
	if !ok {
		if err := s.wrongPassword(ctx, u); err != nil {
			return nil, err
		}
		return nil, errCredentials()
	}
	if stale {
		if hash, err := s.hasher.hash(ctx, password); err == nil {
			// Renewing can wait for the next login when it fails now.
			_ = s.db.RenewPasswordHash(ctx, u.ID, u.PasswordHash, hash)
		}
	}
	return u, nil
}

// recordFailure records a login that failed; count is how many did, of which this is one.
func (s *Service) recordFailure(ctx context.Context, to auditor, u *db.User, why string, count int64) error {
	e := Event{Action: ActionLoginFailed, Details: map[string]any{"wrong": why, "count": count}}
	if u.ID != (asset.ID{}) {
		e.User = &u.ID
	}
	return record(ctx, to, Principal{}, e)
}

// admit decides in a transaction about a user whose password was right before it:
// failure is for the caller, err is ours.
func (s *Service) admit(ctx context.Context, tx *db.Tx, u *db.User, code string) (failure, err error) {
	now, err := tx.LockUser(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	switch {
	case !sameTime(now.PasswordChangedAt, u.PasswordChangedAt): // meanwhile, and all sessions ended
		return errCredentials(), nil
	case now.ClosedAt != nil:
		return errClosed(now), s.recordFailure(ctx, tx, u, "closed", 1)
	case now.SuspendedAt != nil:
		return errSuspended(), s.recordFailure(ctx, tx, u, "suspended", 1)
	case now.TOTPConfirmedAt == nil:
		return nil, nil
	case code == "":
		return asset.Errorf(asset.SecondFactorRequired, nil, "a code of the authenticator or a recovery code is needed: totp_code"), nil
	}
	ok, err := s.useCode(ctx, tx, now, code)
	if err != nil || ok {
		return nil, err
	}
	return errCredentials(), s.recordFailure(ctx, tx, u, "code", 1)
}

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}
