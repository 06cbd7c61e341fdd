package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/pipeline"
)

// operatorEmail is the address of the account that owns what the operator makes
// from the command line. No password opens it; .invalid belongs to nobody (RFC
// 2606).
const operatorEmail = "operator@certana.invalid"

// organization finds an organization by id or slug. "" is the only one there
// is, or, where there is none yet, a new one of the operator's called default.
func (s *store) organization(ctx context.Context, named string) (*db.Organization, error) {
	if named != "" {
		if id, err := uuid.Parse(named); err == nil {
			return wrong(s.rows.OrganizationByID(ctx, id))
		}
		return wrong(s.rows.OrganizationBySlug(ctx, named))
	}
	all, err := s.rows.Organizations(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0:
		return s.operatorOrganization(ctx, "default")
	case len(all) > 1:
		return nil, usageError(fmt.Errorf("there are %d organizations: say which with --organization ID or SLUG", len(all)))
	}
	return &all[0], nil
}

// wrong turns an answer of "not found" into bad input.
func wrong(o *db.Organization, err error) (*db.Organization, error) {
	if asset.Is(err, asset.NotFound) {
		return nil, inputError(err)
	}
	return o, err
}

// operatorOrganization makes an organization of the operator's, with its key,
// or returns the one that has the slug already.
func (s *store) operatorOrganization(ctx context.Context, slug string) (org *db.Organization, err error) {
	keys := pipeline.NewOrgKeys(s.rows, s.vault)
	err = s.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if org, err = tx.OrganizationBySlug(ctx, slug); !asset.Is(err, asset.NotFound) {
			return err
		}
		owner, err := tx.UserByEmail(ctx, operatorEmail)
		if err != nil {
			return err
		}
		if owner == nil {
			owner = &db.User{ID: asset.NewID(), Email: operatorEmail, FullName: "Operator"}
			if err := tx.InsertUser(ctx, owner); err != nil {
				return err
			}
		}
		org = &db.Organization{ID: asset.NewID(), Name: slug, Slug: slug, OwnerID: owner.ID, Plan: "enterprise"}
		if err := tx.InsertOrganization(ctx, org); err != nil {
			return err
		}
		return keys.Create(ctx, tx, org.ID)
	})
	return org, err
}
