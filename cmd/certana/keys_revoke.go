package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/asset"
)

func newKeysRevoke(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "End an API key now",
		Args:  exactArgs("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return usageError(fmt.Errorf("%q is no key id; see certana keys list", args[0]))
			}
			return e.withStore(c.Context(), false, func(s *store) error { return e.revokeKey(c.Context(), s, id) })
		},
	}
}

func (e *env) revokeKey(ctx context.Context, s *store, id asset.ID) error {
	org, k, err := s.keyByID(ctx, id)
	if err != nil {
		return err
	}
	if err := s.accounts.RevokeOperatorKey(ctx, org, id); err != nil {
		return err
	}
	if e.json {
		return e.printJSON(map[string]any{"id": id, "revoked": true})
	}
	fmt.Fprintf(e.out, "%s (%s) is revoked\n", k.Masked, k.Name)
	return nil
}
