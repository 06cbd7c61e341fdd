package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/db"
)

// shownUser is a user as the commands print one, with the API's names.
type shownUser struct {
	ID            string     `json:"id"`
	Email         string     `json:"email"`
	FullName      string     `json:"full_name"`
	Tier          string     `json:"tier"`
	EmailVerified bool       `json:"email_verified"`
	TOTPEnabled   bool       `json:"totp_enabled"`
	CreatedAt     time.Time  `json:"created_at"`
	SuspendedAt   *time.Time `json:"suspended_at"`
	EraseAt       *time.Time `json:"erase_at"`
}

func showUser(u account.PlatformUser) shownUser {
	return shownUser{u.ID.String(), u.Email, u.FullName, u.Tier, u.EmailVerifiedAt != nil, u.TOTPConfirmedAt != nil,
		u.CreatedAt.UTC(), u.SuspendedAt, u.EraseAt}
}

func (e *env) printUsers(users ...shownUser) error {
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for _, u := range users {
		state := "active"
		switch {
		case u.EraseAt != nil:
			state = "closed"
		case u.SuspendedAt != nil:
			state = "suspended"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", u.ID, u.Email, u.Tier, state, u.FullName)
	}
	return w.Flush()
}

func newAdminUsersList(e *env) *cobra.Command {
	var search string
	var limit int
	c := &cobra.Command{
		Use:   "list",
		Short: "List users, newest first",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return e.governing(c.Context(), func(s *account.Service, _ *store) error {
				found, total, err := everything(limit, func(p db.Page) ([]account.PlatformUser, int, error) {
					return s.Users(c.Context(), account.Platform(), search, p)
				})
				if err != nil {
					return err
				}
				items := make([]shownUser, len(found))
				for i, u := range found {
					items[i] = showUser(u)
				}
				if e.json {
					return e.printJSON(map[string]any{"items": items, "total": total})
				}
				return e.printUsers(items...)
			})
		},
	}
	c.Flags().StringVar(&search, "search", "", "only those whose address or name holds this")
	c.Flags().IntVar(&limit, "limit", 100, "how many at most; 0 for all")
	return c
}

func newAdminUsersShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID|EMAIL",
		Short: "Show a user",
		Args:  exactArgs("ID|EMAIL"),
		RunE: func(c *cobra.Command, args []string) error {
			return e.governing(c.Context(), func(s *account.Service, st *store) error {
				id, err := st.user(c.Context(), args[0])
				if err != nil {
					return err
				}
				u, err := s.PlatformUser(c.Context(), account.Platform(), id)
				if err != nil {
					return err
				}
				if e.json {
					return e.printJSON(showUser(*u))
				}
				return e.printUsers(showUser(*u))
			})
		},
	}
}
