package account

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Transfer makes another member the owner; the caller, who confirms with their
// password, stays as admin. A personal organization stays with its user: CONFLICT.
// The new owner must have room for one more: QUOTA_EXCEEDED.
func (s *Service) Transfer(ctx context.Context, p Principal, org, heir asset.ID, password string) (*Organization, error) {
	u, err := s.reauthenticate(ctx, p, password)
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, mine, err := s.managed(ctx, tx, p, org)
		if err != nil {
			return err
		}
		if err := s.unchanged(ctx, tx, u); err != nil {
			return err
		}
		switch {
		case mine != RoleOwner:
			return errOwners()
		case o.Personal:
			return asset.Errorf(asset.Conflict, nil, "a personal organization cannot be transferred")
		case heir == p.UserID:
			return asset.Errorf(asset.Conflict, nil, "you are an owner already")
		}
		m, err := tx.MemberByID(ctx, org, heir)
		if err != nil {
			return err
		}
		if m.Role != RoleOwner {
			if err := s.ownsOneMore(ctx, tx, heir); err != nil {
				return err
			}
		}
		return s.transfer(ctx, tx, p, o, m, u.Email)
	})
	if err != nil {
		return nil, err
	}
	return s.details(ctx, org)
}

func (s *Service) transfer(ctx context.Context, tx *db.Tx, p Principal, o *db.Organization, heir *Member, former string) error {
	if err := tx.PutMembership(ctx, o.ID, heir.UserID, RoleOwner); err != nil {
		return err
	}
	if err := tx.PutMembership(ctx, o.ID, p.UserID, RoleAdmin); err != nil {
		return err
	}
	o.OwnerID = heir.UserID
	if err := tx.UpdateOrganization(ctx, o); err != nil {
		return err
	}
	if err := record(ctx, tx, p, orgEvent(ActionOrgTransferred, o, map[string]any{"from": p.UserID, "to": heir.UserID})); err != nil {
		return err
	}
	const subject = "The owners of an organization changed"
	what := "The organization " + o.Slug + " was transferred from " + former + " to " + heir.Email + "."
	if err := s.tellOwners(ctx, tx, o, subject, what); err != nil {
		return err
	}
	if err := s.notify(ctx, tx, former, subject, what); err != nil {
		return err
	}
	return s.notify(ctx, tx, heir.Email, "An organization is yours now", "You were made the owner of the organization "+o.Slug+".")
}
