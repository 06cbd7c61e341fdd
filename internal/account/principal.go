package account

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Credentials are what a request brought along; empty fields were not there.
type Credentials struct {
	Bearer         string // the token after "Bearer "
	APIKey         string
	OrganizationID string // of the path, or X-Organization-Id, which Account makes nothing of
	InPath         bool   // OrganizationID is of the path: what is not there is NOT_FOUND
	Account        bool   // the request concerns the caller's own account
	EvenDeleted    bool   // the owner may come although the organization was deleted
}

// Empty reports whether the request is anonymous.
func (c Credentials) Empty() bool { return c.Bearer == "" && c.APIKey == "" }

// Principal is who is asking, for which organization, and what they may do.
type Principal struct {
	UserID         asset.ID
	OrganizationID asset.ID // the organization in force
	Role           string   // of the user, or of the key's creator, there
	Scopes         []string
	KeyID          *asset.ID // set when an API key asks
	SessionID      *asset.ID // set when an access token of a login asks
	ClientID       string    // set when an OAuth2 access token asks: whom it was given to
	Issuer         string    // set when a token of an outside issuer asks
	Operator       bool      // the command line, which asks nobody
	System         bool      // the program itself, by the clock
}

// Delegated reports whether a program asks that was let in by OAuth2: what only a
// user's own login may do is not for it.
func (p Principal) Delegated() bool { return p.ClientID != "" || p.Issuer != "" }

// Has reports whether a scope is granted.
func (p Principal) Has(scope string) bool { return slices.Contains(p.Scopes, scope) }

// Require answers INSUFFICIENT_SCOPE when a scope is not granted.
func (p Principal) Require(scope string) error {
	if p.Has(scope) {
		return nil
	}
	return asset.Errorf(asset.InsufficientScope, nil, "this needs the scope %q", scope)
}

// Authenticate tells who is asking. An access token goes before an API key when
// both are there. The errors are UNAUTHORIZED (nothing presented, or a token that
// is malformed, forged or revoked), TOKEN_EXPIRED, INVALID_API_KEY (unknown,
// expired or revoked), and FORBIDDEN (an organization that is not the caller's).
func (s *Service) Authenticate(ctx context.Context, c Credentials) (Principal, error) {
	switch {
	case c.Bearer != "":
		return s.authenticateToken(ctx, c)
	case c.APIKey != "":
		return s.authenticateKey(ctx, c)
	}
	return Principal{}, asset.Errorf(asset.Unauthorized, nil, "this needs an access token or an API key")
}

func (s *Service) authenticateToken(ctx context.Context, c Credentials) (Principal, error) {
	if s.outside.Takes(c.Bearer) {
		return s.authenticateOutside(ctx, c)
	}
	claims, err := s.keys.verify(ctx, c.Bearer)
	if err != nil {
		return Principal{}, err
	}
	if claims.Client != "" {
		return s.authenticateClient(ctx, claims, c)
	}
	org := claims.Organization
	if c.Account { // which organization was worked in last has no say over the person
		c.OrganizationID = ""
	}
	if c.OrganizationID != "" {
		if org, err = parseOrganization(c.OrganizationID); err != nil {
			return Principal{}, err
		}
	}
	live, there, err := s.db.SessionRole(ctx, claims.Session, claims.User, org)
	if err != nil {
		return Principal{}, err
	}
	if !live {
		return Principal{}, asset.Errorf(asset.Unauthorized, nil, "the session was ended")
	}
	if err := c.admit(there); err != nil {
		return Principal{}, err
	}
	return Principal{
		UserID: claims.User, OrganizationID: org, Role: there.Role,
		Scopes: slices.Clone(roleScopes[there.Role]), SessionID: &claims.Session,
	}, nil
}

func (s *Service) authenticateKey(ctx context.Context, c Credentials) (Principal, error) {
	k, there, err := s.liveKey(ctx, c.APIKey)
	if err != nil {
		return Principal{}, err
	}
	if c.OrganizationID != "" {
		if org, err := parseOrganization(c.OrganizationID); err != nil {
			return Principal{}, err
		} else if org != k.OrganizationID {
			return Principal{}, c.notMember()
		}
	}
	if err := (Credentials{}).admit(there); err != nil {
		return Principal{}, err
	}
	s.touch(ctx, k)
	return Principal{
		UserID: k.UserID, OrganizationID: k.OrganizationID, Role: there.Role,
		Scopes: effectiveScopes(k.Scopes, there.Role), KeyID: &k.ID,
	}, nil
}

// effectiveScopes is what is left of a key's scopes under the role that its
// creator has today.
func effectiveScopes(granted []string, role string) []string {
	left := make([]string, 0, len(granted))
	for _, scope := range granted {
		if scope == ScopePlatform || slices.Contains(roleScopes[role], scope) {
			left = append(left, scope)
		}
	}
	return left
}

func parseOrganization(s string) (asset.ID, error) {
	id, err := uuid.Parse(strings.TrimSpace(s))
	if err != nil {
		return id, asset.Invalid("X-Organization-Id is not a UUID", "X-Organization-Id")
	}
	return id, nil
}

// notMember answers for an organization that the caller has nothing to do with.
func (c Credentials) notMember() error {
	if c.InPath {
		return errNoOrganization()
	}
	return errNotMember()
}

// otherOrganization answers for one that a client's access token was not given for.
func (c Credentials) otherOrganization() error {
	if c.InPath {
		return errNoOrganization()
	}
	return asset.Errorf(asset.Forbidden, nil, "the access token was given for another organization")
}

func errNoOrganization() error {
	return asset.Errorf(asset.NotFound, nil, "there is no such organization")
}

// admit tells whether the request may work in an organization as it is now.
func (c Credentials) admit(there db.Standing) error {
	switch {
	case there.Role == "":
		return c.notMember()
	case there.Deleted && c.EvenDeleted && there.Role == RoleOwner:
	case there.Deleted && c.InPath:
		return errNoOrganization()
	case there.Deleted:
		return asset.Errorf(asset.Forbidden, nil, "the organization was deleted")
	case there.Suspended && c.Account && c.OrganizationID == "": // who asks about themselves
	case there.Suspended:
		return errOrganizationSuspended()
	}
	return nil
}

func errOrganizationSuspended() error {
	return asset.Errorf(asset.Forbidden, nil, "the organization was suspended by the operator")
}

func errNotMember() error {
	return asset.Errorf(asset.Forbidden, nil, "you are not a member of this organization")
}
