package account

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// authenticateClient tells who asks with an access token that was given to an
// OAuth2 client. It acts in the one organization that it was given for, and may
// do what was agreed to, what the client may have, and what the user's role
// allows: the least of the three, as they are today.
func (s *Service) authenticateClient(ctx context.Context, claims presented, c Credentials) (Principal, error) {
	ended := asset.Errorf(asset.Unauthorized, nil, "the access token was revoked")
	id, err := uuid.Parse(claims.ID)
	if err != nil {
		return Principal{}, ended
	}
	t, err := s.db.LiveOAuthToken(ctx, id)
	if err != nil {
		return Principal{}, err
	}
	if t == nil || t.ClientID.String() != claims.Client {
		return Principal{}, ended
	}
	if c.OrganizationID != "" {
		if org, err := parseOrganization(c.OrganizationID); err != nil {
			return Principal{}, err
		} else if org != t.OrganizationID {
			return Principal{}, c.otherOrganization()
		}
	}
	there := t.Standing()
	if t.UserID == nil {
		there.Role = RoleAdmin // a program that acts by itself is no member, and needs to be none
	}
	if err := (Credentials{}).admit(there); err != nil {
		return Principal{}, err
	}
	p := Principal{OrganizationID: t.OrganizationID, ClientID: claims.Client, Scopes: worth(t)}
	if t.UserID != nil {
		p.UserID, p.Role = *t.UserID, t.Role
	}
	return p, nil
}

// worth is what a token may do today: no more than its client, than who answers for
// that, and than its user, or who made the secret that a client itself came with.
func worth(t *db.OAuthTokenState) []string {
	scopes, role := []string{}, t.Role
	if t.UserID == nil {
		role = t.SecretRole
	}
	for _, scope := range t.Scopes {
		if slices.Contains(t.ClientScopes, scope) && slices.Contains(roleScopes[t.MakerRole], scope) && slices.Contains(roleScopes[role], scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// TokenInfo is what is told of a token that works.
type TokenInfo struct {
	db.OAuthToken
	Subject asset.ID // the user, or the client itself
	User    *db.User // nil for a client itself
	Refresh bool
}

// UserInfo answers whose a client's access token is and what it may know, or
// UNAUTHORIZED and the like, or INSUFFICIENT_SCOPE for one without openid.
func (s *Service) UserInfo(ctx context.Context, token string) (*TokenInfo, error) {
	claims, err := s.keys.verify(ctx, token)
	if err != nil {
		return nil, err
	}
	p, err := s.authenticateClient(ctx, claims, Credentials{})
	if claims.Client == "" || err != nil {
		return nil, asset.Errorf(asset.Unauthorized, err, "the access token is not valid")
	}
	t, err := s.db.OAuthTokenByID(ctx, uuid.MustParse(claims.ID))
	if err != nil {
		return nil, err
	}
	if p.UserID == (asset.ID{}) || t == nil || !slices.Contains(t.Scopes, ScopeOpenID) {
		return nil, asset.Errorf(asset.InsufficientScope, nil, "this needs the scope %q", ScopeOpenID)
	}
	u, err := s.db.UserByID(ctx, p.UserID)
	return &TokenInfo{OAuthToken: *t, Subject: p.UserID, User: u}, err
}

// Introspect tells a confidential client of a token that works (RFC 7662): its
// own ones, and the access tokens with which somebody acts for its organization.
// Nil for all others, whatever is wrong with them.
func (s *Service) Introspect(ctx context.Context, c *Client, token string) (*TokenInfo, error) {
	if info, err := s.introspectRefresh(ctx, c, token); info != nil || err != nil {
		return info, err
	}
	claims, err := s.keys.verify(ctx, token)
	if asset.AsError(err).Code == asset.Internal && err != nil {
		return nil, err
	}
	id, parseErr := uuid.Parse(claims.ID)
	if err != nil || claims.Client == "" || parseErr != nil {
		return nil, nil
	}
	t, err := s.db.LiveOAuthToken(ctx, id)
	if err != nil || t == nil || (t.ClientID != c.ID && t.OrganizationID != c.OrganizationID) || !t.Works() {
		return nil, err
	}
	info := &TokenInfo{OAuthToken: t.OAuthToken, Subject: t.ClientID}
	for _, scope := range t.Scopes { // what acts is told as it is worth; the rest as it was agreed to
		if slices.Contains(identityScopes, scope) || slices.Contains(worth(t), scope) {
			continue
		}
		info.Scopes = slices.DeleteFunc(slices.Clone(info.Scopes), func(have string) bool { return have == scope })
	}
	if t.UserID != nil {
		info.Subject = *t.UserID
		info.User, err = s.db.UserByID(ctx, *t.UserID)
	}
	return info, err
}

func (s *Service) introspectRefresh(ctx context.Context, c *Client, token string) (*TokenInfo, error) {
	t, g, err := s.db.OAuthGrantByRefreshToken(ctx, hashSecret(token))
	if err != nil || t == nil || g.ClientID != c.ID || g.RevokedAt != nil || !g.ExpiresAt.After(s.now()) || !g.EndsAt.After(s.now()) ||
		(t.Generation <= g.Generation && t.Hash != g.CurrentHash) {
		return nil, err
	}
	u, err := s.db.UserByID(ctx, g.UserID)
	if err != nil || u.SuspendedAt != nil || (u.PasswordChangedAt != nil && u.PasswordChangedAt.After(g.CreatedAt)) {
		return nil, err
	}
	return &TokenInfo{Subject: g.UserID, User: u, Refresh: true, OAuthToken: db.OAuthToken{ClientID: g.ClientID, GrantID: &g.ID,
		OrganizationID: g.OrganizationID, UserID: &g.UserID, Scopes: g.Scopes, CreatedAt: t.CreatedAt, ExpiresAt: g.ExpiresAt}}, nil
}

// RevokeToken ends a token of a client (RFC 7009): an access token alone, a
// refresh token with all that its grant gave. One that is unknown or over is no
// error; one of another client is.
func (s *Service) RevokeToken(ctx context.Context, c *Client, token string) error {
	another := oauthErrorf(InvalidGrant, "the token was given to another client")
	t, g, err := s.db.OAuthGrantByRefreshToken(ctx, hashSecret(token))
	if err != nil {
		return err
	}
	if t != nil {
		if g.ClientID != c.ID {
			return another
		}
		return s.db.RevokeOAuthGrant(ctx, g.ID)
	}
	claims, err := s.keys.verify(ctx, token)
	id, parseErr := uuid.Parse(claims.ID)
	if err != nil || claims.Client == "" || parseErr != nil {
		return nil // of no use any more, or never ours
	}
	if claims.Client != c.ID.String() {
		return another
	}
	return s.db.RevokeOAuthToken(ctx, id)
}
