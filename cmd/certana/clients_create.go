package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
)

func newClientsCreate(e *env) *cobra.Command {
	var who owner
	var n account.NewClient
	var public bool
	c := &cobra.Command{
		Use:   "create --name NAME",
		Short: "Register an OAuth2 client and print its id and secret, this once",
		Long: `Register an OAuth2 client of an organization. It prints the client_id and, on the
next line, the secret, which is not shown again; a public client has none. Without
redirect URIs a client acts for its organization only (client_credentials).`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if n.Name == "" {
				return usageError(errors.New("--name is needed"))
			}
			if public {
				n.Kind = account.PublicClient
			}
			return e.withStore(c.Context(), true, func(s *store) error { return e.createClient(c.Context(), s, who, n) })
		},
	}
	who.flags(c)
	f := c.Flags()
	f.StringVar(&n.Name, "name", "", "what users are told that asks for access")
	f.BoolVar(&public, "public", false, "the program cannot keep a secret")
	f.StringArrayVar(&n.RedirectURIs, "redirect-uri", nil, "where users are sent back to; may be given several times")
	f.StringSliceVar(&n.Scopes, "scopes", nil, "what it may ask for at most, with commas between (default read,verify)")
	return c
}

func (e *env) createClient(ctx context.Context, s *store, who owner, n account.NewClient) error {
	org, err := s.organization(ctx, who)
	if err != nil {
		return err
	}
	c, secret, err := s.accounts.CreateClient(ctx, account.OperatorIn(org), n)
	if err != nil {
		return refused(err)
	}
	return e.printClient(c, secret)
}

// printClient prints a client with its secret, if it has one.
func (e *env) printClient(c *account.Client, secret string) error {
	if e.json {
		return e.printJSON(showClient(c, secret))
	}
	if fmt.Fprintln(e.out, c.ID); secret != "" {
		e.note("the secret of %s is not shown again:", c.Name)
		fmt.Fprintln(e.out, secret)
	}
	return nil
}
