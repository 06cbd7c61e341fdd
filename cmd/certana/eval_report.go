package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/certana/certana/internal/eval"
	"github.com/certana/certana/internal/eval/report"
)

// origin says how a report's figures were made. Keys stay out of it.
func origin(c *cobra.Command) report.Origin {
	words := []string{c.CommandPath()}
	c.Flags().Visit(func(f *pflag.Flag) {
		v := f.Value.String()
		if s, ok := f.Value.(pflag.SliceValue); ok {
			items := s.GetSlice()
			for i, item := range items {
				if n, err := strconv.ParseFloat(item, 64); err == nil {
					items[i] = strconv.FormatFloat(n, 'g', -1, 64) // shares print with zeros behind
				}
			}
			v = strings.Join(items, ",")
		}
		if f.Name != "key" {
			words = append(words, "--"+f.Name, v)
		}
	})
	return report.Origin{Command: strings.Join(words, " "), Version: version, Date: time.Now().UTC().Format("2 January 2006")}
}

// detailsShown is how many pictures a report shows details of.
const detailsShown = 5

// writeRecovery writes report.html of a run of eval.
func writeRecovery(ctx context.Context, c *cobra.Command, o eval.Options, s eval.Summary, made string) error {
	samples, err := eval.Samples(ctx, o, detailsShown, 96, 72)
	if err != nil {
		return err
	}
	var unmarked []eval.FalseRow
	if f, err := eval.ReadFalseAccepts(o.Out, made); err != nil {
		return err
	} else if f != nil {
		unmarked = f.Rows
	}
	return report.Recovery(o.Out, s, samples, unmarked, origin(c))
}

// mapsShown is how many maps a report shows.
const mapsShown = 8

// writeTamper writes report.html of a run of eval tamper.
func writeTamper(ctx context.Context, c *cobra.Command, o eval.TamperOptions, s eval.TamperSummary) error {
	examples, err := eval.TamperExamples(ctx, o, mapsShown, 360)
	if err != nil {
		return err
	}
	return report.Tamper(o.Out, s, examples, origin(c))
}
