package account

import (
	"context"
	"strings"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// The events of an account's end.
const (
	ActionUserClosed = "user.closed"
	ActionUserErased = "user.erased"
)

// Close ends the caller's account: sessions, keys that they made, what they let
// OAuth2 clients do, memberships and invitations that wait end at once. Organizations
// in which they are alone, the personal one among them, are deleted, and what is left
// is erased when the grace is over (see Erasing); until then the operator can restore
// the user. It takes the password, and a code where there is a second factor: errors
// are those of Login. CONFLICT while others are in an organization of which the caller
// is the only owner.
func (s *Service) Close(ctx context.Context, p Principal, proof Proof) (eraseAt time.Time, err error) {
	u, err := s.prove(ctx, p, proof)
	if err != nil {
		return time.Time{}, err
	}
	now := s.now().Truncate(time.Microsecond)
	eraseAt = now.Add(s.config.DeletionGrace)
	var failure error
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// Organizations are locked before users, by everybody.
		all, err := lockMemberships(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		if failure, err = s.admit(ctx, tx, u, proof.Code); err != nil || failure != nil {
			return err // a failure is committed, and told after
		}
		if err := ownedWithOthers(all); err != nil {
			return err
		}
		if again, err := tx.MembershipsOf(ctx, u.ID); err != nil || len(again) != len(all) {
			return firstOf(err, asset.Errorf(asset.Conflict, nil, "your memberships changed meanwhile; try again"))
		}
		for _, m := range all {
			if err := s.leaveBehind(ctx, tx, p, m, now, eraseAt); err != nil {
				return err
			}
		}
		if err := tx.CloseUser(ctx, u.ID, now, eraseAt); err != nil {
			return err
		}
		if err := record(ctx, tx, p, Event{Action: ActionUserClosed, Target: u.ID.String(), Details: map[string]any{"erase_at": eraseAt}}); err != nil {
			return err
		}
		return s.notify(ctx, tx, u.Email, "Your account was closed", "Your account was closed, and all sessions were ended. It will be erased at "+
			eraseAt.Format("2006-01-02 15:04 UTC")+"; until then the operator of this service can restore it.")
	})
	return eraseAt, firstOf(err, failure)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// belonging is a user's membership of an organization that is locked.
type belonging struct {
	*db.Organization
	role           string
	owners, others int // how many are owners, and how many others are members
}

// lockMemberships locks the organizations of a user and tells how they stand there.
func lockMemberships(ctx context.Context, tx *db.Tx, user asset.ID) (all []belonging, err error) {
	rows, err := tx.MembershipsOf(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, m := range rows {
		b := belonging{}
		if b.Organization, err = tx.LockOrganization(ctx, m.OrganizationID); err != nil {
			return nil, err
		}
		if b.role, err = tx.RoleOf(ctx, m.OrganizationID, user); err != nil {
			return nil, err
		}
		if b.role == "" {
			continue // removed before it was locked
		}
		owners, err := tx.Owners(ctx, m.OrganizationID)
		if err != nil {
			return nil, err
		}
		members, _, err := tx.OrganizationCounts(ctx, m.OrganizationID)
		if err != nil {
			return nil, err
		}
		b.owners, b.others = len(owners), members-1
		all = append(all, b)
	}
	return all, nil
}

// onlyOwner reports whether nobody else could act for the organization.
func (b belonging) onlyOwner() bool { return b.role == RoleOwner && b.owners == 1 }

func ownedWithOthers(all []belonging) error {
	var names []string
	for _, b := range all {
		if b.onlyOwner() && b.others > 0 && b.DeletedAt == nil {
			names = append(names, b.Slug)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return asset.Errorf(asset.Conflict, nil, "you are the only owner of organizations in which others are members: %s; transfer or delete them first",
		strings.Join(names, ", "))
}

// leaveBehind takes a user out of an organization, or lets it be erased with them
// where nobody could act for it: then the membership stays, so that it can be had
// back.
func (s *Service) leaveBehind(ctx context.Context, tx *db.Tx, p Principal, b belonging, now, eraseAt time.Time) error {
	o := b.Organization
	if !b.onlyOwner() && b.others > 0 {
		if err := tx.DeleteMembership(ctx, o.ID, p.UserID); err != nil {
			return err
		}
		if err := withdraw(ctx, tx, o, p.UserID, ""); err != nil {
			return err
		}
		return record(ctx, tx, p, Event{Action: ActionMemberRemoved, Organization: &o.ID, Target: p.UserID.String(),
			Details: map[string]any{"role": b.role, "left": true}})
	}
	if o.DeletedAt != nil {
		return nil // on its way already
	}
	o.DeletedAt, o.EraseAt = &now, &eraseAt
	if err := tx.UpdateOrganization(ctx, o); err != nil {
		return err
	}
	if _, err := tx.FailDeliveriesOf(ctx, o.ID, haltedReason); err != nil {
		return err
	}
	return record(ctx, tx, p, orgEvent(ActionOrgDeleted, o, map[string]any{"slug": o.Slug, "erase_at": eraseAt}))
}

// reopen takes back what Close did to a user's row and to the organizations that went
// with them; what else it ended stays ended. Before the grace is over: CONFLICT.
func (s *Service) reopen(ctx context.Context, tx *db.Tx, p Principal, u *db.User, all []belonging) error {
	if u.ErasedAt != nil || u.EraseAt == nil || !s.now().Before(*u.EraseAt) { // erasing may have begun
		return asset.Errorf(asset.Conflict, nil, "the account was closed, and the grace period is over")
	}
	for _, b := range all {
		o := b.Organization
		if o.DeletedAt == nil || !o.DeletedAt.Equal(*u.ClosedAt) {
			continue
		}
		o.DeletedAt, o.EraseAt = nil, nil
		if err := tx.UpdateOrganization(ctx, o); err != nil {
			return err
		}
		if err := record(ctx, tx, p, orgEvent(ActionOrgRestored, o, map[string]any{"slug": o.Slug})); err != nil {
			return err
		}
	}
	return tx.ReopenUser(ctx, u.ID)
}

// errClosed tells who closed their account, with the right password, why they cannot
// come in.
func errClosed(u *db.User) error {
	return asset.Errorf(asset.Forbidden, nil, "the account was closed and will be erased at %s; until then the operator can restore it",
		u.EraseAt.UTC().Format(time.RFC3339))
}
