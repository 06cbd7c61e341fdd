package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/db"
)

// shownOrganization is an organization as the commands print one, with the API's
// names.
type shownOrganization struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"`
	Slug         string     `json:"slug"`
	OwnerID      string     `json:"owner_id"`
	Plan         string     `json:"plan"`
	Personal     bool       `json:"personal"`
	MembersCount int        `json:"members_count"`
	AssetsCount  int        `json:"assets_count"`
	CreatedAt    time.Time  `json:"created_at"`
	SuspendedAt  *time.Time `json:"suspended_at"`
	DeletedAt    *time.Time `json:"deleted_at"`
	EraseAt      *time.Time `json:"erase_at"`
}

func showOrganization(o account.Organization) shownOrganization {
	return shownOrganization{o.ID.String(), o.Name, o.Slug, o.OwnerID.String(), o.Plan, o.Personal, o.MembersCount, o.AssetsCount,
		o.CreatedAt.UTC(), o.SuspendedAt, o.DeletedAt, o.EraseAt}
}

func (o shownOrganization) state() string {
	switch {
	case o.DeletedAt != nil:
		return "deleted"
	case o.SuspendedAt != nil:
		return "suspended"
	}
	return "active"
}

func (e *env) printOrganizations(all ...shownOrganization) error {
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for _, o := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d members\t%d assets\t%s\n", o.ID, o.Slug, o.Plan, o.state(), o.MembersCount, o.AssetsCount, o.Name)
	}
	return w.Flush()
}

func newAdminOrgsList(e *env) *cobra.Command {
	var search string
	var limit int
	c := &cobra.Command{
		Use:   "list",
		Short: "List organizations, newest first",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return e.governing(c.Context(), func(s *account.Service, _ *store) error {
				found, total, err := everything(limit, func(p db.Page) ([]account.Organization, int, error) {
					return s.AllOrganizations(c.Context(), account.Platform(), search, p)
				})
				if err != nil {
					return err
				}
				items := make([]shownOrganization, len(found))
				for i, o := range found {
					items[i] = showOrganization(o)
				}
				if e.json {
					return e.printJSON(map[string]any{"items": items, "total": total})
				}
				return e.printOrganizations(items...)
			})
		},
	}
	c.Flags().StringVar(&search, "search", "", "only those whose name or slug holds this")
	c.Flags().IntVar(&limit, "limit", 100, "how many at most; 0 for all")
	return c
}

func newAdminOrgsShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID|SLUG",
		Short: "Show an organization",
		Args:  exactArgs("ID|SLUG"),
		RunE: func(c *cobra.Command, args []string) error {
			return e.governing(c.Context(), func(s *account.Service, st *store) error {
				id, err := st.reference(c.Context(), args[0])
				if err != nil {
					return err
				}
				o, err := s.AnyOrganization(c.Context(), account.Platform(), id)
				if err != nil {
					return err
				}
				if e.json {
					return e.printJSON(showOrganization(*o))
				}
				return e.printOrganizations(showOrganization(*o))
			})
		},
	}
}
