package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/app"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/fsck"
	"github.com/certana/certana/internal/ledger"
	"github.com/certana/certana/internal/pipeline"
)

func newFsck(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "fsck",
		Short: "Check every picture, name, signature and proof at rest",
		Long: `Rehash every picture against its row, recompute the CIDs, check every signature
and inclusion proof, rebuild the log's tree, and look for pictures that nothing
refers to. Changes nothing, and works beside a running server. Exits with 1 when
something is wrong.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.fsck(c.Context()) },
	}
}

func (e *env) fsck(ctx context.Context) error {
	var report fsck.Report
	err := e.withRecords(ctx, func(r *records) (err error) {
		show := e.progress("assets")
		seen := 0
		report, err = fsck.Run(ctx, fsck.Parts{
			Rows: r.rows, Blobs: r.blobs, Records: r.pipeline, Log: r.log, Now: time.Now,
			Progress: func(done int) { seen = done; show(done, -1) },
		})
		show(seen, seen)
		return err
	})
	if err != nil {
		return err
	}
	if e.json {
		if err := e.printJSON(report); err != nil {
			return err
		}
	} else {
		for _, f := range report.Findings {
			fmt.Fprintln(e.out, f)
		}
		fmt.Fprintf(e.out, "%d assets, %d pictures, %d commitments, %d log entries, %d serial numbers: ",
			report.Assets, report.Pictures, report.Commitments, report.LogEntries, report.Serials)
		if len(report.Findings) == 0 {
			fmt.Fprintln(e.out, "all is well")
		} else {
			fmt.Fprintf(e.out, "%d things are wrong\n", len(report.Findings))
		}
	}
	if len(report.Findings) > 0 {
		return errNo
	}
	return nil
}

// records is a deployment opened for reading what it has on record.
type records struct {
	*store
	blobs    *blob.Store
	log      *ledger.Reader // nil when there is no log yet
	pipeline *pipeline.Pipeline
}

// withRecords opens the records, which must be there, for the time of f.
func (e *env) withRecords(ctx context.Context, f func(*records) error) (err error) {
	cfg, err := e.load(nil)
	if err != nil {
		return err
	}
	s, err := e.openStore(ctx, cfg, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	blobs, err := blob.Open(ctx, cfg.Blobs)
	if err != nil {
		return inputError(err)
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	log, err := ledger.OpenReader(app.LogDir(s.cfg.Data))
	if err != nil && !errors.Is(err, ledger.ErrNoLog) {
		return err
	}
	scratch, err := os.MkdirTemp("", "certana-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	p, err := app.Records(ctx, s.options(), blobs, log, scratch)
	if err != nil {
		return err
	}
	return f(&records{s, blobs, log, p})
}
