package httpapi

import (
	"context"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/quota"
)

// Organizing is what *account.Service does with organizations and their members.
type Organizing interface {
	CreateOrganization(ctx context.Context, p account.Principal, n account.NewOrganization) (*account.Organization, error)
	Organizations(ctx context.Context, p account.Principal, page db.Page) ([]account.Organization, int, error)
	Organization(ctx context.Context, p account.Principal, id asset.ID) (*account.Organization, error)
	UpdateOrganization(ctx context.Context, p account.Principal, id asset.ID, patch account.OrganizationPatch) (*account.Organization, error)
	DeleteOrganization(ctx context.Context, p account.Principal, id asset.ID, password string) (*account.Organization, error)
	RestoreOrganization(ctx context.Context, p account.Principal, id asset.ID) (*account.Organization, error)
	Transfer(ctx context.Context, p account.Principal, org, heir asset.ID, password string) (*account.Organization, error)

	Members(ctx context.Context, p account.Principal, page db.Page) ([]account.Member, int, error)
	SetRole(ctx context.Context, p account.Principal, org, user asset.ID, role, password string) (*account.Member, error)
	RemoveMember(ctx context.Context, p account.Principal, org, user asset.ID) error

	Invite(ctx context.Context, p account.Principal, org asset.ID, email, role string) (*account.Invitation, error)
	Invitations(ctx context.Context, p account.Principal, page db.Page) ([]account.Invitation, int, error)
	RevokeInvitation(ctx context.Context, p account.Principal, org, id asset.ID) error
	AcceptInvitation(ctx context.Context, p account.Principal, token string) (*account.Organization, error)

	AuditLog(ctx context.Context, p account.Principal, f db.AuditFilter) ([]account.AuditEvent, int, error)
}

// CreateOrganization makes an organization that the caller owns.
func (s *server) CreateOrganization(ctx context.Context, r gen.CreateOrganizationRequestObject) (gen.CreateOrganizationResponseObject, error) {
	o, err := s.Accounts.CreateOrganization(ctx, callerOf(ctx).Principal, account.NewOrganization{
		Name: r.Body.Name, Slug: orElse(r.Body.Slug, ""), Plan: string(orElse(r.Body.Plan, ""))})
	if err != nil {
		return nil, err
	}
	return gen.CreateOrganization201JSONResponse(organizationBody(*o)), nil
}

// ListOrganizations lists those of which the caller is a member.
func (s *server) ListOrganizations(ctx context.Context, r gen.ListOrganizationsRequestObject) (gen.ListOrganizationsResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.Organizations(ctx, callerOf(ctx).Principal, p)
	if err != nil {
		return nil, err
	}
	return gen.ListOrganizations200JSONResponse{Items: each(found, organizationBody), Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}, nil
}

// GetOrganization shows one, with its counts.
func (s *server) GetOrganization(ctx context.Context, r gen.GetOrganizationRequestObject) (gen.GetOrganizationResponseObject, error) {
	o, err := s.Accounts.Organization(ctx, callerOf(ctx).Principal, r.OrgID)
	if err != nil {
		return nil, err
	}
	return gen.GetOrganization200JSONResponse(detailsBody(*o)), nil
}

// UpdateOrganization renames one, or gives it another plan.
func (s *server) UpdateOrganization(ctx context.Context, r gen.UpdateOrganizationRequestObject) (gen.UpdateOrganizationResponseObject, error) {
	o, err := s.Accounts.UpdateOrganization(ctx, callerOf(ctx).Principal, r.OrgID, account.OrganizationPatch{
		Name: r.Body.Name, Slug: r.Body.Slug, Plan: (*string)(r.Body.Plan)})
	if err != nil {
		return nil, err
	}
	return gen.UpdateOrganization200JSONResponse(detailsBody(*o)), nil
}

// DeleteOrganization shuts everybody out of one, to be erased later. The password that
// confirms it is guarded like a login's.
func (s *server) DeleteOrganization(ctx context.Context, r gen.DeleteOrganizationRequestObject) (gen.DeleteOrganizationResponseObject, error) {
	var o *account.Organization
	err := s.guarded(ctx, quota.Login, func(p account.Principal) (err error) {
		o, err = s.Accounts.DeleteOrganization(ctx, p, r.OrgID, r.Body.Password)
		return err
	})
	if err != nil {
		return nil, err
	}
	return gen.DeleteOrganization202JSONResponse(detailsBody(*o)), nil
}

// RestoreOrganization takes back a deletion.
func (s *server) RestoreOrganization(ctx context.Context, r gen.RestoreOrganizationRequestObject) (gen.RestoreOrganizationResponseObject, error) {
	o, err := s.Accounts.RestoreOrganization(ctx, callerOf(ctx).Principal, r.OrgID)
	if err != nil {
		return nil, err
	}
	return gen.RestoreOrganization200JSONResponse(detailsBody(*o)), nil
}

func organizationBody(o account.Organization) gen.Organization {
	return gen.Organization{ID: o.ID, Name: o.Name, Slug: o.Slug, OwnerID: o.OwnerID,
		Plan: gen.Plan(o.Plan), Personal: &o.Personal, CreatedAt: o.CreatedAt.UTC()}
}

func detailsBody(o account.Organization) gen.OrganizationDetails {
	return gen.OrganizationDetails{
		ID: o.ID, Name: o.Name, Slug: o.Slug, OwnerID: o.OwnerID, Plan: gen.Plan(o.Plan), Personal: &o.Personal,
		MembersCount: o.MembersCount, AssetsCount: o.AssetsCount, EraseAt: inUTC(o.EraseAt), CreatedAt: o.CreatedAt.UTC(),
	}
}
