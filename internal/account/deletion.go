package account

import (
	"context"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

const haltedReason = "the organization was deleted or suspended"

// DeleteOrganization shuts everybody out of an organization at once and lets it be
// erased when the grace is over (see Erasing). By an owner, in person, who confirms
// with their password. A personal organization is not deleted: CONFLICT.
func (s *Service) DeleteOrganization(ctx context.Context, p Principal, id asset.ID, password string) (*Organization, error) {
	u, err := s.reauthenticate(ctx, p, password)
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, mine, err := s.managed(ctx, tx, p, id)
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
			return asset.Errorf(asset.Conflict, nil, "a personal organization cannot be deleted")
		}
		now := s.now().Truncate(time.Microsecond)
		end := now.Add(s.config.DeletionGrace)
		o.DeletedAt, o.EraseAt = &now, &end
		if err := tx.UpdateOrganization(ctx, o); err != nil {
			return err
		}
		if _, err := tx.FailDeliveriesOf(ctx, id, haltedReason); err != nil {
			return err
		}
		if err := record(ctx, tx, p, orgEvent(ActionOrgDeleted, o, map[string]any{"slug": o.Slug, "erase_at": end})); err != nil {
			return err
		}
		return s.tellOwners(ctx, tx, o, "An organization was deleted", "The organization "+o.Slug+
			" was deleted. It will be erased at "+end.Format("2006-01-02 15:04 UTC")+"; until then an owner can restore it.")
	})
	if err != nil {
		return nil, err
	}
	return s.details(ctx, id)
}

// RestoreOrganization takes back a deletion before the grace is over. By an owner,
// in person; an organization that was not deleted is CONFLICT.
func (s *Service) RestoreOrganization(ctx context.Context, p Principal, id asset.ID) (*Organization, error) {
	if err := inPerson(p); err != nil {
		return nil, err
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err := tx.LockOrganization(ctx, id)
		if err != nil {
			return err
		}
		role, err := tx.RoleOf(ctx, id, p.UserID)
		switch {
		case err != nil:
			return err
		case role == "" || (role != RoleOwner && o.DeletedAt != nil):
			return errNoOrganization()
		case role != RoleOwner:
			return errOwners()
		case o.DeletedAt == nil:
			return asset.Errorf(asset.Conflict, nil, "the organization was not deleted")
		case o.EraseAt == nil || !s.now().Before(*o.EraseAt): // erasing may have begun
			return asset.Errorf(asset.Conflict, nil, "the grace period is over")
		}
		o.DeletedAt, o.EraseAt = nil, nil
		if err := tx.UpdateOrganization(ctx, o); err != nil {
			return err
		}
		return record(ctx, tx, p, orgEvent(ActionOrgRestored, o, map[string]any{"slug": o.Slug}))
	})
	if err != nil {
		return nil, err
	}
	return s.details(ctx, id)
}

// tellOwners writes to everybody who owns an organization.
func (s *Service) tellOwners(ctx context.Context, tx *db.Tx, o *db.Organization, subject, what string) error {
	owners, err := tx.Owners(ctx, o.ID)
	if err != nil {
		return err
	}
	for _, id := range owners {
		u, err := tx.UserByID(ctx, id)
		if err != nil {
			return err
		}
		if err := s.notify(ctx, tx, u.Email, subject, what); err != nil {
			return err
		}
	}
	return nil
}
