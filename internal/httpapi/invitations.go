package httpapi

import (
	"context"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/quota"
)

// Invite asks an address to join. Every try counts, since each may send a message:
// of the organization's, and of those to this address.
func (s *server) Invite(ctx context.Context, r gen.InviteRequestObject) (gen.InviteResponseObject, error) {
	if _, err := s.attempt(ctx, quota.Invitation, r.OrgID.String()); err != nil {
		return nil, err
	}
	if _, err := s.attempt(ctx, quota.EmailVerification, account.Mailbox(string(r.Body.Email))); err != nil {
		return nil, err
	}
	i, err := s.Accounts.Invite(ctx, callerOf(ctx).Principal, r.OrgID, string(r.Body.Email), string(orElse(r.Body.Role, "")))
	if err != nil {
		return nil, err
	}
	return gen.Invite201JSONResponse(invitationBody(*i)), nil
}

// ListInvitations lists those that wait.
func (s *server) ListInvitations(ctx context.Context, r gen.ListInvitationsRequestObject) (gen.ListInvitationsResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.Invitations(ctx, callerOf(ctx).Principal, p)
	if err != nil {
		return nil, err
	}
	return gen.ListInvitations200JSONResponse{Items: each(found, invitationBody), Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}, nil
}

// RevokeInvitation takes one back.
func (s *server) RevokeInvitation(ctx context.Context, r gen.RevokeInvitationRequestObject) (gen.RevokeInvitationResponseObject, error) {
	if err := s.Accounts.RevokeInvitation(ctx, callerOf(ctx).Principal, r.OrgID, r.InvitationID); err != nil {
		return nil, err
	}
	return gen.RevokeInvitation204Response{}, nil
}

// AcceptInvitation makes the caller a member.
func (s *server) AcceptInvitation(ctx context.Context, r gen.AcceptInvitationRequestObject) (gen.AcceptInvitationResponseObject, error) {
	p := callerOf(ctx).Principal
	o, err := s.Accounts.AcceptInvitation(ctx, p, r.Body.Token)
	if asset.Is(err, asset.NotFound) {
		err = s.failed(ctx, quota.Invitation, p.UserID.String(), err)
	}
	if err != nil {
		return nil, err
	}
	return gen.AcceptInvitation200JSONResponse(detailsBody(*o)), nil
}

func invitationBody(i account.Invitation) gen.Invitation {
	return gen.Invitation{ID: i.ID, OrganizationID: i.OrganizationID, Email: i.Email, Role: gen.Role(i.Role),
		InvitedBy: i.InvitedBy, CreatedAt: i.CreatedAt.UTC(), ExpiresAt: i.ExpiresAt.UTC()}
}
