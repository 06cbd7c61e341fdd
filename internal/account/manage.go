package account

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// program reports whether a program asks, and not a person who logged in.
func (p Principal) program() bool { return p.KeyID != nil || p.ClientID != "" }

// managed locks an organization for the rest of the transaction and tells as what
// the caller acts there at this moment: whoever was demoted since the request was
// let in acts as what they are now. A program acts as admin at most, so that a key
// that was stolen cannot depose an owner. To those who are not members the
// organization does not exist.
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
		if !p.Has(ScopeAdmin) {
			role = RoleViewer
		}
	default:
		if role, err = tx.RoleOf(ctx, id, p.UserID); err != nil {
			return nil, "", err
		}
	}
	if p.program() && role == RoleOwner {
		role = RoleAdmin
	}
	return o, role, (Credentials{InPath: true}).admit(db.Standing{Role: role, Suspended: o.SuspendedAt != nil, Deleted: o.DeletedAt != nil})
}

func errManagers() error {
	return asset.Errorf(asset.Forbidden, nil, "this is for owners and admins")
}

func errOwners() error {
	return asset.Errorf(asset.Forbidden, nil, "this is for owners, in person")
}
