package account

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// ChangePassword replaces the caller's password and ends all their sessions, this
// one too. INVALID_CREDENTIALS when the present one is wrong.
func (s *Service) ChangePassword(ctx context.Context, p Principal, present, password string) error {
	u, err := s.reauthenticate(ctx, p, present)
	if err != nil {
		return err
	}
	if err := checkPassword(password); err != nil {
		return asset.Invalid(asset.AsError(err).Fields[0].Msg, "new_password")
	}
	if password == present {
		return asset.Invalid("the new password is the present one", "new_password")
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.unchanged(ctx, tx, u); err != nil {
			return err
		}
		return s.setPassword(ctx, tx, p, u, hash, ActionPasswordChanged)
	})
}

// setPassword gives a user another password, ends what the old one opened or what
// could undo the new one, and tells them.
func (s *Service) setPassword(ctx context.Context, tx *db.Tx, by Principal, u *db.User, hash, action string) error {
	if err := tx.SetPasswordHash(ctx, u.ID, hash); err != nil {
		return err
	}
	if err := tx.EndMailTokens(ctx, u.ID, db.ResetPassword, db.ChangeEmail); err != nil {
		return err
	}
	if err := s.endAllSessions(ctx, tx, u.ID); err != nil {
		return err
	}
	if err := record(ctx, tx, by, Event{Action: action, User: &u.ID}); err != nil {
		return err
	}
	return s.notify(ctx, tx, u.Email, "Your password was changed", "The password of your account was changed, and all sessions were ended.")
}

// Proof is how somebody who is logged in shows that it is them, where a stolen access
// token alone must not do.
type Proof struct {
	Password string
	Code     string // of the authenticator, or for recovery; "" when they gave none
	// BeforeCode is SignIn's: asked after the password was right, so that who has no
	// more than a token cannot use up the tries of the second factor.
	BeforeCode func(ctx context.Context, user asset.ID) error
}

// prove checks the password, and asks whether the code may be looked at where one is
// going to be.
func (s *Service) prove(ctx context.Context, p Principal, proof Proof) (*db.User, error) {
	u, err := s.reauthenticate(ctx, p, proof.Password)
	if err == nil && u.TOTPConfirmedAt != nil && proof.Code != "" && proof.BeforeCode != nil {
		err = proof.BeforeCode(ctx, u.ID)
	}
	return u, err
}

// reauthenticate asks for the password of somebody who is logged in: what follows
// must not be possible with a stolen access token alone.
func (s *Service) reauthenticate(ctx context.Context, p Principal, password string) (*db.User, error) {
	if err := inPerson(p); err != nil {
		return nil, err
	}
	u, err := s.db.UserByID(ctx, p.UserID)
	if err != nil {
		return nil, err
	}
	ok, _, err := s.hasher.verify(ctx, u.PasswordHash, password)
	if err != nil {
		return nil, err
	}
	if !ok {
		if err := record(ctx, s.db, p, Event{Action: ActionLoginFailed, Details: map[string]any{"wrong": "password"}}); err != nil {
			return nil, err
		}
		return nil, asset.Errorf(asset.InvalidCredentials, nil, "the password is wrong")
	}
	return u, nil
}

// unchanged locks a user whose password was checked before the transaction, and
// refuses when it was changed since.
func (s *Service) unchanged(ctx context.Context, tx *db.Tx, u *db.User) error {
	now, err := tx.LockUser(ctx, u.ID)
	if err == nil && !sameTime(now.PasswordChangedAt, u.PasswordChangedAt) {
		err = asset.Errorf(asset.InvalidCredentials, nil, "the password was changed meanwhile")
	}
	return err
}
