package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// The kinds of OAuth2 clients (RFC 6749, section 2.1): a confidential one can
// keep a secret, a public one cannot.
const (
	ConfidentialClient = "confidential"
	PublicClient       = "public"
)

// Client is an OAuth2 client without its secret.
type Client = db.OAuthClient

// NewClient is what the maker of a client says. An empty Kind is confidential,
// empty Scopes are read and verify.
type NewClient struct {
	Name, Kind   string
	RedirectURIs []string
	Scopes       []string
}

// ClientPatch changes what is not nil.
type ClientPatch struct {
	Name         *string
	RedirectURIs *[]string
	Scopes       *[]string
}

// newClientSecret is "cert_cs_" and 256 random bits in base64url.
func newClientSecret() string { return "cert_cs_" + randomText() }

// randomText is 256 random bits in base64url: 43 characters.
func randomText() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // crypto/rand ends the program rather than fail
	return base64.RawURLEncoding.EncodeToString(b)
}

// CreateClient registers a client of the organization in force. It answers the
// secret of a confidential one, the only time; "" for a public one. A client
// cannot have a scope that its maker has not.
func (s *Service) CreateClient(ctx context.Context, p Principal, n NewClient) (*Client, string, error) {
	if err := p.Require(ScopeAdmin); err != nil {
		return nil, "", err
	}
	if n.Kind == "" {
		n.Kind = ConfidentialClient
	}
	if n.Kind != ConfidentialClient && n.Kind != PublicClient {
		return nil, "", asset.Invalid("kind is confidential or public", "kind")
	}
	if len(n.Scopes) == 0 {
		n.Scopes = []string{ScopeRead, ScopeVerify}
	}
	c := &Client{ID: asset.NewID(), OrganizationID: p.OrganizationID, Kind: n.Kind, CreatedAt: s.now()}
	if err := changeClient(p, c, ClientPatch{&n.Name, &n.RedirectURIs, &n.Scopes}); err != nil {
		return nil, "", err
	}
	secret := ""
	if c.Kind == ConfidentialClient {
		secret = newClientSecret()
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if c.CreatedBy, err = s.clientMaker(ctx, tx, p); err != nil {
			return err
		}
		n, err := tx.CountOAuthClients(ctx, c.OrganizationID)
		if err == nil && n >= s.config.ClientsPerOrganization {
			err = asset.Errorf(asset.QuotaExceeded, nil, "an organization has at most %d clients; delete one", s.config.ClientsPerOrganization)
		}
		if err != nil {
			return err
		}
		if err := tx.InsertOAuthClient(ctx, c); err != nil {
			return err
		}
		if secret != "" {
			c.SecretBy = c.CreatedBy
			if err := tx.RotateOAuthSecret(ctx, c.ID, hashSecret(secret), c.SecretBy, s.now()); err != nil {
				return err
			}
		}
		return record(ctx, tx, p, clientEvent(ActionClientCreated, c))
	})
	if err != nil {
		return nil, "", err
	}
	return c, secret, nil
}

// clientEvent tells of a client. Redirect URIs are counted: they can be long, and
// events stay for good.
func clientEvent(action string, c *Client) Event {
	return Event{Action: action, Organization: &c.OrganizationID, Target: c.ID.String(),
		Details: map[string]any{"name": c.Name, "kind": c.Kind, "redirect_uris": len(c.RedirectURIs), "scopes": c.Scopes}}
}

// changeClient writes into a client what p may write there.
func changeClient(p Principal, c *Client, patch ClientPatch) error {
	if patch.Name != nil {
		if c.Name = strings.TrimSpace(*patch.Name); c.Name == "" || utf8.RuneCountInString(c.Name) > 100 {
			return asset.Invalid("the name has 1 to 100 characters", "name")
		}
		if strings.ContainsFunc(c.Name, func(r rune) bool { return !unicode.IsPrint(r) }) { // users are shown it and decide by it
			return asset.Invalid("the name has printable characters only", "name")
		}
	}
	if patch.RedirectURIs != nil {
		c.RedirectURIs = db.Strings{}
		for _, uri := range *patch.RedirectURIs {
			if err := checkRedirectURI(c.Kind, uri); err != nil {
				return err
			}
			if !slices.Contains(c.RedirectURIs, uri) {
				c.RedirectURIs = append(c.RedirectURIs, uri)
			}
		}
		if c.Kind == PublicClient && len(c.RedirectURIs) == 0 {
			return asset.Invalid("a public client needs a redirect URI: it can do nothing without a user", "redirect_uris")
		}
	}
	if patch.Scopes == nil {
		return nil
	}
	c.Scopes = nil
	for _, scope := range *patch.Scopes {
		if !slices.Contains(roleScopes[RoleOwner], scope) {
			return asset.Invalid("scopes are read, write, verify, commit, webhooks, sealing, admin", "scopes")
		}
		if err := p.Require(scope); err != nil {
			return asset.Errorf(asset.InsufficientScope, nil, "you cannot give the scope %q, which you do not have", scope)
		}
		if !slices.Contains(c.Scopes, scope) {
			c.Scopes = append(c.Scopes, scope)
		}
	}
	if len(c.Scopes) == 0 {
		return asset.Invalid("a client needs at least one scope", "scopes")
	}
	return nil
}

// Clients lists a page of the organization's clients, newest first.
func (s *Service) Clients(ctx context.Context, p Principal, page db.Page) ([]Client, int, error) {
	if err := p.Require(ScopeAdmin); err != nil {
		return nil, 0, err
	}
	return s.db.OAuthClients(ctx, p.OrganizationID, page)
}

// Client answers one of the organization's clients, or NOT_FOUND.
func (s *Service) Client(ctx context.Context, p Principal, id asset.ID) (*Client, error) {
	if err := p.Require(ScopeAdmin); err != nil {
		return nil, err
	}
	return s.db.OAuthClientByID(ctx, p.OrganizationID, id)
}

// UpdateClient changes a client; what changes nothing leaves no trace. What it may no
// longer do, its tokens can do no longer either, at once. Whoever says where users are
// sent back to, or what the client may do, could act by it: they need all its scopes.
// A public client, which has no secret to rotate, is theirs to answer for from then on.
func (s *Service) UpdateClient(ctx context.Context, p Principal, id asset.ID, patch ClientPatch) (c *Client, err error) {
	if err := p.Require(ScopeAdmin); err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		by, err := s.clientMaker(ctx, tx, p)
		if err != nil {
			return err
		}
		if c, err = tx.OAuthClientByID(ctx, p.OrganizationID, id); err != nil {
			return err
		}
		before := *c
		if patch.RedirectURIs != nil || patch.Scopes != nil {
			if err := holdsAll(p, c); err != nil {
				return err
			}
			if c.Kind == PublicClient {
				c.CreatedBy = by
			}
		}
		if err := changeClient(p, c, patch); err != nil {
			return err
		}
		e := clientEvent(ActionClientUpdated, c)
		changed := changedFields(&before, c)
		if len(changed) == 0 {
			return nil
		}
		if err := tx.UpdateOAuthClient(ctx, c); err != nil {
			return err
		}
		e.Details["changed"] = changed
		return record(ctx, tx, p, e)
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// DeleteClient ends a client with everything that it was given, at once.
func (s *Service) DeleteClient(ctx context.Context, p Principal, id asset.ID) error {
	if err := p.Require(ScopeAdmin); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := s.clientMaker(ctx, tx, p); err != nil {
			return err
		}
		c, err := tx.OAuthClientByID(ctx, p.OrganizationID, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteOAuthClient(ctx, id); err != nil {
			return err
		}
		return record(ctx, tx, p, clientEvent(ActionClientRevoked, c))
	})
}

// MaxClientOverlap is how long a rotated secret may work on.
const MaxClientOverlap = 720 * time.Hour

// RotateClientSecret gives a confidential client another secret, shown this once.
// The one before works on for the overlap, while whoever saw it is still there. The
// caller, who could act by the client now, needs all its scopes, and answers for it
// from now on: so a client is kept whose maker left.
func (s *Service) RotateClientSecret(ctx context.Context, p Principal, id asset.ID, overlap time.Duration) (c *Client, secret string, err error) {
	if err := p.Require(ScopeAdmin); err != nil {
		return nil, "", err
	}
	if overlap < 0 || overlap > MaxClientOverlap {
		return nil, "", asset.Invalid("overlap_hours is 0 to 720", "overlap_hours")
	}
	secret = newClientSecret()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		by, err := s.clientMaker(ctx, tx, p)
		if err != nil {
			return err
		}
		if c, err = tx.OAuthClientByID(ctx, p.OrganizationID, id); err != nil {
			return err
		}
		if err := holdsAll(p, c); err != nil {
			return err
		}
		if c.Kind != ConfidentialClient {
			return asset.Errorf(asset.Conflict, nil, "a public client has no secret")
		}
		if err := tx.RotateOAuthSecret(ctx, id, hashSecret(secret), by, s.now().Add(overlap)); err != nil {
			return err
		}
		c.CreatedBy, c.SecretBy = by, by
		e := clientEvent(ActionClientSecret, c)
		e.Details = map[string]any{"overlap_hours": overlap.Hours()}
		return record(ctx, tx, p, e)
	})
	if err != nil {
		return nil, "", err
	}
	return c, secret, nil
}

// OperatorIn is the command line, acting for an organization.
func OperatorIn(o *db.Organization) Principal {
	return Principal{OrganizationID: o.ID, Role: RoleOwner, Scopes: slices.Clone(roleScopes[RoleOwner]), Operator: true}
}
