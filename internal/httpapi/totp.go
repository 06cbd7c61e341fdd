package httpapi

import (
	"context"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/quota"
)

// BeginTOTP makes a secret for the caller's authenticator.
func (s *server) BeginTOTP(ctx context.Context, r gen.BeginTOTPRequestObject) (gen.BeginTOTPResponseObject, error) {
	var secret *account.TOTPSecret
	err := s.guarded(ctx, quota.Login, func(p account.Principal) (err error) {
		secret, err = s.Accounts.BeginTOTP(ctx, p, r.Body.Password)
		return err
	})
	if err != nil {
		return nil, err
	}
	return gen.BeginTOTP200JSONResponse{Secret: secret.Secret, OtpauthURI: secret.URI, QrPng: secret.PNG}, nil
}

// ConfirmTOTP has the second factor asked for from now on.
func (s *server) ConfirmTOTP(ctx context.Context, r gen.ConfirmTOTPRequestObject) (gen.ConfirmTOTPResponseObject, error) {
	var codes []string
	// By the token alone, and so with tries of its own: they take none of a login's.
	tried := "confirm/" + callerOf(ctx).UserID.String()
	err := s.guardedFor(ctx, quota.TOTP, tried, func(p account.Principal) (err error) {
		codes, err = s.Accounts.ConfirmTOTP(ctx, p, r.Body.Code)
		return err
	})
	if err != nil {
		return nil, err
	}
	return gen.ConfirmTOTP200JSONResponse{RecoveryCodes: codes}, nil
}

// DisableTOTP ends the caller's second factor.
func (s *server) DisableTOTP(ctx context.Context, r gen.DisableTOTPRequestObject) (gen.DisableTOTPResponseObject, error) {
	err := s.proven(ctx, account.Proof{Password: r.Body.Password, Code: r.Body.Code}, func(p account.Principal, proof account.Proof) error {
		return s.Accounts.DisableTOTP(ctx, p, proof)
	})
	if err != nil {
		return nil, err
	}
	return gen.DisableTOTP204Response{}, nil
}
