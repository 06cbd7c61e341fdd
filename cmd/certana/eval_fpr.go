package main

import (
	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/eval"
	"github.com/certana/certana/internal/eval/report"
	"github.com/certana/certana/internal/watermark/spread"
)

func newEvalFPR(e *env) *cobra.Command {
	var o eval.FalseAcceptOptions
	var trials int
	var tracks, key string
	var psnr float64
	c := &cobra.Command{
		Use:   "fpr",
		Short: "Count watermarks that are found where none is",
		Long: `Decode pictures that carry no mark, half of them crops of --corpus and half
made by code, and count the payloads that are accepted all the same; compare the
p-values that are stated with how often they come. With --trials the pictures of
--corpus are also read by track A under so many random keys; without --images
that is all that is done. With --out every decode is kept as a line of fpr.jsonl,
a run that was interrupted goes on where it stopped, and one with more --images
adds to it. Exits with 1 when a payload was accepted.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.Tracks, err = e.evalTracks(tracks, key, psnr); err != nil {
				return err
			}
			o.Settings = settings(key, psnr, 0)
			var out falseResults
			if trials == 0 || c.Flags().Changed("images") {
				o.Progress = e.progress("decodes")
				s, err := eval.FalseAccepts(c.Context(), o)
				if err != nil {
					return err
				}
				out.Images = &s
			}
			if trials > 0 {
				s, err := eval.Trials(c.Context(), eval.TrialOptions{Corpora: o.Corpora, Read: spread.Trials, Trials: trials,
					Jobs: o.Jobs, Seed: o.Seed, Out: o.Out, Progress: e.progress("keys")})
				if err != nil {
					return err
				}
				out.Trials = &s
			}
			if o.Out != "" {
				if err := report.FalseAccepts(o.Out, out.Images, out.Trials, origin(c)); err != nil {
					return err
				}
			}
			if err := e.printFalse(out); err != nil {
				return err
			}
			if out.accepted() > 0 {
				return errNo
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringSliceVar(&o.Corpora, "corpus", nil, "folder of unmarked pictures; may be given several times")
	f.IntVar(&o.Images, "images", 2000, "decodes of each track")
	f.IntVar(&trials, "trials", 0, "read the pictures of --corpus under so many random keys")
	f.IntVar(&o.Side, "side", 256, "side of the crops, in pixels")
	f.StringVar(&o.Out, "out", "", "folder for fpr.jsonl, fpr.json, trials.jsonl, trials.json and fpr.html")
	evalFlags(c, &tracks, &key, &psnr, &o.Jobs, &o.Seed)
	return c
}

// falseResults is what eval fpr measured.
type falseResults struct {
	Images *eval.FalseAcceptSummary `json:"images,omitempty"`
	Trials *eval.TrialSummary       `json:"trials,omitempty"`
}

func (r falseResults) accepted() int {
	n := 0
	if r.Images != nil {
		for _, t := range r.Images.Tracks {
			n += len(t.Accepted)
		}
	}
	if r.Trials != nil {
		n += r.Trials.Accepted
	}
	return n
}

func (e *env) printFalse(r falseResults) error {
	if e.json {
		return e.printJSON(r)
	}
	if r.Images != nil {
		if err := r.Images.WriteTable(e.out); err != nil {
			return err
		}
	}
	if r.Trials != nil {
		return r.Trials.WriteTable(e.out)
	}
	return nil
}
