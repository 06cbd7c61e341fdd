package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func newKeysRotate(e *env) *cobra.Command {
	overlap := int(account.DefaultKeyOverlap / time.Hour)
	c := &cobra.Command{
		Use:   "rotate ID",
		Short: "Replace an API key and print its successor, this once",
		Long: `Make a key with the same name, scopes and end, and print it; it is not shown
again. The old key works on for the overlap, so that programs can be given the new
one meanwhile.`,
		Args: exactArgs("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return usageError(fmt.Errorf("%q is no key id; see certana keys list", args[0]))
			}
			return e.withStore(c.Context(), false, func(s *store) error {
				return e.rotateKey(c.Context(), s, id, time.Duration(overlap)*time.Hour)
			})
		},
	}
	c.Flags().IntVar(&overlap, "overlap-hours", overlap, "how long the old key works on: 0 to 720")
	return c
}

func (e *env) rotateKey(ctx context.Context, s *store, id asset.ID, overlap time.Duration) error {
	org, old, err := s.keyByID(ctx, id)
	if err != nil {
		return err
	}
	k, secret, err := s.accounts.RotateOperatorKey(ctx, org, id, overlap)
	if err != nil {
		return refused(err)
	}
	if e.json {
		return e.printJSON(rotatedKey{createdKey{k.ID.String(), secret, k.Name, k.Scopes, org.ID.String(), org.Slug, k.ExpiresAt}, id})
	}
	e.note("the successor of %s (%s), which works for %s yet; it is not shown again:", old.Masked, old.Name, overlap)
	fmt.Fprintln(e.out, secret)
	return nil
}

// rotatedKey is what `keys rotate` answers.
type rotatedKey struct {
	createdKey
	RotatedFrom asset.ID `json:"rotated_from"`
}

// keyByID looks for a key in every organization: an id names one key only.
func (s *store) keyByID(ctx context.Context, id asset.ID) (*db.Organization, *db.APIKey, error) {
	all, err := s.rows.Organizations(ctx)
	if err != nil {
		return nil, nil, err
	}
	for i := range all {
		k, err := s.rows.APIKeyByID(ctx, all[i].ID, id)
		if !asset.Is(err, asset.NotFound) {
			return &all[i], k, err
		}
	}
	return nil, nil, inputError(fmt.Errorf("there is no key %s", id))
}
