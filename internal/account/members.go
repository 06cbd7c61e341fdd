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
// change owners nor make any. The last owner keeps the role: CONFLICT. Who makes or
// deposes an owner confirms it with their password, as for a transfer, which is "" for
// other changes; the owners are told.
func (s *Service) SetRole(ctx context.Context, p Principal, org, user asset.ID, role, password string) (m *Member, err error) {
	if !slices.Contains(Roles(), role) {
		return nil, asset.Invalid("role is one of owner, admin, member, viewer", "role")
	}
	// Looked at first, since a password is not checked while rows are locked; the
	// transaction decides.
	sure, err := s.confirmed(ctx, p, org, user, role, password)
	if err != nil {
		return nil, err
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
		before := m.Role
		if before == RoleOwner || role == RoleOwner {
			if sure == nil { // the member became an owner since
				return errPasswordNeeded()
			}
			if err := s.unchanged(ctx, tx, sure); err != nil {
				return err
			}
		}
		if err := s.mayBecome(ctx, tx, o, m, role); err != nil {
			return err
		}
		m.Role = role
		if err := tx.PutMembership(ctx, org, user, role); err != nil {
			return err
		}
		if err := withdraw(ctx, tx, o, user, role); err != nil {
			return err
		}
		if err := record(ctx, tx, p, Event{Action: ActionMemberRoleChanged, Organization: &org, User: &user,
			Target: user.String(), Details: map[string]any{"from": before, "to": role}}); err != nil {
			return err
		}
		return s.tellOwnership(ctx, tx, o, before, m)
	})
	return m, err
}

// confirmed answers the caller where an owner is to be made or deposed by one in person
// and the password is right; nil where that is not so.
func (s *Service) confirmed(ctx context.Context, p Principal, org, user asset.ID, role, password string) (*db.User, error) {
	if p.Role != RoleOwner || inPerson(p) != nil {
		return nil, nil
	}
	m, err := s.db.MemberByID(ctx, org, user)
	if err != nil || m.Role == role || (m.Role != RoleOwner && role != RoleOwner) {
		return nil, err
	}
	if password == "" {
		return nil, errPasswordNeeded()
	}
	return s.reauthenticate(ctx, p, password)
}

func errPasswordNeeded() error {
	return asset.Errorf(asset.Forbidden, nil, "making or deposing an owner takes your password")
}

// tellOwnership writes to all owners, and to who is none any more, when somebody's
// role was or became owner.
func (s *Service) tellOwnership(ctx context.Context, tx *db.Tx, o *db.Organization, before string, m *Member) error {
	const subject = "The owners of an organization changed"
	switch RoleOwner {
	case m.Role:
		return s.tellOwners(ctx, tx, o, subject, m.Email+" was made an owner of the organization "+o.Slug+".")
	case before:
		what := m.Email + " is no longer an owner of the organization " + o.Slug + "."
		if err := s.tellOwners(ctx, tx, o, subject, what); err != nil {
			return err
		}
		return s.notify(ctx, tx, m.Email, subject, what)
	}
	return nil
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
// admins may, and anybody may leave. An owner is deposed first, which takes a password
// (see SetRole), and the last one stays: CONFLICT.
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
			if !leaves {
				return asset.Errorf(asset.Conflict, nil, "an owner is not removed: give them another role first, which takes your password")
			}
		}
		if err := tx.DeleteMembership(ctx, org, user); err != nil {
			return err
		}
		if err := withdraw(ctx, tx, o, user, ""); err != nil {
			return err
		}
		if err := record(ctx, tx, p, Event{Action: ActionMemberRemoved, Organization: &org, User: &user,
			Target: user.String(), Details: map[string]any{"role": m.Role, "left": leaves}}); err != nil {
			return err
		}
		before := m.Role
		m.Role = ""
		return s.tellOwnership(ctx, tx, o, before, m)
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
