package httpapi

import (
	"context"
	"strings"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/quota"
)

// guarded does what takes a secret of the caller's that could be guessed with a
// stolen token; only wrong ones count.
func (s *server) guarded(ctx context.Context, kind quota.Kind, do func(p account.Principal) error) error {
	return s.guardedFor(ctx, kind, callerOf(ctx).UserID.String(), do)
}

func (s *server) guardedFor(ctx context.Context, kind quota.Kind, subject string, do func(p account.Principal) error) error {
	tried, err := s.attempt(ctx, kind, subject)
	if err != nil {
		return err
	}
	err = do(callerOf(ctx).Principal)
	if !asset.Is(err, asset.InvalidCredentials) {
		s.giveBack(ctx, tried, 1)
	}
	return err
}

// proven is guarded for a password and a code: the password is a try of a login, and
// the code one of the second factor, which is taken once the password was right.
func (s *server) proven(ctx context.Context, proof account.Proof, do func(p account.Principal, proof account.Proof) error) error {
	return s.guarded(ctx, quota.Login, func(p account.Principal) error {
		tried := &quota.Grant{}
		proof.BeforeCode = func(ctx context.Context, user asset.ID) (err error) {
			g, err := s.attempt(ctx, quota.TOTP, user.String())
			if err == nil {
				tried = g
			}
			return err
		}
		err := do(p, proof)
		if !asset.Is(err, asset.InvalidCredentials) {
			s.giveBack(ctx, tried, 1)
		}
		return err
	})
}

func meBody(m *account.Me) gen.Me {
	return gen.Me{ID: m.ID, Email: m.Email, FullName: m.FullName, Tier: gen.Plan(m.Tier), CreatedAt: m.CreatedAt.UTC(),
		EmailVerified: m.EmailVerified, TotpEnabled: m.TOTPEnabled}
}

// GetMe shows who asks.
func (s *server) GetMe(ctx context.Context, _ gen.GetMeRequestObject) (gen.GetMeResponseObject, error) {
	m, err := s.Accounts.Me(ctx, callerOf(ctx).Principal)
	if err != nil {
		return nil, err
	}
	return gen.GetMe200JSONResponse(meBody(m)), nil
}

// UpdateMe renames who asks.
func (s *server) UpdateMe(ctx context.Context, r gen.UpdateMeRequestObject) (gen.UpdateMeResponseObject, error) {
	m, err := s.Accounts.UpdateMe(ctx, callerOf(ctx).Principal, cleared(r.Body.FullName, strings.TrimSpace))
	if err != nil {
		return nil, err
	}
	return gen.UpdateMe200JSONResponse(meBody(m)), nil
}

// CloseMe ends the caller's account.
func (s *server) CloseMe(ctx context.Context, r gen.CloseMeRequestObject) (gen.CloseMeResponseObject, error) {
	var eraseAt time.Time
	given := account.Proof{Password: r.Body.Password, Code: orElse(r.Body.TotpCode, "")}
	err := s.proven(ctx, given, func(p account.Principal, proof account.Proof) (err error) {
		eraseAt, err = s.Accounts.Close(ctx, p, proof)
		return err
	})
	if err != nil {
		return nil, err
	}
	return gen.CloseMe202JSONResponse{EraseAt: eraseAt.UTC()}, nil
}

// ChangePassword replaces the caller's password and ends all their sessions.
func (s *server) ChangePassword(ctx context.Context, r gen.ChangePasswordRequestObject) (gen.ChangePasswordResponseObject, error) {
	err := s.guarded(ctx, quota.Login, func(p account.Principal) error {
		return s.Accounts.ChangePassword(ctx, p, r.Body.CurrentPassword, r.Body.NewPassword)
	})
	if err != nil {
		return nil, err
	}
	return gen.ChangePassword204Response{}, nil
}

// ForgotPassword has a token sent to an address if a user has it. Every try
// counts, since each may send a message.
func (s *server) ForgotPassword(ctx context.Context, r gen.ForgotPasswordRequestObject) (gen.ForgotPasswordResponseObject, error) {
	if _, err := s.attempt(ctx, quota.PasswordReset, account.Mailbox(string(r.Body.Email))); err != nil {
		return nil, err
	}
	if err := s.Accounts.ForgotPassword(ctx, string(r.Body.Email)); err != nil {
		return nil, err
	}
	return gen.ForgotPassword202JSONResponse{Detail: "If a user has this address, a message with a token is on its way to it."}, nil
}

// ResetPassword sets a new password by the token of a message.
func (s *server) ResetPassword(ctx context.Context, r gen.ResetPasswordRequestObject) (gen.ResetPasswordResponseObject, error) {
	err := s.Accounts.ResetPassword(ctx, r.Body.Token, r.Body.NewPassword)
	if asset.Is(err, asset.Unauthorized) {
		err = s.failed(ctx, quota.PasswordReset, "", err)
	}
	if err != nil {
		return nil, err
	}
	return gen.ResetPassword204Response{}, nil
}

// SendVerification sends the caller a token that verifies their address.
func (s *server) SendVerification(ctx context.Context, _ gen.SendVerificationRequestObject) (gen.SendVerificationResponseObject, error) {
	p := callerOf(ctx).Principal
	me, err := s.Accounts.Me(ctx, p)
	if err != nil {
		return nil, err
	}
	if _, err := s.attempt(ctx, quota.EmailVerification, account.Mailbox(me.Email)); err != nil {
		return nil, err
	}
	if err := s.Accounts.SendVerification(ctx, p); err != nil {
		return nil, err
	}
	return gen.SendVerification202JSONResponse{Detail: "A message with a token is on its way to your address."}, nil
}

// ChangeEmail sends a token to the address that the caller wants.
func (s *server) ChangeEmail(ctx context.Context, r gen.ChangeEmailRequestObject) (gen.ChangeEmailResponseObject, error) {
	err := s.guarded(ctx, quota.Login, func(p account.Principal) error {
		return s.Accounts.ChangeEmail(ctx, p, string(r.Body.NewEmail), r.Body.Password, func(ctx context.Context, address string) error {
			_, err := s.attempt(ctx, quota.EmailVerification, account.Mailbox(address))
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return gen.ChangeEmail202JSONResponse{Detail: "A message with a token is on its way to the new address."}, nil
}

// VerifyEmail redeems the token of a verification or of a change of address.
func (s *server) VerifyEmail(ctx context.Context, r gen.VerifyEmailRequestObject) (gen.VerifyEmailResponseObject, error) {
	m, err := s.Accounts.VerifyEmail(ctx, r.Body.Token)
	if asset.Is(err, asset.Unauthorized) {
		err = s.failed(ctx, quota.EmailVerification, "", err)
	}
	if err != nil {
		return nil, err
	}
	return gen.VerifyEmail200JSONResponse(meBody(m)), nil
}
