package account

import (
	"context"
	"slices"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Member is a user in an organization.
type Member = db.Member

// Members lists a page of the members of the organization in force, the longest
// there first.
func (s *Service) Members(ctx context.Context, p Principal, page db.Page) ([]Member, int, error) {
	return s.db.Members(ctx, p.OrganizationID, page)
}

// SetRole gives a member another role. Owners and admins may; admins neither
// change owners nor make any. The last owner keeps the role: CONFLICT.
func (s *Service) SetRole(ctx context.Context, p Principal, org, user asset.ID, role string) (m *Member, err error) {
	if !slices.Contains(Roles(), role) {
		return nil, asset.Invalid("role is one of owner, admin, member, viewer", "role")
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, mine, err := s.managed(ctx, tx, p, org)
		if err != nil {
			return err
		}
		if mine != RoleOwner && mine != RoleAdmin {
			return errManagers()
		}
		if m, err = tx.MemberByID(ctx, org, user); err != nil || m.Role == role {
			return err
		}
		if (m.Role == RoleOwner || role == RoleOwner) && mine != RoleOwner {
			return asset.Errorf(asset.Forbidden, nil, "only an owner, in person, makes owners or changes them")
		}
		if err := s.mayBecome(ctx, tx, o, m, role); err != nil {
			return err
		}
		before := m.Role
		m.Role = role
		if err := tx.PutMembership(ctx, org, user, role); err != nil {
			return err
		}
		if err := withdraw(ctx, tx, o, user, role); err != nil {
			return err
		}
		return record(ctx, tx, p, Event{Action: ActionMemberRoleChanged, Organization: &org, User: &user,
			Target: user.String(), Details: map[string]any{"from": before, "to": role}})
	})
	return m, err
}

// mayBecome refuses what a member cannot become, whoever asks.
func (s *Service) mayBecome(ctx context.Context, tx *db.Tx, o *db.Organization, m *Member, role string) error {
	switch {
	case m.Role == RoleOwner:
		return notTheLast(ctx, tx, o.ID)
	case role == RoleOwner && o.Personal:
		return asset.Errorf(asset.Conflict, nil, "a personal organization has one owner")
	case role == RoleOwner:
		return s.ownsOneMore(ctx, tx, m.UserID)
	}
	return nil
}

func notTheLast(ctx context.Context, tx *db.Tx, org asset.ID) error {
	owners, err := tx.Owners(ctx, org)
	if err == nil && len(owners) < 2 {
		err = asset.Errorf(asset.Conflict, nil, "the last owner stays: make somebody else owner first")
	}
	return err
}

// RemoveMember ends a membership, and with it the keys that the member made, what
// they let OAuth2 clients do there, and their invitations that wait. Owners and
// admins may, admins not an owner's; anybody may leave. The last owner stays:
// CONFLICT.
func (s *Service) RemoveMember(ctx context.Context, p Principal, org, user asset.ID) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, mine, err := s.managed(ctx, tx, p, org)
		if err != nil {
			return err
		}
		leaves := user == p.UserID && !p.program()
		if mine != RoleOwner && mine != RoleAdmin && !leaves {
			return errManagers()
		}
		m, err := tx.MemberByID(ctx, org, user)
		if err != nil {
			return err
		}
		if m.Role == RoleOwner {
			if mine != RoleOwner {
				return asset.Errorf(asset.Forbidden, nil, "only an owner, in person, removes an owner")
			}
			if err := notTheLast(ctx, tx, org); err != nil {
				return err
			}
		}
		if err := tx.DeleteMembership(ctx, org, user); err != nil {
			return err
		}
		if err := withdraw(ctx, tx, o, user, ""); err != nil {
			return err
		}
		return record(ctx, tx, p, Event{Action: ActionMemberRemoved, Organization: &org, User: &user,
			Target: user.String(), Details: map[string]any{"role": m.Role, "left": leaves}})
	})
}

// withdraw ends what a user no longer may have under a new role, "" for none: of
// what only the role of the moment bounds, such as a key's scopes, nothing.
func withdraw(ctx context.Context, tx *db.Tx, o *db.Organization, user asset.ID, role string) error {
	if role == "" {
		if _, err := tx.RevokeKeysOf(ctx, o.ID, user); err != nil {
			return err
		}
		if _, err := tx.RevokeGrantsOf(ctx, o.ID, user); err != nil {
			return err
		}
	}
	if role != RoleOwner && role != RoleAdmin {
		if _, err := tx.RevokeInvitationsBy(ctx, o.ID, user); err != nil {
			return err
		}
	}
	if role == RoleOwner || o.OwnerID != user {
		return nil
	}
	// There is another owner: the last one was refused.
	owners, err := tx.Owners(ctx, o.ID)
	if err != nil {
		return err
	}
	o.OwnerID = owners[0]
	return tx.UpdateOrganization(ctx, o)
}
