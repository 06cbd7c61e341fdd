package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
)

func newAdminUsersSuspend(e *env) *cobra.Command {
	return e.userChange(suspension(true), &cobra.Command{
		Use:   "suspend ID|EMAIL",
		Short: "End a user's sessions, let them open none, and stop the keys that they made",
	})
}

func newAdminUsersRestore(e *env) *cobra.Command {
	return e.userChange(suspension(false), &cobra.Command{
		Use:   "restore ID|EMAIL",
		Short: "Let a suspended user in again; their keys work again too",
	})
}

func newAdminUsersResetTOTP(e *env) *cobra.Command {
	return e.userChange((*account.Service).ResetTOTP, &cobra.Command{
		Use:   "reset-totp ID|EMAIL",
		Short: "Switch off the second factor of a user who has lost it, and end their sessions",
	})
}

// userChange is what is done to a user, for a reason.
type userChange func(s *account.Service, ctx context.Context, p account.Principal, id asset.ID, reason string) (*account.PlatformUser, error)

func suspension(on bool) userChange {
	return func(s *account.Service, ctx context.Context, p account.Principal, id asset.ID, reason string) (*account.PlatformUser, error) {
		return s.SuspendUser(ctx, p, id, on, reason)
	}
}

func (e *env) userChange(change userChange, c *cobra.Command) *cobra.Command {
	var reason string
	c.Args = exactArgs("ID|EMAIL")
	c.RunE = func(c *cobra.Command, args []string) error {
		return e.governing(c.Context(), func(s *account.Service, st *store) error {
			id, err := st.user(c.Context(), args[0])
			if err != nil {
				return err
			}
			u, err := change(s, c.Context(), account.Platform(), id, reason)
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
