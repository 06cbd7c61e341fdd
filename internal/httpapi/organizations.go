package httpapi

import (
	"context"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/httpapi/gen"
)

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
	return gen.GetOrganization200JSONResponse{
		ID: o.ID, Name: o.Name, Slug: o.Slug, OwnerID: o.OwnerID, Plan: gen.Plan(o.Plan), Personal: &o.Personal,
		MembersCount: o.MembersCount, AssetsCount: o.AssetsCount, CreatedAt: o.CreatedAt.UTC(),
	}, nil
}

func organizationBody(o account.Organization) gen.Organization {
	return gen.Organization{ID: o.ID, Name: o.Name, Slug: o.Slug, OwnerID: o.OwnerID,
		Plan: gen.Plan(o.Plan), Personal: &o.Personal, CreatedAt: o.CreatedAt.UTC()}
}
