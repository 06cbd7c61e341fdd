package main

import (
	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
)

func newAdminUsersSuspend(e *env) *cobra.Command {
	return e.userSwitch(true, &cobra.Command{
		Use:   "suspend ID|EMAIL",
		Short: "End a user's sessions, let them open none, and stop the keys that they made",
	})
}

func newAdminUsersRestore(e *env) *cobra.Command {
	return e.userSwitch(false, &cobra.Command{
		Use:   "restore ID|EMAIL",
		Short: "Let a suspended user in again; their keys work again too",
	})
}

func (e *env) userSwitch(suspended bool, c *cobra.Command) *cobra.Command {
	var reason string
	c.Args = exactArgs("ID|EMAIL")
	c.RunE = func(c *cobra.Command, args []string) error {
		return e.governing(c.Context(), func(s *account.Service, st *store) error {
			id, err := st.user(c.Context(), args[0])
			if err != nil {
				return err
			}
			u, err := s.SuspendUser(c.Context(), account.Platform(), id, suspended, reason)
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(showUser(*u))
			}
			return e.printUsers(showUser(*u))
		})
	}
	c.Flags().StringVar(&reason, "reason", "", "for the audit log")
	return c
}
