package pipeline_test

import (
	"image"
	"testing"
	"time"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/raster"
)

// Certification says of track B what was found in the file that was written.
func TestTrackBIsReadBack(t *testing.T) {
	d := apptest.Start(t)
	narrow := image.NewGray(image.Rect(0, 0, 40, 300))
	for i := range narrow.Pix {
		narrow.Pix[i] = uint8(100 + i%40)
	}
	png, err := raster.EncodePNG(photo(2))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		data   []byte
		wanted bool
		status string
	}{
		{"JPEG", apptest.JPEG(t, photo(1), 92), true, "detected"},
		{"coarse JPEG", apptest.JPEG(t, photo(5), 40), true, "detected"},
		{"PNG", png, true, "detected"},
		{"not wanted", apptest.JPEG(t, photo(3), 92), false, "disabled"},
		{"too narrow", apptest.JPEG(t, narrow, 92), true, "too_small"},
		{"one pixel", apptest.JPEG(t, image.NewGray(image.Rect(0, 0, 1, 1)), 92), true, "too_small"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := upload(d, t, c.data)
			u.Options.TrackB = c.wanted
			a, err := d.Pipeline.Accept(t.Context(), u)
			if err != nil {
				t.Fatal(err)
			}
			if a, err = d.Pipeline.Wait(t.Context(), a.ID, time.Minute); err != nil || a.Status != asset.Completed {
				t.Fatal(a.ProcessingError, err)
			}
			rows, err := d.Rows.Tracks(t.Context(), a.ID)
			if err != nil {
				t.Fatal(err)
			}
			said := false
			for _, r := range rows {
				if r.Track != "b" {
					continue
				}
				said = true
				if r.Status != c.status || r.Detected != (c.status == "detected") || r.Detected != (r.PValue < 1e-6) {
					t.Errorf("track b is %s, p = %g, %.1f dB", r.Status, r.PValue, r.PSNR)
				}
			}
			if !said {
				t.Error("nothing is said of track b")
			}
		})
	}
}
