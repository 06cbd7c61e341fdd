package main

import (
	"bufio"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

func newAsset(e *env) *cobra.Command {
	return group("asset", "Work on assets at rest", newAssetCAR(e))
}

func newAssetCAR(e *env) *cobra.Command {
	var withOriginal bool
	c := &cobra.Command{
		Use:   "car ID OUT",
		Short: "Export an asset as a CAR file that IPFS tools import",
		Long: `Export a completed asset as a CARv1 file: the provenance record, the nodes of
both renditions, and the watermarked picture's blocks. Every CID is recomputed
from the stored bytes; one that is not on record ends the export.`,
		Args: exactArgs("ID", "OUT"),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return usageError(fmt.Errorf("%q is no asset id", args[0]))
			}
			return e.withRecords(c.Context(), func(r *records) error {
				a, err := r.rows.AssetByID(c.Context(), id)
				if err != nil {
					return inputError(err)
				}
				n, err := writeWhole(args[1], func(w *bufio.Writer) error {
					return r.pipeline.WriteCAR(c.Context(), w, *a, withOriginal)
				})
				if err != nil {
					return err
				}
				if e.json {
					return e.printJSON(map[string]any{"asset_id": a.ID, "root": a.CID, "file": args[1], "bytes": n})
				}
				fmt.Fprintf(e.out, "%s: %d bytes, root %s\n", args[1], n, a.CID)
				return nil
			})
		},
	}
	c.Flags().BoolVar(&withOriginal, "with-original", false, "put the original picture's blocks in too")
	return c
}
