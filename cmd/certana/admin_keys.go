package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/db"
)

func newAdminKeysList(e *env) *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use:   "list",
		Short: "List the API keys of all organizations, masked, newest first",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return e.governing(c.Context(), func(s *account.Service, _ *store) error {
				found, total, err := everything(limit, func(p db.Page) ([]account.APIKey, int, error) {
					return s.AllAPIKeys(c.Context(), account.Platform(), p)
				})
				if err != nil {
					return err
				}
				items := make([]listedKey, len(found))
				for i, k := range found {
					items[i] = listKey(k)
				}
				if e.json {
					return e.printJSON(map[string]any{"items": items, "total": total})
				}
				w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
				for _, k := range items {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Organization, k.Key, k.state(), strings.Join(k.Scopes, ","), k.Name)
				}
				return w.Flush()
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", 100, "how many at most; 0 for all")
	return c
}

func newAdminKeysRevoke(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "End an API key of whatever organization now",
		Args:  exactArgs("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return usageError(fmt.Errorf("%q is no key id; see certana admin keys list", args[0]))
			}
			return e.governing(c.Context(), func(s *account.Service, _ *store) error {
				if err := s.RevokeAnyKey(c.Context(), account.Platform(), id); err != nil {
					return err
				}
				if e.json {
					return e.printJSON(map[string]any{"id": id, "revoked": true})
				}
				_, err := fmt.Fprintf(e.out, "%s is revoked\n", id)
				return err
			})
		},
	}
}

func newAdminKeysCreate(e *env) *cobra.Command {
	var name string
	var days int
	c := &cobra.Command{
		Use:   "create --name NAME",
		Short: "Make a key for the operator's API and print it, this once",
		Long: `Make a key with the scope platform, for /v1/platform, and print it; it is not
shown again. It belongs to an organization of the platform's own, which no customer
can reach.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if name == "" {
				return usageError(errors.New("--name is needed"))
			}
			var expires *int
			if c.Flags().Changed("expires-in-days") {
				expires = &days
			}
			return e.withStore(c.Context(), true, func(s *store) error {
				k, secret, err := s.accounts.CreatePlatformKey(c.Context(), name, expires)
				if err != nil {
					return refused(err)
				}
				if e.json {
					o, err := s.rows.OrganizationByID(c.Context(), k.OrganizationID)
					if err != nil {
						return err
					}
					return e.printJSON(createdKey{k.ID.String(), secret, k.Name, k.Scopes, o.ID.String(), o.Slug, k.ExpiresAt})
				}
				e.note("a key of the platform, which is not shown again:")
				_, err = fmt.Fprintln(e.out, secret)
				return err
			})
		},
	}
	c.Flags().StringVar(&name, "name", "", "what the key is for")
	c.Flags().IntVar(&days, "expires-in-days", 0, "1 to 3650 (default: it does not expire)")
	return c
}
