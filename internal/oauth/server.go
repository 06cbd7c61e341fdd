package oauth

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/quota"
)

var _ op.Server = (*server)(nil)

// VerifyClient finds out which client asks.
func (s *server) VerifyClient(ctx context.Context, r *op.Request[op.ClientCredentials]) (op.Client, error) {
	c, err := s.authenticate(ctx, r.Data)
	if err != nil {
		return nil, err
	}
	return client{c}, nil
}

func (s *server) authenticate(ctx context.Context, cc *op.ClientCredentials) (*account.Client, error) {
	if cc.ClientAssertion != "" {
		return nil, s.told(ctx, &account.OAuthError{Code: account.InvalidClient, Detail: "client assertions are not supported"}, cc.ClientID)
	}
	c, err := s.Accounts.AuthenticateClient(ctx, cc.ClientID, cc.ClientSecret)
	return c, s.told(ctx, err, cc.ClientID)
}

// ClientCredentialsExchange gives a client a token of its own.
func (s *server) ClientCredentialsExchange(ctx context.Context, r *op.ClientRequest[oidc.ClientCredentialsRequest]) (*op.Response, error) {
	c := r.Client.(client)
	if err := s.enough(ctx, c.GetID()); err != nil {
		return nil, err
	}
	out, err := s.Accounts.ClientToken(ctx, c.Client, scopesOf(r.Form.Get("scope")))
	return s.tokens(ctx, c, out, err)
}

// enough bounds how many tokens a client gets for itself: each is a row until it ends.
// The client has authenticated, so that nobody else can use its tokens up.
func (s *server) enough(ctx context.Context, client string) error {
	if s.Limits == nil {
		return nil
	}
	g, err := s.Limits.Attempt(ctx, quota.ClientToken, addressOf(ctx), client)
	if !asset.Is(err, asset.RateLimited) {
		return s.told(ctx, err, client)
	}
	if h, ok := ctx.Value(headerKey{}).(http.Header); ok {
		h.Set("Retry-After", strconv.FormatInt(max(1, g.RetryAfter()), 10))
	}
	return op.NewStatusError(&oidc.Error{ErrorType: "temporarily_unavailable",
		Description: printable(asset.AsError(err).Detail + "; use a token until it expires")}, http.StatusTooManyRequests)
}

// CodeExchange gives a client what a user agreed to.
func (s *server) CodeExchange(ctx context.Context, r *op.ClientRequest[oidc.AccessTokenRequest]) (*op.Response, error) {
	c := r.Client.(client)
	out, err := s.Accounts.ExchangeCode(ctx, c.Client, r.Data.Code, r.Data.RedirectURI, r.Data.CodeVerifier)
	return s.tokens(ctx, c, out, err)
}

// RefreshToken continues what a user agreed to.
func (s *server) RefreshToken(ctx context.Context, r *op.ClientRequest[oidc.RefreshTokenRequest]) (*op.Response, error) {
	c := r.Client.(client)
	out, err := s.Accounts.RefreshGrant(ctx, c.Client, r.Data.RefreshToken, scopesOf(r.Form.Get("scope")))
	return s.tokens(ctx, c, out, err)
}

// tokens is the answer of the token endpoint.
func (s *server) tokens(ctx context.Context, c client, out *account.Issued, err error) (*op.Response, error) {
	if err != nil {
		return nil, s.told(ctx, err, c.GetID())
	}
	answer := &oidc.AccessTokenResponse{AccessToken: out.AccessToken, TokenType: oidc.BearerToken, RefreshToken: out.RefreshToken,
		ExpiresIn: uint64(out.ExpiresIn), Scope: out.Scopes}
	if out.User != nil && has(out.Scopes, account.ScopeOpenID) {
		if answer.IDToken, err = s.idToken(ctx, c, out); err != nil {
			return nil, s.told(ctx, err, c.GetID())
		}
	}
	return op.NewResponse(answer), nil
}

// idToken says who the user is (OpenID Connect Core, section 2). What the scopes
// profile and email stand for is in it too, so that nobody need ask userinfo.
func (s *server) idToken(ctx context.Context, c client, out *account.Issued) (string, error) {
	g := out.Grant
	claims := oidc.NewIDTokenClaims(s.BaseURL, g.UserID.String(), nil, time.Now().Add(time.Duration(out.ExpiresIn)*time.Second),
		g.AuthTime, g.Nonce, "", g.Methods, c.GetID(), 0)
	claims.ClientID = "" // that is in access tokens, from which this must differ
	claims.SetUserInfo(userInfo(out.User, out.Scopes))
	var err error
	if claims.AccessTokenHash, err = oidc.ClaimHash(out.AccessToken, jose.ES256); err != nil {
		return "", err
	}
	return s.Accounts.SignIDToken(ctx, claims)
}

// userInfo is what scopes let a client know of a user.
func userInfo(u *db.User, scopes []string) *oidc.UserInfo {
	info := &oidc.UserInfo{Subject: u.ID.String()}
	if has(scopes, account.ScopeProfile) {
		info.Name = u.FullName
	}
	if has(scopes, account.ScopeEmail) {
		info.Email, info.EmailVerified = u.Email, oidc.Bool(u.EmailVerifiedAt != nil)
	}
	return info
}

// UserInfo tells a client of its user.
func (s *server) UserInfo(ctx context.Context, r *op.Request[oidc.UserInfoRequest]) (*op.Response, error) {
	t, err := s.Accounts.UserInfo(ctx, r.Data.AccessToken)
	if err != nil {
		return nil, s.told(ctx, err, "")
	}
	return op.NewResponse(userInfo(t.User, t.Scopes)), nil
}

// Introspect tells a client what a token is worth.
func (s *server) Introspect(ctx context.Context, r *op.Request[op.IntrospectionRequest]) (*op.Response, error) {
	c, err := s.authenticate(ctx, r.Data.ClientCredentials)
	if err != nil {
		return nil, err
	}
	t, err := s.Accounts.Introspect(ctx, c, r.Data.Token)
	if err != nil {
		return nil, s.told(ctx, err, c.ID.String())
	}
	if t == nil {
		return op.NewResponse(&oidc.IntrospectionResponse{}), nil
	}
	answer := &oidc.IntrospectionResponse{
		Active: true, Scope: oidc.SpaceDelimitedArray(t.Scopes), ClientID: t.ClientID.String(), Subject: t.Subject.String(), Issuer: s.BaseURL,
		Expiration: oidc.FromTime(t.ExpiresAt), IssuedAt: oidc.FromTime(t.CreatedAt),
		Claims: map[string]any{"org": t.OrganizationID.String()},
	}
	if !t.Refresh {
		answer.TokenType, answer.JWTID, answer.Audience = oidc.BearerToken, t.ID.String(), oidc.Audience{account.TokenAudience}
	}
	return op.NewResponse(answer), nil
}

// Revocation ends a token.
func (s *server) Revocation(ctx context.Context, r *op.ClientRequest[oidc.RevocationRequest]) (*op.Response, error) {
	c := r.Client.(client)
	if err := s.Accounts.RevokeToken(ctx, c.Client, r.Data.Token); err != nil {
		return nil, s.told(ctx, err, c.GetID())
	}
	return op.NewResponse(nil), nil
}
