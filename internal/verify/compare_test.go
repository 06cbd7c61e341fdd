package verify_test

import (
	"context"
	"image"
	"testing"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/tamper"
	"github.com/certana/certana/internal/verify"
)

// oneBlob is a store that has the same bytes under every key.
type oneBlob []byte

func (b oneBlob) ReadAll(context.Context, string, int64) ([]byte, error) { return b, nil }

// An operator may accept pictures beyond the default limit. What was accepted
// can be compared with.
func TestCompareTakesWhatWasAccepted(t *testing.T) {
	const w, h = 12000, 4200
	if w*h <= raster.DefaultLimits.MaxPixels {
		t.Fatal("the picture is within the default limit")
	}
	data, err := raster.EncodePNG(image.NewGray(image.Rect(0, 0, w, h)))
	if err != nil {
		t.Fatal(err)
	}
	c := verify.NewComparer(oneBlob(data), pipeline.NewGate(1), 1<<30)
	probe := tamper.Picture{W: 64, H: 64, Pix: make([]byte, 3*64*64)}
	if _, err := c.Compare(t.Context(), asset.Asset{ID: asset.NewID()}, probe); err != nil {
		t.Error(err)
	}
}
