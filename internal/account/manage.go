package account

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// program reports whether a program asks, and not a person who logged in.
func (p Principal) program() bool { return p.KeyID != nil || p.ClientID != "" }

// managed locks an organization for the rest of the transaction and tells as what
// the caller acts there at this moment: whoever was demoted since the request was
// let in acts as what they are now. Without the scope admin nobody manages anything,
// whatever their role: a token may be worth less than its user. A program acts as
// admin at most, so that a key that was stolen cannot depose an owner. To those who
// are not members the organization does not exist.
func (s *Service) managed(ctx context.Context, tx *db.Tx, p Principal, id asset.ID) (*db.Organization, string, error) {
	o, err := tx.LockOrganization(ctx, id)
	if err != nil {
		return nil, "", err
	}
	role := ""
	switch {
	case p.Operator:
		return o, RoleOwner, nil
	case p.OrganizationID != id:
	case p.UserID == (asset.ID{}): // a client that acts for itself
		role = RoleAdmin
	default:
		if role, err = tx.RoleOf(ctx, id, p.UserID); err != nil {
			return nil, "", err
		}
	}
	switch {
	case role != "" && !p.Has(ScopeAdmin) && slices.Contains(roleScopes[role], ScopeAdmin):
		role = RoleMember
	case role == RoleOwner && p.program():
		role = RoleAdmin
	}
	return o, role, (Credentials{InPath: true}).admit(db.Standing{Role: role, Suspended: o.SuspendedAt != nil, Deleted: o.DeletedAt != nil})
}

// stillThere refuses what would be left behind by somebody who was removed, whose
// organization was shut, or whose session, key or client ended, since the request was
// let in. It locks the organization.
func (s *Service) stillThere(ctx context.Context, tx *db.Tx, p Principal) error {
	if p.Operator {
		return nil
	}
	if _, _, err := s.managed(ctx, tx, p, p.OrganizationID); err != nil {
		return err
	}
	return s.stillLive(ctx, tx, p)
}

// stillLive refuses what comes by a session, key or client that ended.
func (s *Service) stillLive(ctx context.Context, tx *db.Tx, p Principal) error {
	switch {
	case p.SessionID != nil:
		live, _, err := tx.SessionRole(ctx, *p.SessionID, p.UserID, p.OrganizationID)
		if err == nil && !live {
			err = asset.Errorf(asset.Unauthorized, nil, "the session was ended")
		}
		return err
	case p.KeyID != nil:
		k, err := tx.APIKeyByID(ctx, p.OrganizationID, *p.KeyID)
		if asset.Is(err, asset.NotFound) || (err == nil && !k.Active(s.now())) {
			return asset.Errorf(asset.InvalidAPIKey, nil, "the API key is invalid or revoked")
		}
		return err
	case p.ClientID != "":
		id, _ := uuid.Parse(p.ClientID) // nobody's where it is none
		c, err := tx.LiveOAuthClient(ctx, id)
		if err == nil && c == nil {
			err = asset.Errorf(asset.Unauthorized, nil, "the client was deleted")
		}
		return err
	case p.UserID == (asset.ID{}):
		return asset.Errorf(asset.Unauthorized, nil, "nobody asks for this")
	}
	return nil
}

func errManagers() error {
	return asset.Errorf(asset.Forbidden, nil, "this is for owners and admins")
}

func errOwners() error {
	return asset.Errorf(asset.Forbidden, nil, "this is for owners, in person")
}
