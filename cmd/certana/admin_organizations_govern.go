package main

import (
	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
)

func newAdminOrgsSuspend(e *env) *cobra.Command {
	stop := true
	c := &cobra.Command{
		Use:   "suspend ID|SLUG",
		Short: "Refuse everything in an organization; its public commitments stay",
		Args:  exactArgs("ID|SLUG"),
	}
	return e.govern(c, func([]string) account.PlatformPatch { return account.PlatformPatch{Suspended: &stop} })
}

func newAdminOrgsRestore(e *env) *cobra.Command {
	stop := false
	c := &cobra.Command{
		Use:   "restore ID|SLUG",
		Short: "Take back a suspension",
		Args:  exactArgs("ID|SLUG"),
	}
	return e.govern(c, func([]string) account.PlatformPatch { return account.PlatformPatch{Suspended: &stop} })
}

func newAdminOrgsPlan(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "plan ID|SLUG free|pro|enterprise",
		Short: "Grant an organization a plan",
		Args:  exactArgs("ID|SLUG", "PLAN"),
	}
	return e.govern(c, func(args []string) account.PlatformPatch { return account.PlatformPatch{Plan: &args[1]} })
}

// govern makes a command change the organization that its first argument names.
func (e *env) govern(c *cobra.Command, patch func(args []string) account.PlatformPatch) *cobra.Command {
	var reason string
	c.RunE = func(c *cobra.Command, args []string) error {
		return e.governing(c.Context(), func(s *account.Service, st *store) error {
			id, err := st.reference(c.Context(), args[0])
			if err != nil {
				return err
			}
			change := patch(args)
			change.Reason = reason
			o, err := s.GovernOrganization(c.Context(), account.Platform(), id, change)
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(showOrganization(*o))
			}
			return e.printOrganizations(showOrganization(*o))
		})
	}
	c.Flags().StringVar(&reason, "reason", "", "for the audit log")
	return c
}
