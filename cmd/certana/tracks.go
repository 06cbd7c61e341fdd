package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
	"github.com/certana/certana/internal/watermark/spread"
)

// drawing is what a command draws and reads.
type drawing struct {
	tracks  []watermark.Track // that are decoded
	fragile *fragile.Track    // track B, nil where it is not drawn
	// made says who drew, settings also how, in words with commas between:
	// what an evaluation measured with others is no answer to the same question.
	made, settings string
}

// drawnTracks makes the tracks of some names. Where several share a picture,
// those without a PSNR of their own get their share of the deployment's default
// budget.
func (e *env) drawnTracks(names, givenKey string, psnr, psnrB float64) (drawing, error) {
	key, _, err := e.offlineKey(givenKey)
	if err != nil {
		return drawing{}, err
	}
	d := drawing{made: madeBy(key)}
	words := []string{d.made}
	robust, fragileToo, err := splitTracks(names)
	if err != nil {
		return drawing{}, err
	}
	if err := checkPSNR(psnr, psnrB); err != nil {
		return drawing{}, err
	}
	if robust && fragileToo {
		share := watermark.DefaultConfig()
		psnr, psnrB = cmp.Or(psnr, share.RobustPSNR), cmp.Or(psnrB, share.FragilePSNR)
	}
	if robust {
		psnr = cmp.Or(psnr, spread.DefaultPSNR)
		d.tracks = []watermark.Track{spread.New(key, spread.Config{PSNR: psnr})}
		words = append(words, fmt.Sprintf("track A at %g dB", psnr))
	}
	if fragileToo {
		psnrB = cmp.Or(psnrB, fragile.DefaultPSNR)
		d.fragile = fragile.New(key, fragile.Config{PSNR: psnrB})
		words = append(words, fmt.Sprintf("track B at %g dB", psnrB))
	}
	d.settings = strings.Join(words, ", ")
	return d, nil
}

// splitTracks tells which tracks are named, of A and B.
func splitTracks(names string) (robust, fragileToo bool, err error) {
	for _, n := range strings.Split(strings.ToLower(names), ",") {
		switch n = strings.TrimSpace(n); n {
		case "a":
			robust = true
		case "b":
			fragileToo = true
		case "c":
			return false, false, inputError(fmt.Errorf("track c is not available in this build, which has no model for it: leave c out"))
		default:
			return false, false, usageError(fmt.Errorf("there is no track %q", n))
		}
	}
	return robust, fragileToo, nil
}

// madeBy names the key, by a hash unless everybody knows it, and the program.
func madeBy(key watermark.Key) string {
	name := "the published test key"
	if key != watermark.TestKey {
		name = fmt.Sprintf("key %.4x", sha256.Sum256(key[:]))
	}
	return name + ", version " + version
}

// strengthB is what track B is drawn and read with under the deployment's key, unless
// something else is given: what the deployment draws it with.
func (e *env) strengthB(whose string, given float64) (float64, error) {
	if given != 0 || whose != "deployment" {
		return given, nil
	}
	l, err := e.load(nil)
	if err != nil {
		return 0, err
	}
	return l.Tracks.FragilePSNR, nil
}

// checkPSNR holds the flags to what a deployment can be configured to; 0 is the
// default.
func checkPSNR(psnr, psnrB float64) error {
	for _, f := range []struct {
		name string
		v    float64
	}{{"--psnr", psnr}, {"--psnr-b", psnrB}} {
		if err := watermark.CheckPSNR(f.v); f.v != 0 && err != nil {
			return usageError(fmt.Errorf("%s %w", f.name, err))
		}
	}
	return nil
}
