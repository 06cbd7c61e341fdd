package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
)

func newClientsRotate(e *env) *cobra.Command {
	overlap := 24
	c := &cobra.Command{
		Use:   "rotate-secret ID",
		Short: "Give an OAuth2 client another secret and print it, this once",
		Long:  `Give a confidential client another secret. The one before works on for the overlap.`,
		Args:  exactArgs("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			return e.withClient(c, args[0], func(s *store, p account.Principal, id asset.ID) error {
				client, secret, err := s.accounts.RotateClientSecret(c.Context(), p, id, time.Duration(overlap)*time.Hour)
				if err != nil {
					return err
				}
				return e.printClient(client, secret)
			})
		},
	}
	c.Flags().IntVar(&overlap, "overlap-hours", overlap, "how long the old secret works on: 0 to 720")
	return c
}

func newClientsDelete(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "delete ID",
		Short: "Delete an OAuth2 client and end all that it was given",
		Args:  exactArgs("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			return e.withClient(c, args[0], func(s *store, p account.Principal, id asset.ID) error {
				return s.accounts.DeleteClient(c.Context(), p, id)
			})
		},
	}
}
