package oauth

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/certana/certana/internal/account"
)

// client is a client as the library asks about one. It is asked at the endpoints
// that programs call alone, so that most answers are never looked at.
type client struct{ *account.Client }

func (c client) GetID() string                    { return c.ID.String() }
func (c client) RedirectURIs() []string           { return c.Client.RedirectURIs }
func (c client) PostLogoutRedirectURIs() []string { return nil }
func (c client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c client) LoginURL(string) string { return loginPath }
func (c client) AccessTokenType() op.AccessTokenType {
	return op.AccessTokenTypeJWT
}
func (c client) IDTokenLifetime() time.Duration { return time.Hour }
func (c client) DevMode() bool                  { return false }
func (c client) RestrictAdditionalIdTokenScopes() func([]string) []string { //nolint:revive // the library's name
	return func(scopes []string) []string { return scopes }
}
func (c client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}
func (c client) IsScopeAllowed(scope string) bool     { return allowedScope(c.Client, scope) }
func (c client) IDTokenUserinfoClaimsAssertion() bool { return true }
func (c client) ClockSkew() time.Duration             { return 0 }

func (c client) ApplicationType() op.ApplicationType {
	if c.Kind == account.PublicClient {
		return op.ApplicationTypeNative
	}
	return op.ApplicationTypeWeb
}

func (c client) AuthMethod() oidc.AuthMethod {
	if c.Kind == account.PublicClient {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodBasic
}

// GrantTypes are what the client may ask for tokens with: by itself when it keeps
// a secret, for users when they can be sent back to it.
func (c client) GrantTypes() (all []oidc.GrantType) {
	if c.Kind == account.ConfidentialClient {
		all = append(all, oidc.GrantTypeClientCredentials)
	}
	if len(c.Client.RedirectURIs) > 0 {
		all = append(all, oidc.GrantTypeCode, oidc.GrantTypeRefreshToken)
	}
	return all
}

var _ op.Client = client{}
