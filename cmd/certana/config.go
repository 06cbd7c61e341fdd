package main

import (
	"github.com/spf13/cobra"
)

func newConfig(e *env) *cobra.Command {
	return group("config", "Look at the settings", &cobra.Command{
		Use:   "print",
		Short: "Print every setting and where it came from, secrets masked",
		Long: `Print every setting and where it came from, secrets masked.

A setting is a YAML key in the configuration file (webhooks.allow_private), an
environment variable (CERTANA_WEBHOOKS_ALLOW_PRIVATE), or a flag of the command
that needs it (--addr). Flags win over the environment, the environment over the
file, the file over the defaults.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			l, err := e.load(nil)
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(map[string]any{"settings": l.Settings(), "warnings": append([]string{}, l.Warnings...)})
			}
			return l.Print(e.out)
		},
	})
}
