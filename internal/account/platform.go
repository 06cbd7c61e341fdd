package account

import (
	"context"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Platform is the principal of the command line, where it acts for nobody.
func Platform() Principal {
	return Principal{Operator: true, Scopes: []string{ScopePlatform}}
}

// platformOrganization is the setting that holds the id of the organization that
// platform keys belong to.
const platformOrganization = "account/platform"

// CreatePlatformKey makes a key for the API of the operator. It belongs to an
// organization made for such keys, owned by an account that no password opens: no
// customer's role, suspension or deletion touches it.
func (s *Service) CreatePlatformKey(ctx context.Context, name string, expiresInDays *int) (k *APIKey, secret string, err error) {
	var o *db.Organization
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		id, err := tx.Setting(ctx, platformOrganization)
		if err != nil {
			return err
		}
		if id != nil {
			o, err = tx.OrganizationByID(ctx, asset.ID(id))
			return err
		}
		u := &db.User{ID: asset.NewID(), Email: "platform@" + operatorDomain, FullName: "Platform"}
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		o = &db.Organization{ID: asset.NewID(), Name: "Platform", Slug: "platform-" + chance(), OwnerID: u.ID, Plan: PlanEnterprise, Personal: true}
		if err := s.insertOrganization(ctx, tx, o); err != nil {
			return err
		}
		return tx.PutSetting(ctx, platformOrganization, o.ID[:])
	})
	if err != nil {
		return nil, "", err
	}
	return s.CreateOperatorKey(ctx, o, NewAPIKey{Name: name, Scopes: []string{ScopePlatform}, ExpiresInDays: expiresInDays})
}

// PlatformUser is a user as the operator sees one.
type PlatformUser struct {
	db.User
	Tier string
}

// Users lists a page of all users, newest first; what narrows them to those whose
// address or name holds it.
func (s *Service) Users(ctx context.Context, p Principal, what string, page db.Page) ([]PlatformUser, int, error) {
	if err := p.Require(ScopePlatform); err != nil {
		return nil, 0, err
	}
	rows, total, err := s.db.Users(ctx, what, page)
	all := make([]PlatformUser, 0, len(rows))
	for _, u := range rows {
		if err != nil {
			break
		}
		var full *PlatformUser
		if full, err = s.platformUser(ctx, u); err == nil {
			all = append(all, *full)
		}
	}
	return all, total, err
}

func (s *Service) platformUser(ctx context.Context, u db.User) (*PlatformUser, error) {
	owned, err := s.db.OwnedPlans(ctx, u.ID)
	return &PlatformUser{User: u, Tier: bestPlan(owned)}, err
}

// PlatformUser answers any user.
func (s *Service) PlatformUser(ctx context.Context, p Principal, id asset.ID) (*PlatformUser, error) {
	if err := p.Require(ScopePlatform); err != nil {
		return nil, err
	}
	u, err := s.db.UserByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.platformUser(ctx, *u)
}

// SuspendUser ends a user's sessions and lets them open none, and stops the keys
// that they made, or restores them: then keys work again, and sessions do not.
func (s *Service) SuspendUser(ctx context.Context, p Principal, id asset.ID, suspended bool, reason string) (*PlatformUser, error) {
	if err := p.Require(ScopePlatform); err != nil {
		return nil, err
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := lockMemberships(ctx, tx, id) // before the user, as everybody does
		if err != nil {
			return err
		}
		u, err := tx.LockUser(ctx, id)
		if err != nil || (u.SuspendedAt != nil) == suspended {
			return err
		}
		action, at := ActionUserRestored, (*time.Time)(nil)
		if suspended {
			now := s.now().Truncate(time.Microsecond)
			action, at = ActionUserSuspended, &now
			if err := s.endAllSessions(ctx, tx, id); err != nil {
				return err
			}
		}
		if u.ClosedAt != nil {
			err = s.reopen(ctx, tx, p, u, all)
		} else {
			err = tx.SuspendUser(ctx, id, at)
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, p, Event{Action: action, User: &id, Target: id.String(), Details: because(reason)})
	})
	if err != nil {
		return nil, err
	}
	return s.PlatformUser(ctx, p, id)
}

// ResetTOTP ends a user's second factor, its recovery codes and their sessions, for who
// has lost it, and tells them. Where there is none it changes nothing.
func (s *Service) ResetTOTP(ctx context.Context, p Principal, id asset.ID, reason string) (*PlatformUser, error) {
	if err := p.Require(ScopePlatform); err != nil {
		return nil, err
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, err := tx.LockUser(ctx, id)
		if err != nil || u.TOTPConfirmedAt == nil {
			return err
		}
		if err := tx.ClearTOTP(ctx, id); err != nil {
			return err
		}
		if err := s.endAllSessions(ctx, tx, id); err != nil {
			return err
		}
		if err := record(ctx, tx, p, Event{Action: ActionTOTPReset, User: &id, Target: id.String(), Details: because(reason)}); err != nil {
			return err
		}
		return s.notify(ctx, tx, u.Email, "The second factor was switched off",
			"The operator of this service switched the second factor of your account off, with its recovery codes,\nand ended all sessions. Switch another on when you have logged in.")
	})
	if err != nil {
		return nil, err
	}
	return s.PlatformUser(ctx, p, id)
}

func because(reason string) map[string]any {
	if reason == "" {
		return nil
	}
	return map[string]any{"reason": reason}
}

// AllOrganizations lists a page of all that were not erased, with their counts,
// newest first; what narrows them to those whose name or slug holds it.
func (s *Service) AllOrganizations(ctx context.Context, p Principal, what string, page db.Page) ([]Organization, int, error) {
	if err := p.Require(ScopePlatform); err != nil {
		return nil, 0, err
	}
	rows, total, err := s.db.AllOrganizations(ctx, what, page)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]asset.ID, len(rows))
	for i, o := range rows {
		ids[i] = o.ID
	}
	members, assets, err := s.db.OrganizationSizes(ctx, ids)
	all := make([]Organization, len(rows))
	for i, o := range rows {
		all[i] = Organization{Organization: o, MembersCount: members[o.ID], AssetsCount: assets[o.ID]}
	}
	return all, total, err
}

// AnyOrganization answers any organization with its counts.
func (s *Service) AnyOrganization(ctx context.Context, p Principal, id asset.ID) (*Organization, error) {
	if err := p.Require(ScopePlatform); err != nil {
		return nil, err
	}
	return s.details(ctx, id)
}

// PlatformPatch changes what is not nil. Reason is for the audit log.
type PlatformPatch struct {
	Plan      *string
	Suspended *bool
	Reason    string
}

// GovernOrganization grants any plan, suspends or restores. In a suspended
// organization everything is FORBIDDEN and webhooks stop; its public commitments
// stay and can be checked. One that was erased does not exist.
func (s *Service) GovernOrganization(ctx context.Context, p Principal, id asset.ID, patch PlatformPatch) (*Organization, error) {
	if err := p.Require(ScopePlatform); err != nil {
		return nil, err
	}
	if patch.Plan != nil {
		if err := checkPlan(*patch.Plan); err != nil {
			return nil, err
		}
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err := tx.LockOrganization(ctx, id)
		if err != nil {
			return err
		}
		if o.ErasedAt != nil {
			return errNoOrganization()
		}
		if patch.Plan != nil && *patch.Plan != o.Plan {
			details := map[string]any{"from": o.Plan, "to": *patch.Plan}
			if patch.Reason != "" {
				details["reason"] = patch.Reason
			}
			o.Plan = *patch.Plan
			if err := record(ctx, tx, p, orgEvent(ActionPlanChanged, o, details)); err != nil {
				return err
			}
		}
		if patch.Suspended != nil && *patch.Suspended != (o.SuspendedAt != nil) {
			if err := s.suspendOrganization(ctx, tx, p, o, patch); err != nil {
				return err
			}
		}
		return tx.UpdateOrganization(ctx, o)
	})
	if err != nil {
		return nil, err
	}
	return s.details(ctx, id)
}

func (s *Service) suspendOrganization(ctx context.Context, tx *db.Tx, p Principal, o *db.Organization, patch PlatformPatch) error {
	if !*patch.Suspended {
		o.SuspendedAt = nil
		return record(ctx, tx, p, orgEvent(ActionOrgUnsuspended, o, because(patch.Reason)))
	}
	now := s.now().Truncate(time.Microsecond)
	o.SuspendedAt = &now
	if _, err := tx.FailDeliveriesOf(ctx, o.ID, haltedReason); err != nil {
		return err
	}
	return record(ctx, tx, p, orgEvent(ActionOrgSuspended, o, because(patch.Reason)))
}

// AllAPIKeys lists a page of the keys of all organizations, masked, newest first.
func (s *Service) AllAPIKeys(ctx context.Context, p Principal, page db.Page) ([]APIKey, int, error) {
	if err := p.Require(ScopePlatform); err != nil {
		return nil, 0, err
	}
	return s.db.AllAPIKeys(ctx, page)
}

// RevokeAnyKey ends a key of whatever organization.
func (s *Service) RevokeAnyKey(ctx context.Context, p Principal, id asset.ID) error {
	if err := p.Require(ScopePlatform); err != nil {
		return err
	}
	k, err := s.db.AnyAPIKey(ctx, id)
	if err != nil || k.RevokedAt != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.RevokeAPIKey(ctx, id); err != nil {
			return err
		}
		return record(ctx, tx, p, keyEvent(ActionKeyRevoked, k, map[string]any{"name": k.Name}))
	})
}

// PlatformAudit lists a page of the security events of all organizations and of
// none, newest first.
func (s *Service) PlatformAudit(ctx context.Context, p Principal, f db.AuditFilter) ([]AuditEvent, int, error) {
	if err := p.Require(ScopePlatform); err != nil {
		return nil, 0, err
	}
	return s.db.AuditEvents(ctx, f)
}
