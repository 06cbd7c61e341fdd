package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newKeysRotateSigning(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate-signing",
		Short: "Sign access tokens with another key from now on",
		Long: `Make another key for access tokens and ID tokens and print its id (kid). A running
server signs with it within a minute; tokens that it signed before work until they
expire, and the old key stays published as long.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return e.withStore(c.Context(), false, func(s *store) error {
				kid, err := s.accounts.RotateSigningKey(c.Context())
				if err != nil {
					return err
				}
				if e.json {
					return e.printJSON(map[string]string{"kid": kid})
				}
				_, err = fmt.Fprintln(e.out, kid)
				return err
			})
		},
	}
}
