package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/eval"
	"github.com/certana/certana/internal/eval/forge"
)

func newEvalTamper(e *env) *cobra.Command {
	var o eval.TamperOptions
	var tracks, key string
	var psnr, psnrB float64
	var kinds, after, benign []string
	c := &cobra.Command{
		Use:   "tamper --corpus DIR",
		Short: "Measure how well alterations of marked pictures are seen, and where",
		Long: `Mark every picture of a folder with track B, forge it (objects of other pictures,
copies within it, smooth fills, plates with text, collages of two marked pictures),
process it, and compare the map that is read without the original with the truth:
F1, IoU and AUC over pixels, and the share of untouched pictures that is flagged.
Prints Markdown tables. With --out every map is kept as a line of rows.jsonl, a
run that was interrupted goes on where it stopped, and report.html shows what it
came to.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Corpus == "" {
				return usageError(fmt.Errorf("--corpus is missing: a folder of pictures"))
			}
			for _, a := range o.Areas {
				if !(a > 0 && a <= forge.MostArea) {
					return usageError(fmt.Errorf("--areas: %g is not a share of the area above 0 and up to %g", a, forge.MostArea))
				}
			}
			var err error
			if o.After, err = attackList(after); err == nil {
				o.Benign, err = attackList(benign)
			}
			if err != nil {
				return usageError(err)
			}
			for _, k := range kinds {
				if !slices.Contains(forge.Kinds, forge.Kind(k)) {
					return usageError(fmt.Errorf("--kinds: there is no forgery %q", k))
				}
				o.Kinds = append(o.Kinds, forge.Kind(k))
			}
			if err := e.tamperTracks(&o, tracks, key, psnr, psnrB); err != nil {
				return err
			}
			o.Progress = e.progress("maps")
			s, err := eval.Tamper(c.Context(), o)
			if err == nil && o.Out != "" {
				err = writeTamper(c.Context(), c, o, s)
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
	f.IntVar(&o.Limit, "limit", 0, "measure so many files, spread evenly; 0 is all")
	f.IntVar(&o.MaxSide, "max-side", 0, "shrink larger pictures to this long side first; 0 keeps them")
	f.IntVar(&o.Windows, "windows", 0, "measure so many windows of each picture at its own resolution; 0 takes it whole")
	f.Float64Var(&o.WindowMegapixels, "window-megapixels", 2, "size of each window")
	f.Float64SliceVar(&o.Areas, "areas", nil, "altered shares of the area, up to 0.25 (default 0.005 to 0.2)")
	f.StringSliceVar(&kinds, "kinds", nil, "forgeries: splice, copymove, erase, text, collage (default all)")
	f.StringSliceVar(&after, "after", nil, "what all pictures go through, such as none,jpeg:80 (default clean, noise, JPEG, WebP)")
	f.StringSliceVar(&benign, "benign", nil, "what only untouched pictures go through as well (default filters, tones, scaling)")
	psnrBFlag(c, &psnrB)
	f.StringVar(&o.Out, "out", "", "folder for rows.jsonl, summary.json and report.html")
	psnrFlag(c, &psnr)
	evalFlags(c, &tracks, &key, &o.Jobs, &o.Seed)
	f.Lookup("tracks").DefValue = "b"
	tracks = "b"
	return c
}

// tamperTracks makes track B, what is drawn under it, and how pictures are put
// back onto their grid.
func (e *env) tamperTracks(o *eval.TamperOptions, names, givenKey string, psnrA, psnrB float64) error {
	d, err := e.drawnTracks(names, givenKey, psnrA, psnrB)
	if err != nil {
		return err
	}
	if d.fragile == nil {
		return usageError(fmt.Errorf("--tracks: track b is what maps alterations"))
	}
	o.Under, o.Track, o.Settings = d.tracks, d.fragile, d.settings
	for _, t := range d.tracks {
		if t.ID() == "a" {
			o.Place = eval.PlaceBy(t, d.fragile)
		}
	}
	return nil
}

// attackList reads attacks by their labels; nothing given is nil.
func attackList(labels []string) ([]attack.Attack, error) {
	var out []attack.Attack
	for _, l := range labels {
		a, err := attack.Parse(l)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}
