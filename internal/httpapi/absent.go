package httpapi

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi/gen"
)

// errAbsent answers for operations of the contract that this build has not.
func errAbsent() error {
	return asset.Errorf(asset.ServiceUnavailable, nil, "this operation is not built in yet")
}

func (s *server) AcceptInvitation(context.Context, gen.AcceptInvitationRequestObject) (gen.AcceptInvitationResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) DeleteOrganization(context.Context, gen.DeleteOrganizationRequestObject) (gen.DeleteOrganizationResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) UpdateOrganization(context.Context, gen.UpdateOrganizationRequestObject) (gen.UpdateOrganizationResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) ListAudit(context.Context, gen.ListAuditRequestObject) (gen.ListAuditResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) ListInvitations(context.Context, gen.ListInvitationsRequestObject) (gen.ListInvitationsResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) Invite(context.Context, gen.InviteRequestObject) (gen.InviteResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) RevokeInvitation(context.Context, gen.RevokeInvitationRequestObject) (gen.RevokeInvitationResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) ListMembers(context.Context, gen.ListMembersRequestObject) (gen.ListMembersResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) RemoveMember(context.Context, gen.RemoveMemberRequestObject) (gen.RemoveMemberResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) UpdateMember(context.Context, gen.UpdateMemberRequestObject) (gen.UpdateMemberResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) RestoreOrganization(context.Context, gen.RestoreOrganizationRequestObject) (gen.RestoreOrganizationResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) TransferOrganization(context.Context, gen.TransferOrganizationRequestObject) (gen.TransferOrganizationResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) ListPlatformKeys(context.Context, gen.ListPlatformKeysRequestObject) (gen.ListPlatformKeysResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) RevokePlatformKey(context.Context, gen.RevokePlatformKeyRequestObject) (gen.RevokePlatformKeyResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) ListPlatformAudit(context.Context, gen.ListPlatformAuditRequestObject) (gen.ListPlatformAuditResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) ListPlatformOrganizations(context.Context, gen.ListPlatformOrganizationsRequestObject) (gen.ListPlatformOrganizationsResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) GetPlatformOrganization(context.Context, gen.GetPlatformOrganizationRequestObject) (gen.GetPlatformOrganizationResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) UpdatePlatformOrganization(context.Context, gen.UpdatePlatformOrganizationRequestObject) (gen.UpdatePlatformOrganizationResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) ListPlatformUsers(context.Context, gen.ListPlatformUsersRequestObject) (gen.ListPlatformUsersResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) GetPlatformUser(context.Context, gen.GetPlatformUserRequestObject) (gen.GetPlatformUserResponseObject, error) {
	return nil, errAbsent()
}

func (s *server) UpdatePlatformUser(context.Context, gen.UpdatePlatformUserRequestObject) (gen.UpdatePlatformUserResponseObject, error) {
	return nil, errAbsent()
}
