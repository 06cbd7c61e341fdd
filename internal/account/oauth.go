package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// OAuthCode is an error code of RFC 6749, section 5.2.
type OAuthCode string

// The error codes that this room answers.
const (
	InvalidClient      OAuthCode = "invalid_client"
	InvalidGrant       OAuthCode = "invalid_grant"
	InvalidScope       OAuthCode = "invalid_scope"
	UnauthorizedClient OAuthCode = "unauthorized_client"
	AccessDenied       OAuthCode = "access_denied"
)

// OAuthError is an error that an OAuth2 client may be told.
type OAuthError struct {
	Code   OAuthCode
	Detail string
}

func (e *OAuthError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Detail) }

func oauthErrorf(code OAuthCode, format string, args ...any) error {
	return &OAuthError{code, fmt.Sprintf(format, args...)}
}

// The scopes of OpenID Connect, which every client with users may ask for. With
// offline_access it gets refresh tokens.
const (
	ScopeOpenID  = "openid"
	ScopeProfile = "profile"
	ScopeEmail   = "email"
	ScopeOffline = "offline_access"
)

var identityScopes = []string{ScopeOpenID, ScopeProfile, ScopeEmail, ScopeOffline}

// IdentityScopes lists the scopes that say who somebody is, and offline_access.
func IdentityScopes() []string { return slices.Clone(identityScopes) }

// OAuthScopes lists all that clients can be given: OpenID Connect's first, then
// what acts.
func OAuthScopes() []string { return append(slices.Clone(identityScopes), roleScopes[RoleOwner]...) }

// LiveClient finds a client that may act, with its scopes as they are worth today:
// what the role of who answers for it allows. Nil when there is none, when its
// organization is suspended, or when whoever answers for it is no member any more.
func (s *Service) LiveClient(ctx context.Context, id string) (*Client, error) {
	parsed, err := uuid.Parse(id)
	if err != nil || parsed.String() != id {
		return nil, nil
	}
	c, err := s.db.LiveOAuthClient(ctx, parsed)
	if c != nil {
		c.Scopes = effectiveScopes(c.Scopes, c.MakerRole)
	}
	return c, err
}

// AuthenticateClient finds a client by its id and, when it is a confidential one,
// its secret. A public client has none, and must not present one.
func (s *Service) AuthenticateClient(ctx context.Context, id, secret string) (*Client, error) {
	refused := oauthErrorf(InvalidClient, "the client is unknown or its secret is wrong")
	c, err := s.LiveClient(ctx, id)
	if err != nil {
		return nil, err
	}
	if c == nil || (c.Kind == PublicClient) != (secret == "") {
		return nil, refused
	}
	if c.Kind == PublicClient {
		return c, nil
	}
	by, role, err := s.db.OAuthSecret(ctx, c.ID, hashSecret(secret))
	if err != nil {
		return nil, err
	}
	if role == "" {
		return nil, refused
	}
	c.SecretBy, c.Scopes = by, effectiveScopes(c.Scopes, role)
	return c, nil
}

// Issued is what a client is given. Grant and User are nil when it asked for
// itself.
type Issued struct {
	AccessToken  string
	RefreshToken string // "" for none
	ExpiresIn    int    // seconds that the access token works
	Scopes       []string
	Grant        *db.OAuthGrant
	User         *db.User
}

// ClientToken gives a confidential client a token to act for its organization by
// itself. No scopes are all of its scopes.
func (s *Service) ClientToken(ctx context.Context, c *Client, scopes []string) (*Issued, error) {
	if c.Kind != ConfidentialClient {
		return nil, oauthErrorf(UnauthorizedClient, "a public client cannot act by itself")
	}
	if len(scopes) == 0 {
		scopes = c.Scopes
	}
	for _, scope := range scopes {
		if !slices.Contains(c.Scopes, scope) {
			return nil, oauthErrorf(InvalidScope, "the client may not have the scope %q", scope)
		}
	}
	if len(scopes) == 0 {
		return nil, oauthErrorf(InvalidScope, "who answers for the client may do nothing of what it was registered for")
	}
	t := &db.OAuthToken{ID: asset.NewID(), ClientID: c.ID, OrganizationID: c.OrganizationID, Scopes: distinct(scopes),
		CreatedBy: c.SecretBy, CreatedAt: s.now(), ExpiresAt: s.now().Add(s.config.AccessTTL)}
	if err := s.db.InsertOAuthToken(ctx, t); err != nil {
		return nil, err
	}
	access, err := s.signOAuth(ctx, t, c.ID)
	if err != nil {
		return nil, err
	}
	return &Issued{AccessToken: access, ExpiresIn: int(s.config.AccessTTL.Seconds()), Scopes: t.Scopes}, nil
}

func distinct(scopes []string) []string {
	var all []string
	for _, scope := range scopes {
		if !slices.Contains(all, scope) {
			all = append(all, scope)
		}
	}
	return all
}

// oauthClaims are what an access token of a client says (RFC 9068) besides its
// dates.
type oauthClaims struct {
	Client       string   `json:"client_id"`
	Scope        string   `json:"scope"`
	Organization asset.ID `json:"org"`
}

// signOAuth makes the token of a row.
func (s *Service) signOAuth(ctx context.Context, t *db.OAuthToken, subject asset.ID) (string, error) {
	signer, _, _, err := s.keys.fresh(ctx, "")
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer[typAccess]).Claims(jwt.Claims{
		Issuer: s.config.Issuer, Audience: jwt.Audience{TokenAudience}, Subject: subject.String(),
		IssuedAt: jwt.NewNumericDate(t.CreatedAt), Expiry: jwt.NewNumericDate(t.ExpiresAt), ID: t.ID.String(),
	}).Claims(oauthClaims{t.ClientID.String(), joined(t.Scopes), t.OrganizationID}).Serialize()
}

// SignIDToken signs the claims of an ID token with the key of access tokens.
func (s *Service) SignIDToken(ctx context.Context, claims any) (string, error) {
	signer, _, _, err := s.keys.fresh(ctx, "")
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer[typJWT]).Claims(claims).Serialize()
}

// AccessTTL is how long access tokens and ID tokens are good.
func (s *Service) AccessTTL() time.Duration { return s.config.AccessTTL }

// challenged reports whether a verifier is the one that a code was bound to
// (RFC 7636, S256).
func challenged(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}
