package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/eval"
)

func newEval(e *env) *cobra.Command {
	var o eval.Options
	var suite, tracks, key string
	var psnr, psnrB float64
	c := &cobra.Command{
		Use:   "eval --corpus DIR",
		Short: "Measure what the watermark survives, over a folder of pictures",
		Long: `Measure what the watermark survives: mark every picture of a folder, attack it,
decode, and count the payloads that came back. Prints Markdown tables. With --out
every decode is kept as a line of rows.jsonl, a run that was interrupted goes on
where it stopped, and report.html shows what it came to.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := e.drawnTracks(tracks, key, psnr, psnrB)
			if err != nil {
				return err
			}
			if len(d.tracks) == 0 {
				return usageError(fmt.Errorf("--tracks: what track b does is measured by eval tamper; here it can only be drawn over others, as in a,b"))
			}
			o.Tracks, o.Fragile, o.Settings = d.tracks, d.fragile, d.settings
			if o.Suite, err = eval.SuiteByName(suite); err != nil {
				return usageError(fmt.Errorf("--suite: %w", err))
			}
			if o.Corpus == "" {
				return usageError(fmt.Errorf("--corpus is missing: a folder of pictures"))
			}
			o.Progress = e.progress("decodes")
			s, err := eval.Run(c.Context(), o)
			if err == nil && o.Out != "" {
				err = writeRecovery(c.Context(), c, o, s, d.made)
			}
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(s)
			}
			return s.WriteTable(e.out)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Corpus, "corpus", "", "folder of pictures")
	f.StringVar(&suite, "suite", "standard", "which attacks: standard (52), extras, beyond, large, all, or single ones such as jpeg:50, with commas")
	f.IntVar(&o.Limit, "limit", 0, "measure so many files, spread evenly; 0 is all")
	f.IntVar(&o.MaxSide, "max-side", 0, "shrink larger pictures to this long side first; 0 keeps them")
	f.IntVar(&o.Windows, "windows", 0, "measure so many windows of each picture at its own resolution; 0 takes it whole")
	f.Float64Var(&o.WindowMegapixels, "window-megapixels", 2, "size of each window")
	f.StringVar(&o.Out, "out", "", "folder for rows.jsonl, summary.json and report.html")
	psnrBFlag(c, &psnrB)
	psnrFlag(c, &psnr)
	evalFlags(c, &tracks, &key, &o.Jobs, &o.Seed)
	c.AddCommand(newEvalFPR(e), newEvalTamper(e))
	return c
}

// evalFlags are the flags of all measurements.
func evalFlags(c *cobra.Command, tracks, key *string, jobs *int, seed *int64) {
	f := c.Flags()
	f.StringVar(tracks, "tracks", "a", "which tracks")
	keyFlag(c, key)
	f.IntVar(jobs, "jobs", 0, "pictures at a time; 0 is one per CPU")
	f.Int64Var(seed, "seed", 1, "payloads and the random choices of attacks follow from it")
}

func psnrFlag(c *cobra.Command, psnr *float64) {
	c.Flags().Float64Var(psnr, "psnr", 0, "target of track A over R, G and B, in dB; 0 is the default")
}

func psnrBFlag(c *cobra.Command, psnr *float64) {
	c.Flags().Float64Var(psnr, "psnr-b", 0, "least PSNR of track B over R, G and B, in dB; 0 is the default")
}
