package main

import (
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
)

// decoded is what `watermark decode` answers for one track.
type decoded struct {
	Track    string              `json:"track"`
	Detected bool                `json:"detected"`
	Payload  *string             `json:"payload"` // 16 hex digits; null when nothing was found
	PValue   float64             `json:"p_value"`
	Geometry *watermark.Geometry `json:"geometry"` // null when nothing was found
}

func newDecode(e *env) *cobra.Command {
	var key, tracks string
	c := &cobra.Command{
		Use:   "decode IN",
		Short: "Look for a payload in a picture",
		Long: `Look for a payload in a picture, blindly: nothing but the key is known. That
nothing is found is an answer like any other, and no failure.`,
		Args: exactArgs("IN"),
		RunE: func(_ *cobra.Command, args []string) error {
			return e.decode(args[0], tracks, key)
		},
	}
	keyFlag(c, &key)
	c.Flags().StringVar(&tracks, "tracks", "a", "which tracks to look for")
	return c
}

func (e *env) decode(in, names, givenKey string) error {
	key, which, err := e.offlineKey(givenKey)
	if err != nil {
		return err
	}
	tracks, err := buildTracks(names, key, 0)
	if err != nil {
		return err
	}
	// A damaged picture is read as far as it goes: the mark may be in the rest.
	picture, _, err := readPicture(in, raster.Options{Lenient: true})
	if err != nil {
		return err
	}
	luma := picture.Luma(watermark.DecodeSide)
	w, h := picture.Size()
	answer := []decoded{}
	for _, t := range tracks {
		d := t.Decode(luma)
		a := decoded{Track: t.ID(), Detected: d.Detected, PValue: d.PValue}
		if d.Detected {
			s := d.Payload.String()
			a.Payload = &s
			a.Geometry = enlarge(d.Geometry, float64(w)/float64(luma.W), float64(h)/float64(luma.H))
		}
		answer = append(answer, a)
	}
	if which == "test" {
		e.note("read with the published test key; give --data or --key to look for a deployment's marks")
	}
	return e.printDecoded(in, answer)
}

// enlarge turns a geometry that was found in a reduced luma plane into one of
// the picture: sample i of the plane is pixel (i+½)·s−½ of the picture.
func enlarge(g *watermark.Geometry, sx, sy float64) *watermark.Geometry {
	if g == nil {
		return nil
	}
	out := *g
	for i := range 3 {
		out.M[i] *= sx
		out.M[3+i] *= sy
	}
	out.M[2] += (sx - 1) / 2
	out.M[5] += (sy - 1) / 2
	out.Scale *= math.Sqrt(sx * sy)
	return &out
}

func (e *env) printDecoded(in string, answer []decoded) error {
	if e.json {
		if err := e.printJSON(map[string]any{"tracks": answer}); err != nil {
			return err
		}
	} else {
		for _, a := range answer {
			if a.Geometry != nil {
				fmt.Fprintf(e.out, "%s: track %s, payload %s, p = %.1e, scale %.3f, angle %.2f°\n",
					in, a.Track, *a.Payload, a.PValue, a.Geometry.Scale, a.Geometry.Angle)
			} else {
				fmt.Fprintf(e.out, "%s: track %s, nothing found (p = %.2g)\n", in, a.Track, a.PValue)
			}
		}
	}
	return nil
}
