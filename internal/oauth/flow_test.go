package oauth_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/certana/certana/internal/account"
)

// The whole flow as its users go through it: a client written with other
// people's libraries, a person with a browser.
func TestAuthorizationCode(t *testing.T) {
	for _, kind := range []string{account.ConfidentialClient, account.PublicClient} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			u := w.user("john@example.com")
			_, config := w.client(u, kind, "read", "write")
			if kind == account.PublicClient {
				config.RedirectURL = "http://127.0.0.1:49152/done" // the port is the system's to choose
			}
			provider, err := oidc.NewProvider(t.Context(), w.url)
			must(t, err)
			config.Endpoint = provider.Endpoint()
			verifier := oauth2.GenerateVerifier()
			back := w.browser().let(config.AuthCodeURL("some state", oidc.Nonce("n-0S6_WzA2Mj"), oauth2.S256ChallengeOption(verifier)), "john@example.com")
			if got := back.Query(); got.Get("state") != "some state" || got.Get("iss") != w.url {
				t.Errorf("sent back with %v", got)
			}
			if !strings.HasPrefix(back.String(), config.RedirectURL+"?") {
				t.Errorf("sent back to %s", back)
			}
			token, err := config.Exchange(t.Context(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
			must(t, err)

			p := w.bearer(token.AccessToken)
			if p.UserID != u.UserID || p.OrganizationID != u.OrganizationID || p.ClientID != config.ClientID ||
				!slices.Equal(p.Scopes, []string{"read", "write"}) || p.Role != account.RoleOwner {
				t.Errorf("the token stands for %+v", p)
			}
			checkIdentity(t, provider, config, token, u)

			fresh, err := config.TokenSource(t.Context(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
			must(t, err)
			w.bearer(fresh.AccessToken)
			if fresh.RefreshToken == token.RefreshToken || fresh.RefreshToken == "" {
				t.Error("the refresh token was not replaced")
			}
		})
	}
}

// checkIdentity reads the ID token and userinfo as coreos/go-oidc does.
func checkIdentity(t *testing.T, provider *oidc.Provider, config *oauth2.Config, token *oauth2.Token, u account.Principal) {
	t.Helper()
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID, SupportedSigningAlgs: []string{oidc.ES256}}).Verify(t.Context(), raw)
	must(t, err)
	must(t, id.VerifyAccessToken(token.AccessToken))
	var claims struct {
		Email    string   `json:"email"`
		Verified bool     `json:"email_verified"`
		Name     string   `json:"name"`
		AuthTime int64    `json:"auth_time"`
		Methods  []string `json:"amr"`
		Client   string   `json:"client_id"`
	}
	must(t, id.Claims(&claims))
	if id.Subject != u.UserID.String() || id.Nonce != "n-0S6_WzA2Mj" || claims.Email != "john@example.com" || claims.Verified ||
		claims.Name != "John Doe" || claims.AuthTime == 0 || !slices.Equal(claims.Methods, []string{"pwd"}) || claims.Client != "" {
		t.Errorf("the ID token says %+v %+v", id, claims)
	}
	info, err := provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	must(t, err)
	if info.Subject != id.Subject || info.Email != "john@example.com" || info.EmailVerified {
		t.Errorf("userinfo says %+v", info)
	}
}

func TestClientCredentials(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read", "verify")
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
		c := clientcredentials.Config{ClientID: config.ClientID, ClientSecret: config.ClientSecret, TokenURL: config.Endpoint.TokenURL, AuthStyle: style}
		token, err := c.Token(t.Context())
		must(t, err)
		p := w.bearer(token.AccessToken)
		if p.UserID != (account.Principal{}).UserID || p.OrganizationID != u.OrganizationID || p.Role != "" ||
			p.ClientID != config.ClientID || !slices.Equal(p.Scopes, []string{"read", "verify"}) {
			t.Errorf("the token stands for %+v", p)
		}
		if token.RefreshToken != "" || token.Extra("id_token") != nil {
			t.Error("a client itself has neither a refresh token nor an identity")
		}
	}
	c := clientcredentials.Config{ClientID: config.ClientID, ClientSecret: config.ClientSecret, TokenURL: config.Endpoint.TokenURL, Scopes: []string{"verify"}}
	token, err := c.Token(t.Context())
	must(t, err)
	if p := w.bearer(token.AccessToken); !slices.Equal(p.Scopes, []string{"verify"}) {
		t.Errorf("asked for verify, got %v", p.Scopes)
	}
}

// What a token is worth is told to those whom it concerns, and it ends when its
// client says so.
func TestIntrospectionAndRevocation(t *testing.T) {
	w := newWorld(t)
	u, other := w.user("john@example.com"), w.user("mary@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read")
	_, sibling := w.client(u, account.ConfidentialClient, "read")
	_, stranger := w.client(other, account.ConfidentialClient, "read")
	token := w.grant(config, "john@example.com")
	active := func(c *oauth2.Config, token string) bool {
		t.Helper()
		status, body := w.post("/oauth2/introspect", c, url.Values{"token": {token}})
		if status != 200 || (body["active"] == false && len(body) != 1) {
			t.Errorf("%d %v", status, body)
		}
		return body["active"] == true
	}
	_, body := w.post("/oauth2/introspect", config, url.Values{"token": {token.AccessToken}})
	if body["sub"] != u.UserID.String() || body["client_id"] != config.ClientID || body["iss"] != w.url || body["exp"] == nil ||
		body["scope"] != "openid email profile offline_access read" || body["token_type"] != "Bearer" {
		t.Errorf("introspection: %v", body)
	}
	if !active(sibling, token.AccessToken) || active(stranger, token.AccessToken) {
		t.Error("the organization's own clients may know its access tokens, and nobody else")
	}
	if !active(config, token.RefreshToken) || active(sibling, token.RefreshToken) || active(stranger, token.RefreshToken) {
		t.Error("a refresh token is its client's alone")
	}
	if active(config, "nonsense") || active(config, token.Extra("id_token").(string)) {
		t.Error("what is no token of ours is active")
	}
	if status, body := w.post("/oauth2/revoke", stranger, url.Values{"token": {token.AccessToken}}); status != 400 || body["error"] != "invalid_grant" {
		t.Errorf("another client revokes: %d %v", status, body)
	}
	w.bearer(token.AccessToken)
	for range 2 { // the second time is no error (RFC 7009, section 2.2)
		if status, _ := w.post("/oauth2/revoke", config, url.Values{"token": {token.AccessToken}, "token_type_hint": {"access_token"}}); status != 200 {
			t.Errorf("revoke: %d", status)
		}
	}
	w.dead(token.AccessToken)
	if active(config, token.AccessToken) || !active(config, token.RefreshToken) {
		t.Error("an access token ends alone")
	}
	fresh, err := config.TokenSource(t.Context(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	must(t, err)
	w.post("/oauth2/revoke", config, url.Values{"token": {fresh.RefreshToken}})
	w.dead(fresh.AccessToken)
	if active(config, fresh.RefreshToken) {
		t.Error("a revoked refresh token is active")
	}
	if status, _ := w.post("/oauth2/revoke", config, url.Values{"token": {"nonsense"}}); status != 200 {
		t.Errorf("revoking what is no token: %d", status)
	}
}
