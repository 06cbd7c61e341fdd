package main

import "github.com/spf13/cobra"

func newWatermark(e *env) *cobra.Command {
	return group("watermark", "Embed and decode watermarks, without a server", newEmbed(e), newDecode(e))
}

// keyFlag adds --key to an offline command.
func keyFlag(c *cobra.Command, key *string) {
	c.Flags().StringVar(key, "key", "", "watermark key, 64 hex digits (default: the deployment's under --data, else the published test key)")
}
