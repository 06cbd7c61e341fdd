package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/sealing"
)

func newSealing(e *env) *cobra.Command {
	return group("sealing", "Work on sealing images", newSealingImport(e))
}

func newSealingImport(e *env) *cobra.Command {
	var who owner
	var o sealing.ImportOptions
	c := &cobra.Command{
		Use:   "import --csv FILE --images DIR",
		Short: "Load serial numbers and their pictures",
		Long: `Load serial numbers and their pictures from a CSV with the columns serial_number,
image (a name in the folder) and date_of_sealing (YYYY-MM-DD HH:MM:SS, UTC). Run it
again after an interruption: what is there already is skipped. Rows that are wrong
are reported and left out, and the exit code is then 3.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.CSV == "" || o.ImagesDir == "" {
				return usageError(errors.New("--csv and --images are needed"))
			}
			return e.withStore(c.Context(), true, func(s *store) error { return e.importSealing(c.Context(), s, who, o) })
		},
	}
	f := c.Flags()
	f.StringVar(&o.CSV, "csv", "", "the file with a row for each serial number")
	f.StringVar(&o.ImagesDir, "images", "", "the folder that holds the pictures")
	f.IntVar(&o.Workers, "workers", 4, "pictures stored at a time")
	who.flags(c)
	return c
}

func (e *env) importSealing(ctx context.Context, s *store, who owner, o sealing.ImportOptions) (err error) {
	org, err := s.organization(ctx, who)
	if err != nil {
		return err
	}
	blobs, err := blob.Open(ctx, s.cfg.Blobs)
	if err != nil {
		return inputError(err)
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	o.OrganizationID = org.ID
	o.Progress = e.progress("serial numbers")
	type problem struct {
		Line   int    `json:"line"`
		Reason string `json:"reason"`
	}
	problems := []problem{}
	o.Problem = func(line int, reason string) {
		problems = append(problems, problem{line, reason})
		e.note("line %d: %s", line, reason)
	}
	done, err := sealing.Import(ctx, s.rows, blobs, s.cfg.Sealing, o)
	switch {
	case err == nil:
	case done == (sealing.ImportSummary{}) && !errors.Is(err, blob.ErrUnavailable) && ctx.Err() == nil:
		return inputError(err) // the CSV or the folder: nothing was tried yet
	default:
		return fmt.Errorf("%w (after %d imported, %d skipped; run it again to go on)", err, done.Imported, done.Skipped)
	}
	if e.json {
		err = e.printJSON(map[string]any{"imported": done.Imported, "skipped": done.Skipped, "failed": done.Failed, "problems": problems})
	} else {
		_, err = fmt.Fprintf(e.out, "%d imported, %d skipped, %d left out\n", done.Imported, done.Skipped, done.Failed)
	}
	if err == nil && done.Failed > 0 {
		err = inputError(fmt.Errorf("%d rows were left out", done.Failed))
	}
	return err
}
