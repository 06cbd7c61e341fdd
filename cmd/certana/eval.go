package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/eval"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
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
			var err error
			if o.Tracks, o.Fragile, err = e.drawnTracks(tracks, key, psnr, psnrB); err != nil {
				return err
			}
			if o.Suite, err = eval.SuiteByName(suite); err != nil {
				return usageError(fmt.Errorf("--suite: %w", err))
			}
			if o.Corpus == "" {
				return usageError(fmt.Errorf("--corpus is missing: a folder of pictures"))
			}
			o.Settings = settings(key, psnr, psnrB)
			o.Progress = e.progress("decodes")
			s, err := eval.Run(c.Context(), o)
			if err == nil && o.Out != "" {
				err = writeRecovery(c.Context(), c, o, s)
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
	evalFlags(c, &tracks, &key, &psnr, &o.Jobs, &o.Seed)
	c.AddCommand(newEvalFPR(e), newEvalTamper(e))
	return c
}

// evalFlags are the flags of both measurements.
func evalFlags(c *cobra.Command, tracks, key *string, psnr *float64, jobs *int, seed *int64) {
	f := c.Flags()
	f.StringVar(tracks, "tracks", "a", "which tracks")
	keyFlag(c, key)
	f.Float64Var(psnr, "psnr", 0, "target of track A over R, G and B, in dB; 0 is the default")
	f.IntVar(jobs, "jobs", 0, "pictures at a time; 0 is one per CPU")
	f.Int64Var(seed, "seed", 1, "payloads and the random choices of attacks follow from it")
}

func (e *env) evalTracks(names, givenKey string, psnr float64) ([]watermark.Track, error) {
	key, _, err := e.offlineKey(givenKey)
	if err != nil {
		return nil, err
	}
	return buildTracks(names, key, psnr)
}

// settings says in words how tracks are made otherwise than by default. A key is
// known by a hash of it.
func settings(key string, psnr, psnrB float64) string {
	var words []string
	if key != "" {
		words = append(words, fmt.Sprintf("key %x", sha256.Sum256([]byte(key)))[:4+8])
	}
	if psnr != 0 {
		words = append(words, fmt.Sprintf("track A at %g dB", psnr))
	}
	if psnrB != 0 {
		words = append(words, fmt.Sprintf("track B at %g dB", psnrB))
	}
	return strings.Join(words, ", ")
}

func psnrBFlag(c *cobra.Command, psnr *float64) {
	c.Flags().Float64Var(psnr, "psnr-b", 0, "least PSNR of track B over R, G and B, in dB; 0 is the default")
}

// drawnTracks makes the tracks that are decoded and, when it is named too, track
// B. Where several share a picture, those without a PSNR of their own get their
// share of the deployment's default budget.
func (e *env) drawnTracks(names, givenKey string, psnr, psnrB float64) ([]watermark.Track, *fragile.Track, error) {
	var rest []string
	fragileToo := false
	for _, n := range strings.Split(strings.ToLower(names), ",") {
		if n = strings.TrimSpace(n); n == "b" {
			fragileToo = true
		} else {
			rest = append(rest, n)
		}
	}
	if fragileToo && len(rest) > 0 {
		share := watermark.DefaultConfig()
		psnr, psnrB = cmp.Or(psnr, share.RobustPSNR), cmp.Or(psnrB, share.FragilePSNR)
	}
	var tracks []watermark.Track
	var err error
	if len(rest) > 0 {
		if tracks, err = e.evalTracks(strings.Join(rest, ","), givenKey, psnr); err != nil {
			return nil, nil, err
		}
	}
	if !fragileToo {
		return tracks, nil, nil
	}
	key, _, err := e.offlineKey(givenKey)
	return tracks, fragile.New(key, fragile.Config{PSNR: psnrB}), err
}
