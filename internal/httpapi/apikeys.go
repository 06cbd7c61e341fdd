package httpapi

import (
	"context"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/httpapi/gen"
)

// CreateAPIKey makes a key and shows it this once.
func (s *server) CreateAPIKey(ctx context.Context, r gen.CreateAPIKeyRequestObject) (gen.CreateAPIKeyResponseObject, error) {
	n := account.NewAPIKey{
		Name:   r.Body.Name,
		Scopes: each(r.Body.Scopes, func(scope gen.Scope) string { return string(scope) }),
	}
	if r.Body.ExpiresInDays != nil { // 90.0 is an integer in JSON
		days := int(*r.Body.ExpiresInDays)
		n.ExpiresInDays = &days
	}
	k, secret, err := s.Accounts.CreateAPIKey(ctx, callerOf(ctx).Principal, n)
	if err != nil {
		return nil, err
	}
	body := gen.CreateAPIKey201JSONResponse(keyBody(*k))
	body.Key = secret
	return body, nil
}

// RotateAPIKey makes a key's successor and shows it this once.
func (s *server) RotateAPIKey(ctx context.Context, r gen.RotateAPIKeyRequestObject) (gen.RotateAPIKeyResponseObject, error) {
	overlap := account.DefaultKeyOverlap
	if r.Body != nil && r.Body.OverlapHours != nil {
		overlap = time.Duration(*r.Body.OverlapHours) * time.Hour
	}
	k, secret, err := s.Accounts.RotateAPIKey(ctx, callerOf(ctx).Principal, r.KeyID, overlap)
	if err != nil {
		return nil, err
	}
	body := gen.RotateAPIKey201JSONResponse(keyBody(*k))
	body.Key = secret
	return body, nil
}

// ListAPIKeys lists keys, masked.
func (s *server) ListAPIKeys(ctx context.Context, r gen.ListAPIKeysRequestObject) (gen.ListAPIKeysResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.APIKeys(ctx, callerOf(ctx).Principal, p)
	if err != nil {
		return nil, err
	}
	return gen.ListAPIKeys200JSONResponse{
		Items: each(found, func(k account.APIKey) gen.APIKey { return gen.APIKey(keyBody(k)) }),
		Total: total, Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size),
	}, nil
}

// ValidateAPIKey says what the presented key may do.
func (s *server) ValidateAPIKey(ctx context.Context, _ gen.ValidateAPIKeyRequestObject) (gen.ValidateAPIKeyResponseObject, error) {
	k, err := s.Accounts.ValidateAPIKey(ctx, requestOf(ctx).Header.Get("X-API-Key"))
	if err != nil {
		return nil, err
	}
	limit, err := s.rateLimitOf(ctx, k.ID)
	if err != nil {
		return nil, err
	}
	return gen.ValidateAPIKey200JSONResponse{
		Valid: true, Scopes: scopesBody(k.Scopes), KeyID: k.ID, Name: k.Name, IsActive: k.Active(now()),
		ExpiresAt: inUTC(k.ExpiresAt), OrganizationID: k.OrganizationID,
		RateLimit: limit,
	}, nil
}

// RevokeAPIKey ends a key.
func (s *server) RevokeAPIKey(ctx context.Context, r gen.RevokeAPIKeyRequestObject) (gen.RevokeAPIKeyResponseObject, error) {
	if err := s.Accounts.RevokeAPIKey(ctx, callerOf(ctx).Principal, r.KeyID); err != nil {
		return nil, err
	}
	return gen.RevokeAPIKey204Response{}, nil
}

// keyBody is a key in the words of the contract, masked.
func keyBody(k account.APIKey) gen.NewAPIKey {
	return gen.NewAPIKey{
		ID: k.ID, Key: k.Masked, Name: k.Name, Scopes: scopesBody(k.Scopes), OrganizationID: k.OrganizationID,
		ExpiresAt: inUTC(k.ExpiresAt), CreatedAt: k.CreatedAt.UTC(), LastUsedAt: inUTC(k.LastUsedAt),
		IsActive: k.Active(time.Now()), RotatedFrom: k.RotatedFrom, ReplacedBy: k.ReplacedBy,
	}
}

func scopesBody(scopes []string) []string {
	if scopes == nil {
		return []string{}
	}
	return scopes
}
