package account

import (
	"context"
	"strings"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// SendVerification sends the caller a token that verifies their address; CONFLICT
// when it is verified already.
func (s *Service) SendVerification(ctx context.Context, p Principal) error {
	if err := inPerson(p); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, err := tx.LockUser(ctx, p.UserID)
		if err != nil {
			return err
		}
		if u.EmailVerifiedAt != nil {
			return asset.Errorf(asset.Conflict, nil, "the e-mail address is verified already")
		}
		return s.sendVerification(ctx, tx, u)
	})
}

func (s *Service) sendVerification(ctx context.Context, tx *db.Tx, u *db.User) error {
	until := s.now().Add(verifyTTL)
	token, err := newMailToken(ctx, tx, u.ID, db.VerifyEmail, u.Email, until)
	if err != nil {
		return err
	}
	return s.mailTo(ctx, tx, message{to: u.Email, until: until, subject: "Verify your e-mail address",
		text: tokenText("Somebody registered at %s with this e-mail address. If it was you, verify the\naddress with this token:",
			s.config.Issuer, token, "/v1/auth/email/verify", verifyTTL)})
}

// ChangeEmail sends a token to the address that the caller wants instead of
// theirs. INVALID_CREDENTIALS when the password is wrong, CONFLICT when somebody
// has the address. before, where it is there, is asked once nothing but the message is
// left to do, so that who may not send one uses up nobody's; an error of it ends it.
func (s *Service) ChangeEmail(ctx context.Context, p Principal, address, password string, before func(ctx context.Context, address string) error) error {
	u, err := s.reauthenticate(ctx, p, password)
	if err != nil {
		return err
	}
	email, err := checkEmail(address)
	if err != nil {
		return asset.Invalid("the e-mail address is not valid", "new_email")
	}
	if email == u.Email {
		return asset.Invalid("this is your e-mail address already", "new_email")
	}
	if err := untaken(ctx, s.db.Queries, u, email); err != nil {
		return err
	}
	if before != nil {
		if err := before(ctx, email); err != nil {
			return err
		}
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := untaken(ctx, tx.Queries, u, email); err != nil {
			return err
		}
		if err := s.unchanged(ctx, tx, u); err != nil {
			return err
		}
		until := s.now().Add(changeTTL)
		token, err := newMailToken(ctx, tx, u.ID, db.ChangeEmail, email, until)
		if err != nil {
			return err
		}
		return s.mailTo(ctx, tx, message{to: email, until: until, subject: "Confirm your new e-mail address",
			text: tokenText("Somebody wants to use this e-mail address for their account at %s. If it was you,\nconfirm it with this token:",
				s.config.Issuer, token, "/v1/auth/email/verify", changeTTL)})
	})
}

// untaken refuses an address that another user has.
func untaken(ctx context.Context, q db.Queries, u *db.User, email string) error {
	other, err := q.UserByEmail(ctx, email)
	if err == nil && other != nil && other.ID != u.ID {
		err = asset.Errorf(asset.Conflict, nil, "a user with this e-mail address exists already")
	}
	return err
}

// VerifyEmail redeems the token of a verification or of a change of address, and
// answers its user. UNAUTHORIZED when it is not valid, CONFLICT when somebody took
// the new address meanwhile. Sessions stay.
func (s *Service) VerifyEmail(ctx context.Context, token string) (*Me, error) {
	var user asset.ID
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, u, err := redeem(ctx, tx, token, db.VerifyEmail, db.ChangeEmail)
		if err != nil {
			return err
		}
		user = u.ID
		if err := tx.SetVerifiedEmail(ctx, u.ID, t.Email); err != nil {
			return err
		}
		if t.Purpose == db.VerifyEmail {
			return record(ctx, tx, Principal{UserID: u.ID}, Event{Action: ActionEmailVerified})
		}
		return s.emailChanged(ctx, tx, u, t.Email)
	})
	if err != nil {
		return nil, err
	}
	return s.me(ctx, user)
}

// emailChanged ends what was sent to the old address and tells it.
func (s *Service) emailChanged(ctx context.Context, tx *db.Tx, before *db.User, now string) error {
	if err := tx.EndMailTokens(ctx, before.ID, db.VerifyEmail, db.ResetPassword); err != nil {
		return err
	}
	if err := record(ctx, tx, Principal{UserID: before.ID}, Event{Action: ActionEmailChanged,
		Details: map[string]any{"from": before.Email, "to": now}}); err != nil {
		return err
	}
	if strings.EqualFold(before.Email, now) {
		return nil
	}
	return s.notify(ctx, tx, before.Email, "Your e-mail address was changed",
		"Your account now has another e-mail address; nothing more will be sent to this one.")
}
