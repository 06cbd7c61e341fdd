package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/bench"
	"github.com/certana/certana/internal/config"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/verify"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
	"github.com/certana/certana/internal/watermark/spread"
)

func newBench(e *env) *cobra.Command {
	runs, stagesOnly := 5, false
	c := &cobra.Command{
		Use:   "bench",
		Short: "Time every part on this machine, against a plain JPEG transcode",
		Long: `Time every stage of marking and reading on one thread, on pictures of 0.4, 2, 12
and 24 megapixels; then, on all threads, every part, a whole certification and
whole verifications on pictures of 0.4, 2 and 12 megapixels, against decoding and
encoding the same JPEG. Uses a deployment of its own in a temporary folder.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			runs = max(runs, 1)
			stages, err := benchStages(c.Context(), runs, e.progress("sizes, stages"))
			if err != nil {
				return err
			}
			var whole []bench.Result
			if !stagesOnly {
				if whole, err = e.bench(c.Context(), runs); err != nil {
					return err
				}
			}
			return e.printBench(stages, whole)
		},
	}
	c.Flags().IntVar(&runs, "runs", runs, "runs of each part, of which the median counts")
	c.Flags().BoolVar(&stagesOnly, "stages", false, "only the stages, without a deployment")
	c.AddCommand(newBenchHTTP(e))
	return c
}

// bench times the parts and the whole in a deployment of its own.
func (e *env) bench(ctx context.Context, runs int) (out []bench.Result, err error) {
	dir, err := os.MkdirTemp("", "certana-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cfg, err := config.Load(config.Input{Flags: map[string]string{"data": dir, "log.level": "warn"}})
	if err != nil {
		return nil, err
	}
	s, err := e.openStore(ctx, cfg, true)
	if err != nil {
		return nil, err
	}
	a, err := newServer(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.close(context.WithoutCancel(ctx))) }()
	d := &benchDeployment{server: a}
	if d.org, err = s.accounts.OperatorOrganization(ctx, ""); err != nil {
		return nil, err
	}
	return bench.Run(ctx, bench.Options{
		Sizes: bench.Sizes, Runs: runs, Deployment: d,
		Track: spread.New(watermark.TestKey, spread.Config{}), Progress: e.progress("sizes"),
	})
}

func (e *env) printBench(stages []bench.StageResult, whole []bench.Result) error {
	if e.json {
		return e.printJSON(map[string]any{"stages": stages, "results": whole})
	}
	if err := bench.WriteStages(e.out, stages); err != nil || len(whole) == 0 {
		return err
	}
	fmt.Fprintln(e.out)
	return bench.WriteTable(e.out, whole)
}

func benchStages(ctx context.Context, runs int, progress func(done, total int)) ([]bench.StageResult, error) {
	foreign := watermark.TestKey
	foreign[0]++
	return bench.Stages(ctx, bench.StageOptions{
		Sizes: bench.StageSizes, Runs: runs, Progress: progress,
		A: spread.New(watermark.TestKey, spread.Config{}), Foreign: spread.New(foreign, spread.Config{}),
		B: fragile.New(watermark.TestKey, fragile.Config{}),
	})
}

// benchDeployment asks the rooms behind the doors.
type benchDeployment struct {
	*server
	org  *db.Organization
	last *asset.ID // certified last
}

// Certify implements bench.Deployment.
func (d *benchDeployment) Certify(ctx context.Context, jpeg []byte) ([]byte, error) {
	file, err := d.Pipeline.Spooler().Spool(bytes.NewReader(jpeg))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	a, err := d.Pipeline.Accept(ctx, pipeline.Upload{
		OrganizationID: d.org.ID, File: file, Filename: "bench.jpg",
		Options: asset.Options{TrackA: true, TrackB: true, MetadataTracking: true, BlockchainCommit: true},
	})
	if err != nil {
		return nil, err
	}
	// The stage itself: how soon the queue gets to it is not its cost.
	if err := d.Pipeline.Certify(ctx, a.ID); err != nil {
		return nil, err
	}
	if a, err = d.Pipeline.Get(ctx, d.org.ID, a.ID); err != nil {
		return nil, err
	}
	d.last = &a.ID
	content, err := d.Pipeline.Content(ctx, a, asset.Watermarked)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return io.ReadAll(content)
}

// Settle implements bench.Deployment: the last asset is traced, and its statement
// is in the log.
func (d *benchDeployment) Settle(ctx context.Context) error {
	if d.last == nil {
		return nil
	}
	if err := d.Pipeline.Trace(ctx, *d.last); err != nil {
		return err
	}
	return d.Pipeline.Append(ctx, *d.last)
}

// Verify implements bench.Deployment.
func (d *benchDeployment) Verify(ctx context.Context, jpeg []byte) (string, error) {
	file, err := d.Pipeline.Spooler().Spool(bytes.NewReader(jpeg))
	if err != nil {
		return "", err
	}
	defer file.Close()
	r, err := d.Verifier.Verify(ctx, file, verify.Options{OrgID: &d.org.ID})
	return string(r.Verdict), err
}
