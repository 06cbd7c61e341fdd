package httpapi

import (
	"context"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/quota"
)

// TransferOrganization makes another member the owner. The password that confirms
// it is guarded like a login's.
func (s *server) TransferOrganization(ctx context.Context, r gen.TransferOrganizationRequestObject) (gen.TransferOrganizationResponseObject, error) {
	var o *account.Organization
	err := s.guarded(ctx, quota.Login, func(p account.Principal) (err error) {
		o, err = s.Accounts.Transfer(ctx, p, r.OrgID, r.Body.UserID, r.Body.Password)
		return err
	})
	if err != nil {
		return nil, err
	}
	return gen.TransferOrganization200JSONResponse(detailsBody(*o)), nil
}

// ListMembers lists who is in an organization.
func (s *server) ListMembers(ctx context.Context, r gen.ListMembersRequestObject) (gen.ListMembersResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.Members(ctx, callerOf(ctx).Principal, p)
	if err != nil {
		return nil, err
	}
	return gen.ListMembers200JSONResponse{Items: each(found, memberBody), Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}, nil
}

// UpdateMember gives a member another role. A password is guarded like a login's.
func (s *server) UpdateMember(ctx context.Context, r gen.UpdateMemberRequestObject) (gen.UpdateMemberResponseObject, error) {
	var m *account.Member
	change := func(p account.Principal) (err error) {
		m, err = s.Accounts.SetRole(ctx, p, r.OrgID, r.UserID, string(r.Body.Role), orElse(r.Body.Password, ""))
		return err
	}
	var err error
	if r.Body.Password == nil || *r.Body.Password == "" {
		err = change(callerOf(ctx).Principal)
	} else {
		err = s.guarded(ctx, quota.Login, change)
	}
	if err != nil {
		return nil, err
	}
	return gen.UpdateMember200JSONResponse(memberBody(*m)), nil
}

// RemoveMember ends a membership.
func (s *server) RemoveMember(ctx context.Context, r gen.RemoveMemberRequestObject) (gen.RemoveMemberResponseObject, error) {
	if err := s.Accounts.RemoveMember(ctx, callerOf(ctx).Principal, r.OrgID, r.UserID); err != nil {
		return nil, err
	}
	return gen.RemoveMember204Response{}, nil
}

func memberBody(m account.Member) gen.Member {
	return gen.Member{UserID: m.UserID, Email: m.Email, FullName: m.FullName, Role: gen.Role(m.Role), JoinedAt: m.JoinedAt.UTC()}
}
