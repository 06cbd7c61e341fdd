package account

import (
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
	if p.KeyID != nil {
		if err := p.Require(ScopeAdmin); err != nil {
			return nil, err
		}
	}
	o, err := s.newOrganization(p.UserID, n)
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		owned, err := tx.OwnedPlans(ctx, p.UserID)
		if err != nil {
			return err
		}
		if len(owned) >= s.config.OwnedOrganizations {
			return asset.Errorf(asset.QuotaExceeded, nil, "a user owns at most %d organizations", s.config.OwnedOrganizations)
		}
		return s.insertOrganization(ctx, tx, o)
	})
	if err != nil {
		return nil, err
	}
	return &Organization{Organization: *o}, nil
}

func (s *Service) newOrganization(owner asset.ID, n NewOrganization) (*db.Organization, error) {
	name := strings.TrimSpace(n.Name)
	if name == "" || utf8.RuneCountInString(name) > 200 {
		return nil, asset.Invalid("the name has 1 to 200 characters", "name")
	}
	slug := n.Slug
	if slug == "" {
		slug = slugOf(name)
	}
	if slug == "" { // a name in another script
		slug = "org-" + chance()
	}
	if len(slug) > 63 || slug != slugOf(slug) {
		return nil, asset.Invalid("the slug has 1 to 63 lower-case letters, digits and single hyphens between them", "slug")
	}
	plan := n.Plan
	if plan == "" {
		plan = PlanFree
	}
	if !slices.Contains(plans, plan) {
		return nil, asset.Invalid("plan is one of free, pro, enterprise", "plan")
	}
	if plan != PlanFree && !s.config.SelfServicePlans {
		return nil, asset.Errorf(asset.Forbidden, nil, "plans other than free are granted by the operator")
	}
	return &db.Organization{ID: asset.NewID(), Name: name, Slug: slug, OwnerID: owner, Plan: plan}, nil
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
// of; an API key sees its own only.
func (s *Service) Organizations(ctx context.Context, p Principal, page db.Page) ([]Organization, int, error) {
	if p.KeyID != nil {
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
	role, err := s.db.RoleOf(ctx, id, p.UserID)
	if err != nil {
		return nil, err
	}
	if role == "" || (p.KeyID != nil && id != p.OrganizationID) {
		return nil, asset.Errorf(asset.NotFound, nil, "there is no such organization")
	}
	o, err := s.db.OrganizationByID(ctx, id)
	if err != nil {
		return nil, err
	}
	full := &Organization{Organization: *o}
	full.MembersCount, full.AssetsCount, err = s.db.OrganizationCounts(ctx, id)
	return full, err
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
		switch len(all) {
		case 0:
			o, err = s.firstOrganization(ctx, tx)
			return err
		case 1:
			o = &all[0]
			return nil
		}
		return asset.Errorf(asset.ValidationError, nil, "there are %d organizations: say which one, by id or slug", len(all))
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
