package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// InvitationTTL is how long an invitation can be accepted.
const InvitationTTL = 7 * 24 * time.Hour

// invitationsADay bounds what an organization can have sent to strangers.
const invitationsADay = 100

// Invitation asks somebody to become a member.
type Invitation = db.Invitation

// Invite sends a token to an address; whoever can read there, and shows it with an
// account of that address, becomes a member. An empty role is member. Inviting an
// address again replaces its invitation. A member's address is CONFLICT; too many
// invitations within 24 h are RATE_LIMITED.
func (s *Service) Invite(ctx context.Context, p Principal, org asset.ID, email, role string) (*Invitation, error) {
	email, err := checkEmail(email)
	if err != nil {
		return nil, err
	}
	if role == "" {
		role = RoleMember
	}
	if !slices.Contains([]string{RoleAdmin, RoleMember, RoleViewer}, role) {
		return nil, asset.Invalid("role is one of admin, member, viewer", "role")
	}
	token := "cert_in_" + randomText()
	i := &Invitation{ID: asset.NewID(), OrganizationID: org, Email: email, Role: role, Hash: hashSecret(token),
		InvitedBy: p.UserID, CreatedAt: s.now(), ExpiresAt: s.now().Add(InvitationTTL)}
	return i, s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, mine, err := s.managed(ctx, tx, p, org)
		if err != nil {
			return err
		}
		if mine != RoleOwner && mine != RoleAdmin {
			return errManagers()
		}
		if i.InvitedBy == (asset.ID{}) { // a client that acts for itself
			i.InvitedBy = o.OwnerID
		}
		if err := s.mayInvite(ctx, tx, org, email); err != nil {
			return err
		}
		if err := tx.InsertInvitation(ctx, i); err != nil {
			return err
		}
		if err := record(ctx, tx, p, invitationEvent(ActionMemberInvited, i)); err != nil {
			return err
		}
		return s.mailTo(ctx, tx, message{to: email, subject: "You are invited to an organization",
			text: s.invitationText(o, i, token), until: i.ExpiresAt})
	})
}

func invitationEvent(action string, i *Invitation) Event {
	return Event{Action: action, Organization: &i.OrganizationID, Target: i.ID.String(),
		Details: map[string]any{"email": i.Email, "role": i.Role}}
}

func (s *Service) mayInvite(ctx context.Context, tx *db.Tx, org asset.ID, email string) error {
	made, err := tx.CountInvitations(ctx, org, s.now().Add(-24*time.Hour))
	if err != nil {
		return err
	}
	if made >= invitationsADay {
		return asset.Errorf(asset.RateLimited, nil, "an organization sends at most %d invitations in 24 hours", invitationsADay)
	}
	u, err := tx.UserByEmail(ctx, email)
	if err != nil || u == nil {
		return err
	}
	role, err := tx.RoleOf(ctx, org, u.ID)
	if err == nil && role != "" {
		err = asset.Errorf(asset.Conflict, nil, "this address is a member's already")
	}
	return err
}

// invitationText names the organization by its slug, which is letters and digits:
// a stranger's text must not reach a mailbox under our name.
func (s *Service) invitationText(o *db.Organization, i *Invitation, token string) string {
	return fmt.Sprintf("You are invited to join the organization %s at %s as %s.\n\n    %s\n\n", o.Slug, s.config.Issuer, i.Role, token) +
		fmt.Sprintf("It works until %s, for an account with this address, which must be verified, as the token of\n\n    POST %s/v1/invitations/accept\n\n",
			i.ExpiresAt.Format("2006-01-02 15:04 UTC"), s.config.Issuer) +
		"If you do not want to join, do nothing.\n"
}

// Invitations lists a page of those that wait to be accepted, newest first.
func (s *Service) Invitations(ctx context.Context, p Principal, page db.Page) ([]Invitation, int, error) {
	if err := p.Require(ScopeAdmin); err != nil {
		return nil, 0, err
	}
	return s.db.Invitations(ctx, p.OrganizationID, page)
}

// RevokeInvitation takes back one that waits.
func (s *Service) RevokeInvitation(ctx context.Context, p Principal, org, id asset.ID) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, mine, err := s.managed(ctx, tx, p, org)
		if err != nil {
			return err
		}
		if mine != RoleOwner && mine != RoleAdmin {
			return errManagers()
		}
		i, err := tx.RevokeInvitation(ctx, org, id)
		if err != nil {
			return err
		}
		return record(ctx, tx, p, invitationEvent(ActionInvitationRevoked, i))
	})
}

// AcceptInvitation makes the caller a member. The address that was invited must be
// theirs and verified: FORBIDDEN otherwise. A token that never was, was used, was
// taken back or has expired is the same NOT_FOUND; a member already is CONFLICT.
func (s *Service) AcceptInvitation(ctx context.Context, p Principal, token string) (*Organization, error) {
	if err := inPerson(p); err != nil {
		return nil, err
	}
	none := asset.Errorf(asset.NotFound, nil, "there is no such invitation, or no more")
	hash := hashSecret(token)
	found, err := s.db.InvitationByHash(ctx, hash)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, none
	}
	org := found.OrganizationID
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err := tx.LockOrganization(ctx, org) // before the invitation, as whoever takes one back does
		if err != nil {
			return err
		}
		i, err := tx.InvitationByHash(ctx, hash)
		if err != nil {
			return err
		}
		if i == nil || !i.Pending(s.now()) || o.DeletedAt != nil || o.SuspendedAt != nil {
			return none
		}
		return s.join(ctx, tx, p, i)
	})
	if err != nil {
		return nil, err
	}
	return s.details(ctx, org)
}

func (s *Service) join(ctx context.Context, tx *db.Tx, p Principal, i *Invitation) error {
	u, err := tx.LockUser(ctx, p.UserID)
	if err != nil {
		return err
	}
	switch {
	case u.ClosedAt != nil: // meanwhile
		return errClosed(u)
	case strings.ToLower(u.Email) != i.EmailKey:
		return asset.Errorf(asset.Forbidden, nil, "the invitation was sent to another address")
	case u.EmailVerifiedAt == nil:
		return asset.Errorf(asset.Forbidden, nil, "verify your e-mail address first")
	}
	role, err := tx.RoleOf(ctx, i.OrganizationID, u.ID)
	if err != nil {
		return err
	}
	if role != "" {
		return asset.Errorf(asset.Conflict, nil, "you are a member already")
	}
	if err := tx.AcceptInvitation(ctx, i.ID); err != nil {
		return err
	}
	if err := tx.PutMembership(ctx, i.OrganizationID, u.ID, i.Role); err != nil {
		return err
	}
	return record(ctx, tx, p, Event{Action: ActionMemberJoined, Organization: &i.OrganizationID, Target: u.ID.String(),
		Details: map[string]any{"role": i.Role, "invitation": i.ID}})
}
