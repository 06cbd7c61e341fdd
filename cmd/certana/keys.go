package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func newKeys(e *env) *cobra.Command {
	return group("keys", "Make and manage API keys without the API",
		newKeysCreate(e), newKeysList(e), newKeysRotate(e), newKeysRevoke(e), newKeysRotateSigning(e))
}

// owner are the flags that say whose keys are meant.
type owner struct{ organization, email string }

func (o *owner) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.organization, "organization", "", "id or slug of the organization (default: the only one)")
	c.Flags().StringVar(&o.email, "email", "", "address of a user, for their personal organization")
}

// withStore opens the deployment for the time of f. Where there is none, begin
// makes one and otherwise it is bad input.
func (e *env) withStore(ctx context.Context, begin bool, f func(*store) error) error {
	cfg, err := e.load(nil)
	if err != nil {
		return err
	}
	s, err := e.openStore(ctx, cfg, begin)
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.close())
}

// organization finds the one that is meant; in a deployment without any, "" makes
// the first.
func (s *store) organization(ctx context.Context, o owner) (*db.Organization, error) {
	if o.email != "" {
		u, err := s.rows.UserByEmail(ctx, o.email)
		if err != nil {
			return nil, err
		}
		if u == nil {
			return nil, inputError(fmt.Errorf("there is no user %s", o.email))
		}
		return s.rows.PersonalOrganization(ctx, u.ID)
	}
	org, err := s.accounts.OperatorOrganization(ctx, o.organization)
	return org, refused(err)
}

// refused turns an error that is the caller's fault into bad input.
func refused(err error) error {
	var e *asset.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case asset.ValidationError, asset.NotFound, asset.AssetNotFound, asset.Forbidden, asset.InsufficientScope, asset.Conflict:
		return inputError(errors.New(e.Detail))
	}
	return err
}
