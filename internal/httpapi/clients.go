package httpapi

import (
	"context"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi/gen"
)

// Clients is the part of *account.Service that is about OAuth2 clients.
type Clients interface {
	CreateClient(ctx context.Context, p account.Principal, n account.NewClient) (*account.Client, string, error)
	Clients(ctx context.Context, p account.Principal, page db.Page) ([]account.Client, int, error)
	Client(ctx context.Context, p account.Principal, id asset.ID) (*account.Client, error)
	UpdateClient(ctx context.Context, p account.Principal, id asset.ID, patch account.ClientPatch) (*account.Client, error)
	RotateClientSecret(ctx context.Context, p account.Principal, id asset.ID, overlap time.Duration) (*account.Client, string, error)
	DeleteClient(ctx context.Context, p account.Principal, id asset.ID) error
}

// defaultClientOverlap is how long a rotated secret works on unless the caller
// says otherwise.
const defaultClientOverlap = 24 * time.Hour

// CreateClient registers a client and shows its secret this once.
func (s *server) CreateClient(ctx context.Context, r gen.CreateClientRequestObject) (gen.CreateClientResponseObject, error) {
	c, secret, err := s.Accounts.CreateClient(ctx, callerOf(ctx).Principal, account.NewClient{
		Name: r.Body.Name, Kind: string(orElse(r.Body.Kind, "")), RedirectURIs: r.Body.RedirectUris, Scopes: scopeTexts(r.Body.Scopes)})
	if err != nil {
		return nil, err
	}
	return gen.CreateClient201JSONResponse(newClientBody(c, secret)), nil
}

// ListClients lists the organization's clients.
func (s *server) ListClients(ctx context.Context, r gen.ListClientsRequestObject) (gen.ListClientsResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.Clients(ctx, callerOf(ctx).Principal, p)
	if err != nil {
		return nil, err
	}
	return gen.ListClients200JSONResponse{Items: each(found, clientBody), Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}, nil
}

// GetClient shows one.
func (s *server) GetClient(ctx context.Context, r gen.GetClientRequestObject) (gen.GetClientResponseObject, error) {
	c, err := s.Accounts.Client(ctx, callerOf(ctx).Principal, r.ClientID)
	if err != nil {
		return nil, err
	}
	return gen.GetClient200JSONResponse(clientBody(*c)), nil
}

// UpdateClient changes what the body names.
func (s *server) UpdateClient(ctx context.Context, r gen.UpdateClientRequestObject) (gen.UpdateClientResponseObject, error) {
	patch := account.ClientPatch{Name: r.Body.Name}
	if r.Body.RedirectUris != nil {
		patch.RedirectURIs = &r.Body.RedirectUris
	}
	if scopes := scopeTexts(r.Body.Scopes); r.Body.Scopes != nil {
		patch.Scopes = &scopes
	}
	c, err := s.Accounts.UpdateClient(ctx, callerOf(ctx).Principal, r.ClientID, patch)
	if err != nil {
		return nil, err
	}
	return gen.UpdateClient200JSONResponse(clientBody(*c)), nil
}

// RotateClientSecret gives a client another secret and shows it this once.
func (s *server) RotateClientSecret(ctx context.Context, r gen.RotateClientSecretRequestObject) (gen.RotateClientSecretResponseObject, error) {
	overlap := defaultClientOverlap
	if r.Body != nil && r.Body.OverlapHours != nil {
		overlap = time.Duration(*r.Body.OverlapHours * float64(time.Hour))
	}
	c, secret, err := s.Accounts.RotateClientSecret(ctx, callerOf(ctx).Principal, r.ClientID, overlap)
	if err != nil {
		return nil, err
	}
	return gen.RotateClientSecret200JSONResponse(newClientBody(c, secret)), nil
}

// DeleteClient ends a client.
func (s *server) DeleteClient(ctx context.Context, r gen.DeleteClientRequestObject) (gen.DeleteClientResponseObject, error) {
	if err := s.Accounts.DeleteClient(ctx, callerOf(ctx).Principal, r.ClientID); err != nil {
		return nil, err
	}
	return gen.DeleteClient204Response{}, nil
}

func scopeTexts(scopes []gen.Scope) []string {
	return each(scopes, func(scope gen.Scope) string { return string(scope) })
}

// clientBody is a client in the words of the contract.
func clientBody(c account.Client) gen.Client {
	return gen.Client{ClientID: c.ID, OrganizationID: c.OrganizationID, Name: c.Name, Kind: c.Kind,
		RedirectUris: scopesBody(c.RedirectURIs), Scopes: scopesBody(c.Scopes), CreatedAt: c.CreatedAt.UTC()}
}

func newClientBody(c *account.Client, secret string) gen.NewClient {
	b := clientBody(*c)
	n := gen.NewClient{ClientID: b.ClientID, OrganizationID: b.OrganizationID, Name: b.Name, Kind: b.Kind,
		RedirectUris: b.RedirectUris, Scopes: b.Scopes, CreatedAt: b.CreatedAt}
	if secret != "" {
		n.ClientSecret = &secret
	}
	return n
}
