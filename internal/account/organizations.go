package account

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// The plans, from the least to the best.
const (
	PlanFree       = "free"
	PlanPro        = "pro"
	PlanEnterprise = "enterprise"
)

var plans = []string{PlanFree, PlanPro, PlanEnterprise}

func bestPlan(owned []string) string {
	best := 0
	for _, p := range owned {
		best = max(best, slices.Index(plans, p))
	}
	return plans[best]
}

// Organization is an organization as the API shows one.
type Organization struct {
	db.Organization
	MembersCount int // only from Organization
	AssetsCount  int // only from Organization
}

// NewOrganization is what the maker of an organization says. An empty Slug is
// made from the name, or of chance where that has nothing a slug may hold; an empty Plan is free.
type NewOrganization struct{ Name, Slug, Plan string }

// CreateOrganization makes an organization that the caller owns. A slug in use
// is CONFLICT; more organizations than a user may own are QUOTA_EXCEEDED.
func (s *Service) CreateOrganization(ctx context.Context, p Principal, n NewOrganization) (*Organization, error) {
	if p.UserID == (asset.ID{}) {
		return nil, asset.Errorf(asset.Forbidden, nil, "an organization is owned by a user, and a client that acts for itself is none")
	}
	if p.program() {
		if err := p.Require(ScopeAdmin); err != nil {
			return nil, err
		}
	}
	o, err := s.newOrganization(p.UserID, n)
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.ownsOneMore(ctx, tx, p.UserID); err != nil {
			return err
		}
		err := s.insertOrganization(ctx, tx, o)
		if n.Slug == "" && asset.Is(err, asset.Conflict) {
			o.Slug = strings.TrimRight(o.Slug[:min(len(o.Slug), 54)], "-") + "-" + chance() // two may have one name
			err = s.insertOrganization(ctx, tx, o)
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, p, orgEvent(ActionOrgCreated, o, map[string]any{"slug": o.Slug, "plan": o.Plan}))
	})
	if err != nil {
		return nil, err
	}
	return &Organization{Organization: *o}, nil
}

// ownsOneMore refuses where a user would own more organizations than a user may.
// It locks the user, so that of several at a time each counts the others.
func (s *Service) ownsOneMore(ctx context.Context, tx *db.Tx, user asset.ID) error {
	u, err := tx.LockUser(ctx, user)
	if err != nil {
		return err
	}
	if u.ClosedAt != nil { // meanwhile
		return errClosed(u)
	}
	owned, err := tx.CountOwned(ctx, user)
	if err == nil && owned >= s.config.OwnedOrganizations {
		err = asset.Errorf(asset.QuotaExceeded, nil, "a user owns at most %d organizations", s.config.OwnedOrganizations)
	}
	return err
}

func (s *Service) newOrganization(owner asset.ID, n NewOrganization) (*db.Organization, error) {
	name, err := checkName(n.Name)
	if err != nil {
		return nil, err
	}
	slug := n.Slug
	if slug == "" {
		slug = slugOf(name)
	}
	if slug == "" { // a name in another script
		slug = "org-" + chance()
	}
	if err := checkSlug(slug); err != nil {
		return nil, err
	}
	plan := n.Plan
	if plan == "" {
		plan = PlanFree
	}
	if err := s.choosePlan(plan); err != nil {
		return nil, err
	}
	return &db.Organization{ID: asset.NewID(), Name: name, Slug: slug, OwnerID: owner, Plan: plan}, nil
}

func checkName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > 200 {
		return "", asset.Invalid("the name has 1 to 200 characters", "name")
	}
	return name, nil
}

func checkSlug(slug string) error {
	if slug == "" || len(slug) > 63 || slug != slugOf(slug) {
		return asset.Invalid("the slug has 1 to 63 lower-case letters, digits and single hyphens between them", "slug")
	}
	return nil
}

// choosePlan tells whether an owner may take a plan by themselves.
func (s *Service) choosePlan(plan string) error {
	if err := checkPlan(plan); err != nil {
		return err
	}
	if plan != PlanFree && !s.config.SelfServicePlans {
		return asset.Errorf(asset.Forbidden, nil, "plans other than free are granted by the operator")
	}
	return nil
}

func checkPlan(plan string) error {
	if !slices.Contains(plans, plan) {
		return asset.Invalid("plan is one of free, pro, enterprise", "plan")
	}
	return nil
}

func (s *Service) insertOrganization(ctx context.Context, tx *db.Tx, o *db.Organization) error {
	if err := tx.InsertOrganization(ctx, o); err != nil {
		return err
	}
	return s.orgKeys.Create(ctx, tx, o.ID)
}

// slugOf keeps ASCII letters and digits, lower case, and joins their runs with
// single hyphens.
func slugOf(s string) string {
	runs := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	slug := strings.Join(runs, "-")
	return strings.TrimRight(slug[:min(len(slug), 63)], "-")
}

// Organizations lists a page of the organizations that the caller is a member
// of; a program sees its own only.
func (s *Service) Organizations(ctx context.Context, p Principal, page db.Page) ([]Organization, int, error) {
	if p.program() {
		o, err := s.db.OrganizationByID(ctx, p.OrganizationID)
		if err != nil || page.Number > 1 {
			return nil, 1, err
		}
		return []Organization{{Organization: *o}}, 1, nil
	}
	rows, total, err := s.db.OrganizationsOf(ctx, p.UserID, page)
	all := make([]Organization, 0, len(rows))
	for _, o := range rows {
		all = append(all, Organization{Organization: o})
	}
	return all, total, err
}

// Organization answers one organization with its counts. To those who are not
// members it does not exist.
func (s *Service) Organization(ctx context.Context, p Principal, id asset.ID) (*Organization, error) {
	if id != p.OrganizationID {
		role, err := s.db.RoleOf(ctx, id, p.UserID)
		if err != nil {
			return nil, err
		}
		if role == "" || p.program() {
			return nil, errNoOrganization()
		}
	}
	return s.details(ctx, id)
}

// details answers an organization with its counts.
func (s *Service) details(ctx context.Context, id asset.ID) (*Organization, error) {
	o, err := s.db.OrganizationByID(ctx, id)
	if err != nil {
		return nil, err
	}
	full := &Organization{Organization: *o}
	full.MembersCount, full.AssetsCount, err = s.db.OrganizationCounts(ctx, id)
	return full, err
}

// OrganizationPatch changes what is not nil.
type OrganizationPatch struct{ Name, Slug, Plan *string }

// UpdateOrganization renames an organization, or gives it another plan: that is
// for an owner, in person, where the operator lets owners choose.
func (s *Service) UpdateOrganization(ctx context.Context, p Principal, id asset.ID, patch OrganizationPatch) (*Organization, error) {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, role, err := s.managed(ctx, tx, p, id)
		if err != nil {
			return err
		}
		if role != RoleOwner && role != RoleAdmin {
			return errManagers()
		}
		return s.updateOrganization(ctx, tx, p, o, role, patch)
	})
	if err != nil {
		return nil, err
	}
	return s.details(ctx, id)
}

func (s *Service) updateOrganization(ctx context.Context, tx *db.Tx, p Principal, o *db.Organization, role string, patch OrganizationPatch) (err error) {
	before := *o
	if patch.Name != nil {
		if o.Name, err = checkName(*patch.Name); err != nil {
			return err
		}
	}
	if patch.Slug != nil {
		if err := checkSlug(*patch.Slug); err != nil {
			return err
		}
		o.Slug = *patch.Slug
	}
	if patch.Plan != nil && *patch.Plan != o.Plan {
		if role != RoleOwner {
			return asset.Errorf(asset.Forbidden, nil, "a plan is changed by an owner, in person")
		}
		if err := s.choosePlan(*patch.Plan); err != nil {
			return err
		}
		o.Plan = *patch.Plan
	}
	if o.Name != before.Name || o.Slug != before.Slug {
		if err := record(ctx, tx, p, orgEvent(ActionOrgUpdated, o, map[string]any{"name": o.Name, "slug": o.Slug})); err != nil {
			return err
		}
	}
	if o.Plan != before.Plan {
		if err := record(ctx, tx, p, orgEvent(ActionPlanChanged, o, map[string]any{"from": before.Plan, "to": o.Plan})); err != nil {
			return err
		}
	}
	return tx.UpdateOrganization(ctx, o)
}

func orgEvent(action string, o *db.Organization, details map[string]any) Event {
	return Event{Action: action, Organization: &o.ID, Target: o.ID.String(), Details: details}
}

// operatorUser is the setting that holds the id of the operator's own account.
const operatorUser = "account/operator"

// OperatorOrganization answers the organization that a command means: by id or
// slug, or the only one when ref is empty. In a deployment that has none yet, an
// empty ref makes one named Default, on the enterprise plan, owned by an account
// that no password opens.
func (s *Service) OperatorOrganization(ctx context.Context, ref string) (o *db.Organization, err error) {
	if id, err := uuid.Parse(ref); err == nil {
		return s.db.OrganizationByID(ctx, id)
	}
	if ref != "" {
		return s.db.OrganizationBySlug(ctx, ref)
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := tx.Organizations(ctx)
		if err != nil {
			return err
		}
		platform, err := tx.Setting(ctx, platformOrganization)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(o db.Organization) bool { return bytes.Equal(o.ID[:], platform) })
		switch len(all) {
		case 0:
			o, err = s.firstOrganization(ctx, tx)
			return err
		case 1:
			o = &all[0]
			return nil
		}
		return asset.Errorf(asset.ValidationError, nil, "there are %d organizations: say which one by --organization, its id or slug", len(all))
	})
	return o, err
}

func (s *Service) firstOrganization(ctx context.Context, tx *db.Tx) (*db.Organization, error) {
	u := &db.User{ID: asset.NewID(), Email: "operator@" + operatorDomain, FullName: "Operator"}
	if err := tx.InsertUser(ctx, u); err != nil {
		return nil, err
	}
	if err := tx.PutSetting(ctx, operatorUser, u.ID[:]); err != nil {
		return nil, err
	}
	o := &db.Organization{ID: asset.NewID(), Name: "Default", Slug: "default", OwnerID: u.ID, Plan: PlanEnterprise, Personal: true}
	return o, s.insertOrganization(ctx, tx, o)
}
