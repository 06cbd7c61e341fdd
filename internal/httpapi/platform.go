package httpapi

import (
	"context"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi/gen"
)

// Governing is what *account.Service does for the operator.
type Governing interface {
	Users(ctx context.Context, p account.Principal, what string, page db.Page) ([]account.PlatformUser, int, error)
	PlatformUser(ctx context.Context, p account.Principal, id asset.ID) (*account.PlatformUser, error)
	SuspendUser(ctx context.Context, p account.Principal, id asset.ID, suspended bool, reason string) (*account.PlatformUser, error)
	ResetTOTP(ctx context.Context, p account.Principal, id asset.ID, reason string) (*account.PlatformUser, error)

	AllOrganizations(ctx context.Context, p account.Principal, what string, page db.Page) ([]account.Organization, int, error)
	AnyOrganization(ctx context.Context, p account.Principal, id asset.ID) (*account.Organization, error)
	GovernOrganization(ctx context.Context, p account.Principal, id asset.ID, patch account.PlatformPatch) (*account.Organization, error)

	AllAPIKeys(ctx context.Context, p account.Principal, page db.Page) ([]account.APIKey, int, error)
	RevokeAnyKey(ctx context.Context, p account.Principal, id asset.ID) error
	PlatformAudit(ctx context.Context, p account.Principal, f db.AuditFilter) ([]account.AuditEvent, int, error)
}

// ListPlatformUsers lists all users.
func (s *server) ListPlatformUsers(ctx context.Context, r gen.ListPlatformUsersRequestObject) (gen.ListPlatformUsersResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.Users(ctx, callerOf(ctx).Principal, orElse(r.Params.Q, ""), p)
	if err != nil {
		return nil, err
	}
	return gen.ListPlatformUsers200JSONResponse{Items: each(found, platformUserBody), Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}, nil
}

// GetPlatformUser shows one.
func (s *server) GetPlatformUser(ctx context.Context, r gen.GetPlatformUserRequestObject) (gen.GetPlatformUserResponseObject, error) {
	u, err := s.Accounts.PlatformUser(ctx, callerOf(ctx).Principal, r.UserID)
	if err != nil {
		return nil, err
	}
	return gen.GetPlatformUser200JSONResponse(platformUserBody(*u)), nil
}

// UpdatePlatformUser suspends a user, restores them, or ends their second factor.
func (s *server) UpdatePlatformUser(ctx context.Context, r gen.UpdatePlatformUserRequestObject) (gen.UpdatePlatformUserResponseObject, error) {
	p, reason := callerOf(ctx).Principal, orElse(r.Body.Reason, "")
	u, err := s.Accounts.PlatformUser(ctx, p, r.UserID)
	if err == nil && r.Body.TotpEnabled != nil {
		u, err = s.Accounts.ResetTOTP(ctx, p, r.UserID, reason)
	}
	if err == nil && r.Body.Suspended != nil {
		u, err = s.Accounts.SuspendUser(ctx, p, r.UserID, *r.Body.Suspended, reason)
	}
	if err != nil {
		return nil, err
	}
	return gen.UpdatePlatformUser200JSONResponse(platformUserBody(*u)), nil
}

func platformUserBody(u account.PlatformUser) gen.PlatformUser {
	return gen.PlatformUser{ID: u.ID, Email: u.Email, FullName: u.FullName, Tier: gen.Plan(u.Tier), CreatedAt: u.CreatedAt.UTC(),
		EmailVerified: u.EmailVerifiedAt != nil, TotpEnabled: u.TOTPConfirmedAt != nil, SuspendedAt: inUTC(u.SuspendedAt), EraseAt: inUTC(u.EraseAt)}
}

// ListPlatformOrganizations lists all organizations.
func (s *server) ListPlatformOrganizations(ctx context.Context, r gen.ListPlatformOrganizationsRequestObject) (gen.ListPlatformOrganizationsResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.AllOrganizations(ctx, callerOf(ctx).Principal, orElse(r.Params.Q, ""), p)
	if err != nil {
		return nil, err
	}
	return gen.ListPlatformOrganizations200JSONResponse{Items: each(found, platformOrganizationBody), Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}, nil
}

// GetPlatformOrganization shows one.
func (s *server) GetPlatformOrganization(ctx context.Context, r gen.GetPlatformOrganizationRequestObject) (gen.GetPlatformOrganizationResponseObject, error) {
	o, err := s.Accounts.AnyOrganization(ctx, callerOf(ctx).Principal, r.OrgID)
	if err != nil {
		return nil, err
	}
	return gen.GetPlatformOrganization200JSONResponse(platformOrganizationBody(*o)), nil
}

// UpdatePlatformOrganization grants a plan, suspends or restores.
func (s *server) UpdatePlatformOrganization(ctx context.Context, r gen.UpdatePlatformOrganizationRequestObject) (gen.UpdatePlatformOrganizationResponseObject, error) {
	o, err := s.Accounts.GovernOrganization(ctx, callerOf(ctx).Principal, r.OrgID, account.PlatformPatch{
		Plan: (*string)(r.Body.Plan), Suspended: r.Body.Suspended, Reason: orElse(r.Body.Reason, "")})
	if err != nil {
		return nil, err
	}
	return gen.UpdatePlatformOrganization200JSONResponse(platformOrganizationBody(*o)), nil
}

func platformOrganizationBody(o account.Organization) gen.PlatformOrganization {
	return gen.PlatformOrganization{ID: o.ID, Name: o.Name, Slug: o.Slug, OwnerID: o.OwnerID, Plan: gen.Plan(o.Plan), Personal: o.Personal,
		MembersCount: o.MembersCount, AssetsCount: o.AssetsCount, CreatedAt: o.CreatedAt.UTC(),
		SuspendedAt: inUTC(o.SuspendedAt), DeletedAt: inUTC(o.DeletedAt), EraseAt: inUTC(o.EraseAt)}
}

// ListPlatformKeys lists the keys of all organizations, masked.
func (s *server) ListPlatformKeys(ctx context.Context, r gen.ListPlatformKeysRequestObject) (gen.ListPlatformKeysResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.AllAPIKeys(ctx, callerOf(ctx).Principal, p)
	if err != nil {
		return nil, err
	}
	return gen.ListPlatformKeys200JSONResponse{
		Items: each(found, func(k account.APIKey) gen.APIKey { return gen.APIKey(keyBody(k)) }),
		Total: total, Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size),
	}, nil
}

// RevokePlatformKey ends a key of whatever organization.
func (s *server) RevokePlatformKey(ctx context.Context, r gen.RevokePlatformKeyRequestObject) (gen.RevokePlatformKeyResponseObject, error) {
	if err := s.Accounts.RevokeAnyKey(ctx, callerOf(ctx).Principal, r.KeyID); err != nil {
		return nil, err
	}
	return gen.RevokePlatformKey204Response{}, nil
}

// ListPlatformAudit lists what happened anywhere.
func (s *server) ListPlatformAudit(ctx context.Context, r gen.ListPlatformAuditRequestObject) (gen.ListPlatformAuditResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.PlatformAudit(ctx, callerOf(ctx).Principal, auditFilter(p, r.Params.Action, r.Params.StartDate, r.Params.EndDate))
	if err != nil {
		return nil, err
	}
	return gen.ListPlatformAudit200JSONResponse(auditPage(found, total, p)), nil
}
