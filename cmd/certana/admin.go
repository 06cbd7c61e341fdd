package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func newAdmin(e *env) *cobra.Command {
	return group("admin", "Govern users, organizations and keys, and read the audit log",
		group("users", "Users", newAdminUsersList(e), newAdminUsersShow(e), newAdminUsersSuspend(e), newAdminUsersRestore(e),
			newAdminUsersResetTOTP(e)),
		group("organizations", "Organizations", newAdminOrgsList(e), newAdminOrgsShow(e), newAdminOrgsSuspend(e), newAdminOrgsRestore(e), newAdminOrgsPlan(e)),
		group("keys", "API keys of all organizations, and those of the platform", newAdminKeysList(e), newAdminKeysRevoke(e), newAdminKeysCreate(e)),
		newAdminAudit(e))
}

// governing runs f over the accounts of a deployment that is there, also beside a
// server. What the caller did wrong is bad input.
func (e *env) governing(ctx context.Context, f func(*account.Service, *store) error) error {
	return e.withStore(ctx, false, func(s *store) error { return refused(f(s.accounts, s)) })
}

// user finds the one that an argument names, by id or address.
func (s *store) user(ctx context.Context, ref string) (asset.ID, error) {
	if id, err := uuid.Parse(ref); err == nil {
		return id, nil
	}
	u, err := s.rows.UserByEmail(ctx, ref)
	if err == nil && u == nil {
		err = inputError(fmt.Errorf("there is no user %s", ref))
	}
	if err != nil {
		return asset.ID{}, err
	}
	return u.ID, nil
}

// reference finds the organization that an argument names, by id or slug.
func (s *store) reference(ctx context.Context, ref string) (asset.ID, error) {
	if id, err := uuid.Parse(ref); err == nil {
		return id, nil
	}
	o, err := s.rows.OrganizationBySlug(ctx, ref)
	if err != nil {
		return asset.ID{}, err
	}
	return o.ID, nil
}

// everything reads a list to its end, or to most items.
func everything[T any](most int, read func(db.Page) ([]T, int, error)) (all []T, total int, err error) {
	all = []T{}
	for page := 1; ; page++ {
		found, n, err := read(db.Page{Number: page, Size: db.MaxPageSize})
		if err != nil {
			return nil, 0, err
		}
		all, total = append(all, found...), n
		if most > 0 && len(all) >= most {
			return all[:most], total, nil
		}
		if len(found) == 0 || len(all) >= total {
			return all, total, nil
		}
	}
}
