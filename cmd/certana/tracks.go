package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/spread"
)

// buildTracks makes the named tracks ("a", or several with commas) under a key,
// in the order in which they are drawn. psnr is
// track A's target in dB; 0 is its default.
func buildTracks(names string, key watermark.Key, psnr float64) ([]watermark.Track, error) {
	wanted := strings.Split(strings.ToLower(names), ",")
	for i, w := range wanted {
		wanted[i] = strings.TrimSpace(w)
		switch wanted[i] {
		case "a":
		case "b", "c":
			return nil, inputError(fmt.Errorf("track %s is not available in this build", wanted[i]))
		default:
			return nil, usageError(fmt.Errorf("there is no track %q", w))
		}
	}
	var out []watermark.Track
	if slices.Contains(wanted, "a") {
		out = append(out, spread.New(key, spread.Config{PSNR: psnr}))
	}
	return out, nil
}
