package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
)

// createdKey is what `keys create` answers.
type createdKey struct {
	ID           string     `json:"id"`
	Key          string     `json:"key"` // whole, this once
	Name         string     `json:"name"`
	Scopes       []string   `json:"scopes"`
	Organization string     `json:"organization_id"`
	Slug         string     `json:"organization_slug"`
	ExpiresAt    *time.Time `json:"expires_at"`
}

func newKeysCreate(e *env) *cobra.Command {
	var who owner
	var n account.NewAPIKey
	var days int
	c := &cobra.Command{
		Use:   "create --name NAME --scopes read,sealing",
		Short: "Make an API key and print it, this once",
		Long: `Make an API key and print it; it is not shown again. In a deployment without any
organization one called default is made, so that a key is there from the first
start. Scopes: read, write, verify, commit, webhooks, sealing, admin. The scope
platform is for keys of the operator's own; see certana admin keys create.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if n.Name == "" || len(n.Scopes) == 0 {
				return usageError(errors.New("--name and --scopes are needed"))
			}
			if c.Flags().Changed("expires-in-days") {
				n.ExpiresInDays = &days
			}
			return e.withStore(c.Context(), true, func(s *store) error { return e.createKey(c.Context(), s, who, n) })
		},
	}
	who.flags(c)
	f := c.Flags()
	f.StringVar(&n.Name, "name", "", "what the key is for")
	f.StringSliceVar(&n.Scopes, "scopes", nil, "what it may do, with commas between")
	f.IntVar(&days, "expires-in-days", 0, "1 to 3650 (default: it does not expire)")
	return c
}

func (e *env) createKey(ctx context.Context, s *store, who owner, n account.NewAPIKey) error {
	org, err := s.organization(ctx, who)
	if err != nil {
		return err
	}
	k, secret, err := s.accounts.CreateOperatorKey(ctx, org, n)
	if err != nil {
		return refused(err)
	}
	if e.json {
		return e.printJSON(createdKey{k.ID.String(), secret, k.Name, k.Scopes, org.ID.String(), org.Slug, k.ExpiresAt})
	}
	e.note("a key of organization %s, which is not shown again:", org.Slug)
	fmt.Fprintln(e.out, secret)
	return nil
}
