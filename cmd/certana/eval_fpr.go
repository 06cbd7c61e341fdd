package main

import (
	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/eval"
)

func newEvalFPR(e *env) *cobra.Command {
	var o eval.FalseAcceptOptions
	var tracks, key string
	var psnr float64
	c := &cobra.Command{
		Use:   "fpr",
		Short: "Count watermarks that are found where none is",
		Long: `Decode pictures that carry no mark, half of them crops of --corpus and half
made by code, and count the payloads that are accepted all the same; compare the
p-values that are stated with how often they come. With --out every decode is
kept as a line of fpr.jsonl, a run that was interrupted goes on where it stopped,
and one with more --images adds to it. Exits with 1 when a payload was accepted.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.Tracks, err = e.evalTracks(tracks, key, psnr); err != nil {
				return err
			}
			o.Progress = e.progress("decodes")
			s, err := eval.FalseAccepts(c.Context(), o)
			if err != nil {
				return err
			}
			if e.json {
				err = e.printJSON(s)
			} else {
				err = s.WriteTable(e.out)
			}
			for _, t := range s.Tracks {
				if err == nil && len(t.Accepted) > 0 {
					err = errNo
				}
			}
			return err
		},
	}
	f := c.Flags()
	f.StringSliceVar(&o.Corpora, "corpus", nil, "folder of unmarked pictures; may be given several times")
	f.IntVar(&o.Images, "images", 2000, "decodes of each track")
	f.IntVar(&o.Side, "side", 256, "side of the crops, in pixels")
	f.StringVar(&o.Out, "out", "", "folder for fpr.jsonl and fpr.json")
	evalFlags(c, &tracks, &key, &psnr, &o.Jobs, &o.Seed)
	return c
}
