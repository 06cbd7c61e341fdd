package fragile

import (
	"testing"

	"github.com/certana/certana/internal/watermark"
)

// TestSampleFindsThePlace reads a crop of a marked picture at every offset
// around its own, through a window of a few hundred blocks.
func TestSampleFindsThePlace(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	const w, h, left, top, cw, ch = 400, 320, 93, 41, 250, 200
	whole := marked(t, track, w, h, 3)
	part := watermark.NewRGB(cw, ch)
	for y := range ch {
		copy(part.Pix[3*y*cw:3*(y+1)*cw], whole.Pix[3*((y+top)*w+left):])
	}
	saved, _ := apply(t, part, "jpeg", 80, 1)
	luma := Look(RGB{saved}).Luma
	s := track.Sample(somePayload, w, h, left+6, top+6, left+cw-6, top+ch-6, 300)
	if len(s.blocks) < 280 || len(s.blocks) > 300 {
		t.Fatalf("%d blocks", len(s.blocks))
	}
	score := func(dx, dy int) float64 {
		return s.Score(func(x, y int, block *[64]float32) bool {
			for i := range 8 {
				copy(block[8*i:8*i+8], luma.Row(y - dy + i)[x-dx:])
			}
			return true
		})
	}
	at := score(left, top)
	if at < 12 {
		t.Errorf("%.1f deviations at the place", at)
	}
	for dy := -5; dy <= 5; dy++ {
		for dx := -5; dx <= 5; dx++ {
			if v := score(left+dx, top+dy); (dx != 0 || dy != 0) && v > at/2 {
				t.Errorf("%.1f deviations at (%d, %d) off the place, %.1f on it", v, dx, dy, at)
			}
		}
	}
	if v := s.Score(func(int, int, *[64]float32) bool { return false }); v != 0 {
		t.Errorf("%g for nothing in view", v)
	}
}

// TestSampleKnowsTheLattice holds a sample of every block to the sheets.
func TestSampleKnowsTheLattice(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	sheets := track.sheets(Look(RGB{photo(90, 77, 1)}), somePayload)
	s := track.Sample(somePayload, 90, 77, 0, 0, 90, 77, 1e6)
	for _, b := range s.blocks {
		o := grids[b.grid].offset
		at := (b.y-o)/side*sheets[b.grid].bw + (b.x-o)/side
		for k, d := range b.dither {
			if d != sheets[b.grid].dither[k][at] {
				t.Fatalf("block %+v has another dither", b)
			}
		}
	}
	if want := sheets[0].bw*sheets[0].bh + sheets[1].bw*sheets[1].bh; len(s.blocks) != want {
		t.Errorf("%d blocks of %d", len(s.blocks), want)
	}
	if n := track.Sample(somePayload, 90, 77, 30, 30, 37, 50, 10).blocks; len(n) != 0 {
		t.Errorf("%d blocks in a box narrower than one", len(n))
	}
}
