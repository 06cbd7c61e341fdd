package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// listedKey is one key of `keys list`.
type listedKey struct {
	ID           string     `json:"id"`
	Key          string     `json:"key"` // masked
	Name         string     `json:"name"`
	Scopes       []string   `json:"scopes"`
	Organization string     `json:"organization_id"`
	Active       bool       `json:"is_active"`
	ExpiresAt    *time.Time `json:"expires_at"`
	LastUsedAt   *time.Time `json:"last_used_at"`
	CreatedAt    time.Time  `json:"created_at"`
	RotatedFrom  *asset.ID  `json:"rotated_from"`
	ReplacedBy   *asset.ID  `json:"replaced_by"`
}

func listKey(k db.APIKey) listedKey {
	return listedKey{k.ID.String(), k.Masked, k.Name, k.Scopes, k.OrganizationID.String(),
		k.Active(time.Now()), k.ExpiresAt, k.LastUsedAt, k.CreatedAt, k.RotatedFrom, k.ReplacedBy}
}

// state is whether the key works, in a word.
func (k listedKey) state() string {
	if k.Active {
		return "active"
	}
	return "ended"
}

func newKeysList(e *env) *cobra.Command {
	var who owner
	c := &cobra.Command{
		Use:   "list",
		Short: "List the API keys of an organization, masked",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			items := []listedKey{}
			err := e.withStore(c.Context(), false, func(s *store) error {
				org, err := s.organization(c.Context(), who)
				if err != nil {
					return err
				}
				found, _, err := everything(0, func(p db.Page) ([]db.APIKey, int, error) {
					return s.rows.APIKeys(c.Context(), org.ID, nil, p)
				})
				for _, k := range found {
					items = append(items, listKey(k))
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
			for _, k := range items {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.ID, k.Key, k.state(), strings.Join(k.Scopes, ","), k.Name)
			}
			return w.Flush()
		},
	}
	who.flags(c)
	return c
}
