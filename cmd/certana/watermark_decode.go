package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
	"github.com/certana/certana/internal/watermark/locate"
)

// decoded is what `watermark decode` answers for one track.
type decoded struct {
	Track    string              `json:"track"`
	Detected bool                `json:"detected"`
	Payload  *string             `json:"payload"` // 16 hex digits; null when nothing was found
	PValue   float64             `json:"p_value"`
	Geometry *watermark.Geometry `json:"geometry"` // null when nothing was found
	// Of track B alone: the share of the marked picture, as far as the track can
	// tell, that was altered, and why it cannot.
	Altered *float64 `json:"altered_share,omitempty"`
	Silent  string   `json:"silent,omitempty"`
}

func newDecode(e *env) *cobra.Command {
	var key, tracks, payload, size string
	var psnrB float64
	c := &cobra.Command{
		Use:   "decode IN",
		Short: "Look for a payload in a picture",
		Long: `Look for a payload in a picture, blindly: nothing but the key is known. That
nothing is found is an answer like any other, and no failure.

Track B says how much was altered since it was drawn. It must know the payload,
from track A or from --payload, and the size of the picture that was marked.`,
		Args: exactArgs("IN"),
		RunE: func(_ *cobra.Command, args []string) error {
			return e.decode(args[0], tracks, key, payload, size, psnrB)
		},
	}
	keyFlag(c, &key)
	c.Flags().StringVar(&tracks, "tracks", "a", "which tracks to look for: a, b or a,b")
	c.Flags().StringVar(&payload, "payload", "", "payload that track B is read with, 16 hex digits (default: what track A finds)")
	c.Flags().StringVar(&size, "size", "", "WIDTHxHEIGHT of the picture that was marked, for track B (default: this one's)")
	c.Flags().Float64Var(&psnrB, "psnr-b", 0, "what track B was drawn with, in dB; 0 is the setting under --data, else what embed takes for these tracks")
	return c
}

func (e *env) decode(in, names, givenKey, payload, size string, psnrB float64) error {
	_, which, err := e.offlineKey(givenKey)
	if err != nil {
		return err
	}
	if psnrB, err = e.strengthB(which, psnrB); err != nil {
		return err
	}
	d, err := e.drawnTracks(names, givenKey, 0, psnrB)
	if err != nil {
		return err
	}
	tracks, b := d.tracks, d.fragile
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
			a.Geometry = new(watermark.Geometry)
			*a.Geometry = locate.Enlarge(*d.Geometry, luma.W, luma.H, w, h)
		}
		answer = append(answer, a)
	}
	if b != nil {
		a, err := readB(b, picture, answer, payload, size)
		if err != nil {
			return err
		}
		answer = append(answer, a)
	}
	if which == "test" {
		e.note("read with the published test key; give --data or --key to look for a deployment's marks")
	}
	return e.printDecoded(in, answer)
}

// readB reads track B with the payload and at the place that are given or that track
// A found.
func readB(b *fragile.Track, picture *raster.Picture, found []decoded, payload, size string) (decoded, error) {
	out := decoded{Track: b.ID(), PValue: 1}
	w, h := picture.Size()
	if size != "" {
		if n, err := fmt.Sscanf(size, "%dx%d", &w, &h); n != 2 || err != nil || w < 1 || h < 1 || max(w, h) > 1<<20 {
			return out, usageError(fmt.Errorf("--size: %q is not WIDTHxHEIGHT", size))
		}
	}
	var priors []fragile.Prior
	for _, d := range found {
		if payload == "" && d.Detected {
			payload = *d.Payload
		}
		if d.Geometry != nil && strings.EqualFold(*d.Payload, payload) {
			priors = append(priors, locate.FromRobust(*d.Geometry, w, h))
		}
	}
	if payload == "" {
		out.Silent = "no payload is known"
		return out, nil
	}
	p, err := watermark.ParsePayload(payload)
	if err != nil {
		return out, usageError(fmt.Errorf("--payload: %w", err))
	}
	m, _ := locate.Read(b, picture, p, w, h, priors...)
	out.PValue, out.Silent = m.PValue, string(m.Abstain)
	if out.Detected = m.PValue <= fragile.PresentP; out.Detected {
		s := p.String()
		out.Payload = &s
	}
	if m.Abstain == fragile.Speaks {
		out.Altered = &m.Share
	}
	return out, nil
}

func (e *env) printDecoded(in string, answer []decoded) error {
	if e.json {
		if err := e.printJSON(map[string]any{"tracks": answer}); err != nil {
			return err
		}
	} else {
		for _, a := range answer {
			if a.Altered != nil {
				fmt.Fprintf(e.out, "%s: track %s, payload %s, p = %.1e, %.2f%% altered\n", in, a.Track, *a.Payload, a.PValue, 100**a.Altered)
			} else if a.Silent != "" {
				fmt.Fprintf(e.out, "%s: track %s says nothing: %s (p = %.2g)\n", in, a.Track, a.Silent, a.PValue)
			} else if a.Geometry != nil {
				fmt.Fprintf(e.out, "%s: track %s, payload %s, p = %.1e, scale %.3f, angle %.2f°\n",
					in, a.Track, *a.Payload, a.PValue, a.Geometry.Scale, a.Geometry.Angle)
			} else {
				fmt.Fprintf(e.out, "%s: track %s, nothing found (p = %.2g)\n", in, a.Track, a.PValue)
			}
		}
	}
	return nil
}
