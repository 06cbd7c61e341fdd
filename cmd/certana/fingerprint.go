package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/raster"
)

// printed is what `fingerprint` answers for one file.
type printed struct {
	File      string `json:"file"`
	Algorithm string `json:"algorithm,omitempty"`
	Hash      string `json:"hash,omitempty"`    // PDQ-256, 64 hex digits in the order of Meta's tools
	Quality   *int   `json:"quality,omitempty"` // 0 to 100; at 49 or less the hash is not to be trusted
	Error     string `json:"error,omitempty"`
}

func newFingerprint(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "fingerprint FILE…",
		Short: "Print the perceptual hash of pictures, without a server",
		Long: `Print the perceptual hash (PDQ-256) and its quality (0 to 100) of pictures, one
a line as hash,quality,file. A file that is no picture does not stop the others;
the exit code is then 3.`,
		Args: someArgs,
		RunE: func(c *cobra.Command, args []string) error {
			var out []printed
			var bad []error
			for _, path := range args {
				if err := c.Context().Err(); err != nil {
					return err
				}
				p, err := hashFile(path)
				if err != nil {
					bad = append(bad, err)
				}
				out = append(out, p)
				if !e.json && err == nil {
					fmt.Fprintf(e.out, "%s,%d,%s\n", p.Hash, *p.Quality, p.File)
				}
			}
			if e.json {
				if err := e.printJSON(map[string]any{"fingerprints": out}); err != nil {
					return err
				}
			}
			if len(bad) > 0 {
				return inputError(errors.Join(bad...))
			}
			return nil
		},
	}
}

func hashFile(path string) (printed, error) {
	picture, _, err := readPicture(path, raster.Options{Lenient: true})
	if err != nil {
		return printed{File: path, Error: err.Error()}, err
	}
	rgb := picture.RGB(0)
	hash, quality := fingerprint.PDQFromRGB(rgb.Pix, rgb.W, rgb.H, 3*rgb.W)
	return printed{File: path, Algorithm: "pdq-256", Hash: hash.String(), Quality: &quality}, nil
}
