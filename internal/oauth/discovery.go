package oauth

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/certana/certana/internal/account"
)

// metadata is what programs may know of this server beforehand (RFC 8414; OpenID
// Connect Discovery 1.0), the same at both addresses.
type metadata struct {
	oidc.DiscoveryConfiguration
	IssuerInAnswers bool              `json:"authorization_response_iss_parameter_supported"` // RFC 9207
	Introspection   []oidc.AuthMethod `json:"introspection_endpoint_auth_methods_supported"`
	PromptValues    []string          `json:"prompt_values_supported"`
}

func (s *server) discover(w http.ResponseWriter, _ *http.Request) {
	secret := []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost}
	all := append(slices.Clone(secret), oidc.AuthMethodNone)
	m := metadata{
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			Issuer:                                 s.BaseURL,
			AuthorizationEndpoint:                  s.BaseURL + authorizePath,
			TokenEndpoint:                          s.BaseURL + tokenPath,
			IntrospectionEndpoint:                  s.BaseURL + introspectPath,
			RevocationEndpoint:                     s.BaseURL + revokePath,
			UserinfoEndpoint:                       s.BaseURL + userinfoPath,
			EndSessionEndpoint:                     s.BaseURL + logoutPath,
			JwksURI:                                s.BaseURL + keysPath,
			ScopesSupported:                        account.OAuthScopes(),
			ResponseTypesSupported:                 []string{string(oidc.ResponseTypeCode)},
			ResponseModesSupported:                 []string{string(oidc.ResponseModeQuery)},
			GrantTypesSupported:                    grantTypes,
			SubjectTypesSupported:                  []string{"public"},
			IDTokenSigningAlgValuesSupported:       []string{string(jose.ES256)},
			TokenEndpointAuthMethodsSupported:      all,
			RevocationEndpointAuthMethodsSupported: all,
			CodeChallengeMethodsSupported:          []oidc.CodeChallengeMethod{oidc.CodeChallengeMethodS256},
			ClaimsSupported: []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "amr", "azp", "at_hash",
				"name", "email", "email_verified"},
		},
		IssuerInAnswers: true, Introspection: secret, PromptValues: prompts,
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_ = json.NewEncoder(w).Encode(m) // a client that left is no failure of ours
}

// scopesOf splits a scope parameter.
func scopesOf(s string) []string { return strings.Fields(s) }

func has(scopes []string, scope string) bool { return slices.Contains(scopes, scope) }

// allowedScope reports whether a client may ask for a scope.
func allowedScope(c *account.Client, scope string) bool {
	return has(c.Scopes, scope) || has(account.IdentityScopes(), scope)
}
