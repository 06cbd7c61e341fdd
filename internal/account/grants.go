package account

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// codeTTL is how long an authorization code waits to be exchanged.
const codeTTL = time.Minute

// ActionGrantReused is an event: a code or refresh token came back that was used
// already.
const ActionGrantReused = "oauth.token_reused"

// Authorization is a client's request as its user agrees to it.
type Authorization struct {
	Client       *Client
	RedirectURI  string
	Challenge    string // S256, RFC 7636
	Nonce        string
	Scopes       []string
	Organization asset.ID // for which the client will act
}

// Agree notes that the user of a login lets a client act, and answers the code
// that tells it. Scopes that the user's role in the organization has not are
// left out. A login or a client that ended meanwhile is access_denied.
func (s *Service) Agree(ctx context.Context, l *db.OAuthLogin, a Authorization) (code string, err error) {
	code = "cert_ac_" + randomText()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// A reset of the password waits for this, or ended the login before it.
		if _, err := tx.LockUser(ctx, l.UserID); err != nil {
			return err
		}
		role, err := mayAgree(ctx, tx, l, a)
		if err != nil {
			return err
		}
		scopes := withinRole(a.Scopes, role)
		if !slices.ContainsFunc(scopes, func(scope string) bool { return scope != ScopeOffline }) {
			return oauthErrorf(AccessDenied, "your role in this organization allows nothing of what is asked for")
		}
		g := s.newGrant(l, a, scopes)
		g.CodeHash = hashSecret(code)
		if err := tx.InsertOAuthGrant(ctx, g); err != nil {
			return err
		}
		return record(ctx, tx, Principal{UserID: l.UserID}, Event{Action: ActionConsentGiven, Organization: &g.OrganizationID,
			Target: a.Client.ID.String(), Details: map[string]any{"client": a.Client.Name, "scopes": scopes}})
	})
	if err != nil {
		return "", err
	}
	return code, nil
}

// mayAgree answers the role in which the user of a login may let a client act now.
func mayAgree(ctx context.Context, tx *db.Tx, l *db.OAuthLogin, a Authorization) (role string, err error) {
	login, err := tx.LiveOAuthLogin(ctx, l.Hash)
	if err != nil {
		return "", err
	}
	if login == nil || login.Pending {
		return "", oauthErrorf(AccessDenied, "the login was ended")
	}
	c, err := tx.LiveOAuthClient(ctx, a.Client.ID)
	if err != nil {
		return "", err
	}
	if c == nil {
		return "", oauthErrorf(AccessDenied, "the client was ended")
	}
	live, there, err := tx.LiveMember(ctx, l.UserID, a.Organization)
	if err == nil && (!live || !there.Works()) {
		err = errNotMember()
	}
	return there.Role, err
}

// newGrant is a grant by this moment's clock, without its code.
func (s *Service) newGrant(l *db.OAuthLogin, a Authorization, scopes []string) *db.OAuthGrant {
	now := s.now()
	g := &db.OAuthGrant{
		ID: asset.NewID(), ClientID: a.Client.ID, UserID: l.UserID, OrganizationID: a.Organization, Scopes: scopes,
		CodeExpiresAt: now.Add(codeTTL), CodeChallenge: a.Challenge,
		RedirectURI: a.RedirectURI, Nonce: a.Nonce, AuthTime: l.CreatedAt, Methods: l.Methods,
		CreatedAt: now, ExpiresAt: now.Add(s.config.AccessTTL + codeTTL), EndsAt: now.Add(s.config.SessionTTL),
	}
	if slices.Contains(scopes, ScopeOffline) {
		g.ExpiresAt = now.Add(s.config.RefreshTTL)
	}
	return g
}

// withinRole leaves of the scopes what a role may do, and those that say who
// somebody is.
func withinRole(scopes []string, role string) []string {
	var left []string
	for _, scope := range distinct(scopes) {
		if slices.Contains(identityScopes, scope) || slices.Contains(roleScopes[role], scope) {
			left = append(left, scope)
		}
	}
	return left
}

// ExchangeCode gives a client the tokens that its code stands for. A code works
// once; if it comes back it was copied by somebody, and what it gave ends.
func (s *Service) ExchangeCode(ctx context.Context, c *Client, code, redirectURI, verifier string) (*Issued, error) {
	refused := oauthErrorf(InvalidGrant, "the code is not valid")
	return s.issue(ctx, func(ctx context.Context, tx *db.Tx) (g *db.OAuthGrant, refresh string, scopes []string, failure, err error) {
		g, err = tx.OAuthGrantByCode(ctx, hashSecret(code))
		switch {
		case err != nil || g == nil || g.ClientID != c.ID || g.RevokedAt != nil:
			return nil, "", nil, refused, err
		case g.CodeUsedAt != nil:
			return nil, "", nil, refused, endGrant(ctx, tx, g, "code")
		case !g.CodeExpiresAt.After(s.now()):
			return nil, "", nil, oauthErrorf(InvalidGrant, "the code has expired"), nil
		case g.RedirectURI != redirectURI:
			return nil, "", nil, oauthErrorf(InvalidGrant, "redirect_uri is not the one that the code was sent to"), nil
		case !challenged(verifier, g.CodeChallenge):
			return nil, "", nil, oauthErrorf(InvalidGrant, "code_verifier is not the one that belongs to the code"), nil
		}
		if slices.Contains(g.Scopes, ScopeOffline) {
			refresh = grantPrefix + randomText()
			return g, refresh, g.Scopes, nil, tx.UseOAuthCode(ctx, g.ID, hashSecret(refresh))
		}
		return g, "", g.Scopes, nil, tx.UseOAuthCode(ctx, g.ID, "")
	})
}

// grantPrefix is how refresh tokens of grants begin.
const grantPrefix = "cert_or_"

// endGrant ends a grant of which something came back that was used already.
func endGrant(ctx context.Context, tx *db.Tx, g *db.OAuthGrant, what string) error {
	if err := tx.RevokeOAuthGrant(ctx, g.ID); err != nil {
		return err
	}
	return record(ctx, tx, Principal{ClientID: g.ClientID.String()}, Event{Action: ActionGrantReused,
		Organization: &g.OrganizationID, User: &g.UserID, Target: g.ID.String(), Details: map[string]any{"what": what}})
}

// RefreshGrant gives a client a new access token and a successor of its refresh
// token, by the rules of Refresh. Scopes narrow what the token may do; none are
// all that was agreed to.
func (s *Service) RefreshGrant(ctx context.Context, c *Client, token string, narrowed []string) (*Issued, error) {
	refused := oauthErrorf(InvalidGrant, "the refresh token is not valid")
	hash := hashSecret(token)
	return s.issue(ctx, func(ctx context.Context, tx *db.Tx) (*db.OAuthGrant, string, []string, error, error) {
		t, g, err := tx.OAuthGrantByRefreshToken(ctx, hash)
		switch {
		case err != nil || t == nil || g.ClientID != c.ID || g.RevokedAt != nil:
			return nil, "", nil, refused, err
		case !g.ExpiresAt.After(s.now()) || !g.EndsAt.After(s.now()):
			return nil, "", nil, oauthErrorf(InvalidGrant, "the refresh token has expired"), nil
		case t.Generation <= g.Generation && hash != g.CurrentHash:
			return nil, "", nil, refused, endGrant(ctx, tx, g, "refresh token")
		}
		scopes := []string(g.Scopes)
		if len(narrowed) > 0 {
			for _, scope := range narrowed {
				if !slices.Contains(g.Scopes, scope) {
					return nil, "", nil, oauthErrorf(InvalidScope, "the scope %q was not agreed to", scope), nil
				}
			}
			scopes = distinct(narrowed)
		}
		expires := s.now().Add(s.config.RefreshTTL)
		if expires.After(g.EndsAt) {
			expires = g.EndsAt
		}
		if err := tx.AdvanceOAuthGrant(ctx, t, expires); err != nil {
			return nil, "", nil, nil, err
		}
		successor, err := s.succeedGrant(ctx, tx, t)
		return g, successor, scopes, nil, err
	})
}

// succeedGrant answers the successor of a grant's current token.
func (s *Service) succeedGrant(ctx context.Context, tx *db.Tx, t *db.OAuthRefreshToken) (string, error) {
	last, err := tx.NewestOAuthRefreshToken(ctx, t.GrantID, t.Generation+1)
	if err != nil {
		return "", err
	}
	token, made, known := s.successors.next(grantPrefix, t.Hash, last.Hash, last.CreatedAt, s.now())
	if known {
		return token, nil
	}
	return token, tx.InsertOAuthRefreshToken(ctx, &db.OAuthRefreshToken{
		Hash: hashSecret(token), GrantID: t.GrantID, Generation: t.Generation + 1, CreatedAt: made})
}

// grantStep finds the grant by which a token is given out, in a transaction, with
// the refresh token and the scopes that go with it. A failure is told to the
// client after what it changed was committed; an error rolls everything back.
type grantStep func(ctx context.Context, tx *db.Tx) (g *db.OAuthGrant, refresh string, scopes []string, failure, err error)

// issue takes a step and gives out a token by the grant that it found. What is
// worth nothing at this moment, for one of the reasons why tokens are refused, is
// not given out either.
func (s *Service) issue(ctx context.Context, step grantStep) (*Issued, error) {
	var failure error
	var row *db.OAuthToken
	out := &Issued{ExpiresIn: int(s.config.AccessTTL.Seconds())}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out.Grant, out.RefreshToken, out.Scopes, failure, err = step(ctx, tx)
		if err != nil || failure != nil {
			return err
		}
		g := out.Grant
		row = &db.OAuthToken{ID: asset.NewID(), ClientID: g.ClientID, GrantID: &g.ID, OrganizationID: g.OrganizationID,
			UserID: &g.UserID, Scopes: out.Scopes, CreatedAt: s.now(), ExpiresAt: s.now().Add(s.config.AccessTTL)}
		if err := tx.InsertOAuthToken(ctx, row); err != nil {
			return err
		}
		live, err := tx.LiveOAuthToken(ctx, row.ID)
		if err == nil && (live == nil || !live.Works()) {
			err = oauthErrorf(InvalidGrant, "the user, or the organization, is not there any more")
		}
		if err != nil {
			return err
		}
		out.User, err = tx.UserByID(ctx, g.UserID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if failure != nil {
		return nil, failure
	}
	out.AccessToken, err = s.signOAuth(ctx, row, out.Grant.UserID)
	return out, err
}

// Agreed finds what the user of a login lets a confidential client do still, if
// that covers the scopes: then they need not be asked again. Nil when they do. A
// public client could be anybody, so it is asked for each time (RFC 8252, section
// 8.6).
func (s *Service) Agreed(ctx context.Context, l *db.OAuthLogin, c *Client, scopes []string) (*db.OAuthGrant, error) {
	if c.Kind != ConfidentialClient {
		return nil, nil
	}
	all, err := s.db.LiveOAuthGrants(ctx, l.UserID, c.ID)
	if err != nil {
		return nil, err
	}
	for i, g := range all {
		covers := !slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(g.Scopes, scope) })
		if covers && slices.Contains(g.Scopes, ScopeOffline) {
			return &all[i], nil
		}
	}
	return nil, nil
}

func joined(scopes []string) string { return strings.Join(scopes, " ") }
