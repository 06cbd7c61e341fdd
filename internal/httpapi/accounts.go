package httpapi

import (
	"context"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/quota"
)

// Accounts is the part of *account.Service that is called from here.
type Accounts interface {
	Acting(p account.Principal) account.Acting
	Clients

	Authenticate(ctx context.Context, c account.Credentials) (account.Principal, error)
	Register(ctx context.Context, r account.Registration) (*account.User, error)
	Login(ctx context.Context, in account.SignIn) (*account.Tokens, error)
	Refresh(ctx context.Context, token string) (*account.Tokens, error)
	Logout(ctx context.Context, p account.Principal) error
	JWKS(ctx context.Context) (jose.JSONWebKeySet, error)

	Me(ctx context.Context, p account.Principal) (*account.Me, error)
	UpdateMe(ctx context.Context, p account.Principal, fullName *string) (*account.Me, error)
	Close(ctx context.Context, p account.Principal, proof account.Proof) (time.Time, error)
	ChangePassword(ctx context.Context, p account.Principal, present, password string) error
	ForgotPassword(ctx context.Context, address string) error
	ResetPassword(ctx context.Context, token, password string) error
	SendVerification(ctx context.Context, p account.Principal) error
	ChangeEmail(ctx context.Context, p account.Principal, address, password string, before func(ctx context.Context, address string) error) error
	VerifyEmail(ctx context.Context, token string) (*account.Me, error)
	Sessions(ctx context.Context, p account.Principal, page db.Page) ([]account.Session, int, error)
	RevokeSession(ctx context.Context, p account.Principal, id asset.ID) error
	RevokeSessions(ctx context.Context, p account.Principal) error
	Consents(ctx context.Context, p account.Principal, page db.Page) ([]account.Consent, int, error)
	WithdrawConsent(ctx context.Context, p account.Principal, id asset.ID) error
	BeginTOTP(ctx context.Context, p account.Principal, password string) (*account.TOTPSecret, error)
	ConfirmTOTP(ctx context.Context, p account.Principal, code string) ([]string, error)
	DisableTOTP(ctx context.Context, p account.Principal, proof account.Proof) error

	CreateAPIKey(ctx context.Context, p account.Principal, n account.NewAPIKey) (*account.APIKey, string, error)
	APIKeys(ctx context.Context, p account.Principal, page db.Page) ([]account.APIKey, int, error)
	ValidateAPIKey(ctx context.Context, key string) (*account.APIKey, error)
	RevokeAPIKey(ctx context.Context, p account.Principal, id asset.ID) error
	RotateAPIKey(ctx context.Context, p account.Principal, id asset.ID, overlap time.Duration) (*account.APIKey, string, error)

	Organizing
	Governing
}

// Register makes a user and a personal organization.
func (s *server) Register(ctx context.Context, r gen.RegisterRequestObject) (gen.RegisterResponseObject, error) {
	if err := s.registrationAllowed(ctx); err != nil {
		return nil, err
	}
	u, err := s.Accounts.Register(ctx, account.Registration{
		Email: string(r.Body.Email), Password: r.Body.Password, FullName: orElse(r.Body.FullName, "")})
	if err != nil {
		return nil, err
	}
	return gen.Register201JSONResponse{ID: u.ID, Email: u.Email, FullName: u.FullName,
		Tier: gen.Plan(u.Tier), CreatedAt: u.CreatedAt.UTC()}, nil
}

// Login opens a session.
func (s *server) Login(ctx context.Context, r gen.LoginRequestObject) (gen.LoginResponseObject, error) {
	tried, err := s.loginAllowed(ctx, r.Body.Email)
	if err != nil {
		return nil, err
	}
	in := account.SignIn{Email: r.Body.Email, Password: r.Body.Password, Code: orElse(r.Body.TotpCode, "")}
	grants := []*quota.Grant{tried}
	in.BeforeCode = func(ctx context.Context, user asset.ID) error {
		g, err := s.attempt(ctx, quota.TOTP, user.String())
		if err == nil {
			grants = append(grants, g)
		}
		return err
	}
	t, err := s.Accounts.Login(ctx, in)
	if !asset.Is(err, asset.InvalidCredentials) {
		for _, g := range grants {
			s.giveBack(ctx, g, 1) // only what may be guessing counts
		}
	}
	if err != nil {
		return nil, err
	}
	return gen.Login200JSONResponse(tokensBody(t)), nil
}

// Refresh continues a session.
func (s *server) Refresh(ctx context.Context, r gen.RefreshRequestObject) (gen.RefreshResponseObject, error) {
	t, err := s.Accounts.Refresh(ctx, r.Body.RefreshToken)
	if asset.Is(err, asset.Unauthorized) {
		err = s.failed(ctx, quota.Refresh, "", err)
	}
	if err != nil {
		return nil, err
	}
	return gen.Refresh200JSONResponse(tokensBody(t)), nil
}

func tokensBody(t *account.Tokens) gen.Tokens {
	return gen.Tokens{AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, TokenType: "bearer", ExpiresIn: t.ExpiresIn}
}

// Logout ends the session of the token.
func (s *server) Logout(ctx context.Context, _ gen.LogoutRequestObject) (gen.LogoutResponseObject, error) {
	if err := s.Accounts.Logout(ctx, callerOf(ctx).Principal); err != nil {
		return nil, err
	}
	return gen.Logout204Response{}, nil
}

// GetJWKS publishes the keys that access tokens are signed with.
func (s *server) GetJWKS(ctx context.Context, _ gen.GetJWKSRequestObject) (gen.GetJWKSResponseObject, error) {
	keys, err := s.Accounts.JWKS(ctx)
	return gen.GetJWKS200JSONResponse(keys), err
}
