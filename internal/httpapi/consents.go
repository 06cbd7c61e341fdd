package httpapi

import (
	"context"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/httpapi/gen"
)

// ListGrants lists what the caller lets OAuth2 clients do.
func (s *server) ListGrants(ctx context.Context, r gen.ListGrantsRequestObject) (gen.ListGrantsResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.Consents(ctx, callerOf(ctx).Principal, p)
	if err != nil {
		return nil, err
	}
	return gen.ListGrants200JSONResponse{Items: each(found, grantBody), Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}, nil
}

func grantBody(c account.Consent) gen.Grant {
	return gen.Grant{ID: c.ID, ClientID: c.ClientID, ClientName: c.ClientName, OrganizationID: c.OrganizationID,
		OrganizationName: c.Organization, Scopes: scopesBody(c.Scopes), CreatedAt: c.CreatedAt.UTC(),
		LastUsedAt: inUTC(c.LastUsedAt), ExpiresAt: earlier(c.ExpiresAt, c.EndsAt).UTC()}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// WithdrawGrant ends one of them.
func (s *server) WithdrawGrant(ctx context.Context, r gen.WithdrawGrantRequestObject) (gen.WithdrawGrantResponseObject, error) {
	if err := s.Accounts.WithdrawConsent(ctx, callerOf(ctx).Principal, r.GrantID); err != nil {
		return nil, err
	}
	return gen.WithdrawGrant204Response{}, nil
}
