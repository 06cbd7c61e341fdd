package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
)

// embedded is what `watermark embed` answers.
type embedded struct {
	In      string          `json:"in"`
	Out     string          `json:"out"`
	Payload string          `json:"payload"`
	Key     string          `json:"key"` // given, deployment or test
	Width   int             `json:"width"`
	Height  int             `json:"height"`
	Tracks  []embeddedTrack `json:"tracks"`
}

type embeddedTrack struct {
	Track string  `json:"track"`
	PSNR  float64 `json:"psnr"` // dB over R, G and B
}

func newEmbed(e *env) *cobra.Command {
	var key, payload, tracks string
	var psnr, psnrB float64
	c := &cobra.Command{
		Use:   "embed IN OUT --payload HEX16",
		Short: "Write OUT, which is IN with a payload of 64 bits in it",
		Long: `Write OUT, which is IN with a payload of 64 bits in it. OUT has IN's format,
with its colour profile, orientation and metadata.`,
		Args: exactArgs("IN", "OUT"),
		RunE: func(_ *cobra.Command, args []string) error {
			if payload == "" {
				return usageError(errors.New("--payload is missing: 16 hex digits"))
			}
			p, err := watermark.ParsePayload(payload)
			if err != nil {
				return usageError(fmt.Errorf("--payload: %w", err))
			}
			_, which, err := e.offlineKey(key)
			if err != nil {
				return err
			}
			if psnrB, err = e.strengthB(which, psnrB); err != nil {
				return err
			}
			d, err := e.drawnTracks(tracks, key, psnr, psnrB)
			if err != nil {
				return err
			}
			return e.embed(args[0], args[1], p, d.tracks, d.fragile, which)
		},
	}
	keyFlag(c, &key)
	c.Flags().StringVar(&payload, "payload", "", "the 64 bits, as 16 hex digits; they are set as they are")
	c.Flags().StringVar(&tracks, "tracks", "a", "which tracks to draw: a, b or a,b")
	c.Flags().Float64Var(&psnr, "psnr", 0, "target of track A over R, G and B, in dB; 0 is the default")
	psnrBFlag(c, &psnrB)
	return c
}

// embed draws the tracks; which says whose key they are under.
func (e *env) embed(in, out string, p watermark.Payload, tracks []watermark.Track, b *fragile.Track, which string) error {
	picture, original, err := readPicture(in, raster.Options{})
	if err != nil {
		return err
	}
	w, h := picture.Size()
	answer := embedded{In: in, Out: out, Payload: p.String(), Key: which, Width: w, Height: h}
	for _, t := range tracks {
		done, err := t.Embed(picture, p)
		if err != nil {
			return inputError(fmt.Errorf("%s: track %s: %w", in, t.ID(), err))
		}
		answer.Tracks = append(answer.Tracks, embeddedTrack{t.ID(), done.PSNR})
	}
	if b != nil { // after the others: it says what changed since it was drawn
		done, err := b.Embed(picture, p)
		if err != nil {
			return inputError(fmt.Errorf("%s: track %s: %w", in, b.ID(), err))
		}
		answer.Tracks = append(answer.Tracks, embeddedTrack{b.ID(), done.PSNR})
	}
	marked, err := raster.Encode(picture)
	if err == nil {
		marked, err = raster.Carry(original, marked)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	if err := e.writeFile(out, marked); err != nil {
		return err
	}
	return e.printEmbedded(answer, picture.Info().Format)
}

func (e *env) printEmbedded(a embedded, f raster.Format) error {
	if ext := strings.ToLower(filepath.Ext(a.Out)); ext != "" && extensionOf[ext] != f {
		e.note("%s is a %s file whatever its name says: the format of %s is kept", a.Out, f, a.In)
	}
	if a.Key == "test" {
		e.note("marked with the published test key, which protects nothing; give --data or --key")
	}
	if e.json {
		return e.printJSON(a)
	}
	for _, t := range a.Tracks {
		fmt.Fprintf(e.out, "%s: track %s, payload %s, %.1f dB\n", a.Out, t.Track, a.Payload, t.PSNR)
	}
	return nil
}

var extensionOf = map[string]raster.Format{
	".jpg": raster.JPEG, ".jpeg": raster.JPEG, ".jpe": raster.JPEG,
	".png": raster.PNG, ".tif": raster.TIFF, ".tiff": raster.TIFF, ".webp": raster.WebP,
}
