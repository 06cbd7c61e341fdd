package raster

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
)

// Rows are those of RGB in every layout and orientation, from top to bottom, from
// bottom to top, from two readers, and after a change.
func TestReadRGBIsRGB(t *testing.T) {
	for orient := 1; orient <= 8; orient++ {
		for name, p := range layouts(t, orient) {
			t.Run(fmt.Sprintf("%s/%d", name, orient), func(t *testing.T) {
				for range 2 {
					want := p.RGB(0)
					row := func(y int) []uint8 { return want.Pix[3*want.W*y : 3*want.W*(y+1)] }
					var readers sync.WaitGroup
					for _, down := range []bool{true, false} {
						readers.Go(func() {
							got := make([]uint8, 3*want.W)
							for i := range want.H {
								y := i
								if !down {
									y = want.H - 1 - i
								}
								if p.ReadRGB(y, got); !bytes.Equal(got, row(y)) {
									t.Errorf("row %d differs", y)
									return
								}
							}
						})
					}
					readers.Wait()
					p.Add(ramp, 3, [3]float32{1, 1, 1})
				}
			})
		}
	}
}

// A copy is read as it is, not as its origin was.
func TestReadRGBOfClone(t *testing.T) {
	p := layouts(t, 6)["ycc22"]
	w, _ := p.Size()
	before, after := make([]uint8, 3*w), make([]uint8, 3*w)
	p.ReadRGB(0, before)
	q := p.Clone()
	q.Add(ramp, 3, [3]float32{1, 1, 1})
	q.ReadRGB(0, after)
	if bytes.Equal(before, after) {
		t.Error("the copy reads as its origin")
	}
	if p.ReadRGB(0, after); !bytes.Equal(before, after) {
		t.Error("the origin changed with its copy")
	}
}

// Alpha is that of the stored pixel which RGB shows at the same place, and full only
// where the sample is.
func TestReadAlpha(t *testing.T) {
	for orient := 1; orient <= 8; orient++ {
		for name, p := range layouts(t, orient) {
			if !p.Opaque() {
				t.Errorf("%s: not opaque", name)
			}
			full := make([]uint8, p.w*p.h)
			for i := range full {
				full[i] = uint8(i * 37 % 256)
			}
			want := slices.Clone(full)
			switch d := p.data.(type) {
			case *ycc:
				d.a = full
			case *pixels[uint8]:
				if d.alpha < 0 {
					continue
				}
				for i, v := range full {
					d.pix[i*d.n+d.alpha] = v
				}
			case *pixels[uint16]:
				if d.alpha < 0 {
					continue
				}
				for i, v := range full {
					d.pix[i*d.n+d.alpha] = 257 * uint16(v)
				}
				d.pix[d.alpha], want[0] = 65534, 254
			}
			if p.Opaque() {
				t.Errorf("%s: opaque", name)
			}
			want = upright(want, p.w, p.h, 1, orient)
			w, h := p.Size()
			got := make([]uint8, w)
			for y := range h {
				if p.ReadAlpha(y, got); !bytes.Equal(got, want[y*w:(y+1)*w]) {
					t.Fatalf("%s turned %d: row %d differs", name, orient, y)
				}
			}
		}
	}
}

// Several read more bands of a turned picture than are kept, in step with each other
// and not: nobody gets another's rows. The race detector looks on.
func TestTurnedBandsAreShared(t *testing.T) {
	p := speckle(40+len(turnedBands{})*turnedRows*2, 24).Picture(PNG)
	p.info.Orientation, p.info.Width, p.info.Height = 6, p.h, p.w
	want := p.RGB(0)
	var readers sync.WaitGroup
	for r := range 6 {
		readers.Go(func() {
			got := make([]uint8, 3*want.W)
			for i := range want.H {
				y := (i + r*want.H/6) % want.H
				if p.ReadRGB(y, got); !bytes.Equal(got, want.Pix[3*want.W*y:3*want.W*(y+1)]) {
					t.Errorf("row %d differs", y)
					return
				}
			}
		})
	}
	readers.Wait()
}
