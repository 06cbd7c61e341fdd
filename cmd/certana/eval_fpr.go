package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/eval"
	"github.com/certana/certana/internal/eval/report"
	"github.com/certana/certana/internal/watermark/spread"
)

func newEvalFPR(e *env) *cobra.Command {
	var o falseOptions
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
			if c.Flags().Changed("trials") && !c.Flags().Changed("images") {
				o.Images = 0
			}
			if err := o.check(c); err != nil {
				return err
			}
			out, made, err := e.measureFalse(c, o)
			if err != nil {
				return err
			}
			if o.Out != "" {
				if err := writeFalse(c, o.Out, out, made); err != nil {
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
	f.IntVar(&o.Images, "images", 2000, "decodes of each track; 0 is none")
	f.IntVar(&o.trials, "trials", 0, "read the pictures of --corpus under so many random keys")
	f.IntVar(&o.Side, "side", 256, "side of the crops, in pixels")
	f.StringVar(&o.Out, "out", "", "folder for fpr.jsonl, fpr.json, trials.jsonl, trials.json and fpr.html")
	f.BoolVar(&o.always, "always-decode", false, "with --trials: spend a list decode on every key, also where no pilot speaks for one")
	evalFlags(c, &o.tracks, &o.key, &o.Jobs, &o.Seed)
	return c
}

// falseOptions are the flags of eval fpr.
type falseOptions struct {
	eval.FalseAcceptOptions
	trials      int
	always      bool
	tracks, key string
}

// check says which flags make no sense together.
func (o falseOptions) check(c *cobra.Command) error {
	switch {
	case o.Images < 0 || o.trials < 0 || o.Side < 0:
		return usageError(errors.New("--images, --trials and --side must not be negative"))
	case o.Images == 0 && o.trials == 0:
		return usageError(errors.New("nothing to measure: give --images or --trials"))
	case o.trials > 0 && len(o.Corpora) == 0:
		return usageError(errors.New("--trials reads the pictures of --corpus, which is missing"))
	case o.always && o.trials == 0:
		return usageError(errors.New("--always-decode is about --trials"))
	}
	for _, name := range []string{"tracks", "key"} {
		if o.Images == 0 && c.Flags().Changed(name) {
			return usageError(fmt.Errorf("--trials reads track a under keys of its own: --%s has no meaning without --images", name))
		}
	}
	return nil
}

// measureFalse runs what was asked for; made says who did.
func (e *env) measureFalse(c *cobra.Command, o falseOptions) (out falseResults, made string, err error) {
	d, err := e.drawnTracks(o.tracks, o.key, 0, 0)
	if err != nil {
		return out, "", err
	}
	if d.fragile != nil {
		return out, "", usageError(errors.New("--tracks: track b accepts no payload; its false alarms are measured by eval tamper"))
	}
	o.Tracks, o.Settings = d.tracks, d.made
	if o.Images > 0 {
		o.Progress = e.progress("decodes")
		s, err := eval.FalseAccepts(c.Context(), o.FalseAcceptOptions)
		if err != nil {
			return out, "", err
		}
		out.Images = &s
	}
	if o.trials > 0 {
		s, err := eval.Trials(c.Context(), eval.TrialOptions{Corpora: o.Corpora, Read: spread.Trials, Trials: o.trials, Always: o.always,
			Jobs: o.Jobs, Seed: o.Seed, Settings: d.made, Out: o.Out, Progress: e.progress("keys")})
		if err != nil {
			return out, "", err
		}
		out.Trials = &s
	}
	return out, d.made, nil
}

// writeFalse writes fpr.html, with what was measured into the folder before.
func writeFalse(c *cobra.Command, dir string, r falseResults, made string) error {
	var err error
	if r.Images == nil {
		if r.Images, err = eval.ReadFalseAccepts(dir, made); err != nil {
			return err
		}
	}
	if r.Trials == nil {
		if r.Trials, err = eval.ReadTrials(dir, made); err != nil {
			return err
		}
	}
	return report.FalseAccepts(dir, r.Images, r.Trials, origin(c))
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
