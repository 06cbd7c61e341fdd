package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/db"
)

func newClientsList(e *env) *cobra.Command {
	var who owner
	c := &cobra.Command{
		Use:   "list",
		Short: "List the OAuth2 clients of an organization",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			items := []shownClient{}
			err := e.withStore(c.Context(), false, func(s *store) error {
				org, err := s.organization(c.Context(), who)
				if err != nil {
					return err
				}
				found, _, err := everything(0, func(p db.Page) ([]db.OAuthClient, int, error) {
					return s.rows.OAuthClients(c.Context(), org.ID, p)
				})
				for _, client := range found {
					items = append(items, showClient(&client, ""))
				}
				return err
			})
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(map[string]any{"items": items, "total": len(items)})
			}
			w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
			for _, i := range items {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", i.ID, i.Kind, strings.Join(i.Scopes, ","), i.Name, strings.Join(i.RedirectURIs, " "))
			}
			return w.Flush()
		},
	}
	who.flags(c)
	return c
}
