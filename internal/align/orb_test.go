package align

import (
	"reflect"
	"testing"

	"github.com/certana/certana/internal/dsp"
)

// TestFastTwin holds the corners against the definition, pixel by pixel.
func TestFastTwin(t *testing.T) {
	l := pyramid(blobs(160, 120, 3))[0]
	for _, threshold := range thresholds {
		score := func(x, y int) float32 {
			if x < border || y < border || x >= l.w-border || y >= l.h-border {
				return 0
			}
			c := int(l.pix[y*l.w+x])
			best := 0
			for _, sign := range []int{1, -1} {
				sum, run, longest := 0, 0, 0
				for k := range 32 { // twice around, for runs over the start
					o := circle[k%16]
					d := sign * (int(l.pix[(y+o[1])*l.w+x+o[0]]) - c)
					if d <= threshold {
						run = 0
						continue
					}
					run++
					longest = max(longest, run)
					if k < 16 {
						sum += d - threshold
					}
				}
				if longest >= 9 {
					best = max(best, sum)
				}
			}
			return float32(best)
		}
		var want []corner
		for y := range l.h {
			for x := range l.w {
				s := score(x, y)
				top := s > 0
				for dy := -1; dy <= 1; dy++ {
					for dx := -1; dx <= 1; dx++ {
						before := dy < 0 || dy == 0 && dx < 0
						n := score(x+dx, y+dy)
						if (dx != 0 || dy != 0) && (n > s || before && n == s) {
							top = false
						}
					}
				}
				if top {
					want = append(want, corner{x, y, s})
				}
			}
		}
		if got := fast(l, threshold); !reflect.DeepEqual(got, want) {
			t.Errorf("threshold %d: %d corners, want %d", threshold, len(got), len(want))
		}
		if threshold == 20 && len(want) < 20 {
			t.Errorf("only %d corners to compare", len(want))
		}
	}
}

// TestIntegral holds the sums that descriptors read against plain ones.
func TestIntegral(t *testing.T) {
	l := pyramid(blobs(90, 70, 4))[0]
	l.sumUp()
	for _, r := range [][4]int{{0, 0, 1, 1}, {0, 0, 90, 70}, {13, 7, 18, 12}, {85, 65, 90, 70}} {
		var want uint32
		for y := r[1]; y < r[3]; y++ {
			for x := r[0]; x < r[2]; x++ {
				want += uint32(l.pix[y*l.w+x])
			}
		}
		at := func(x, y int) uint32 { return l.integral[y*(l.w+1)+x] }
		if got := at(r[2], r[3]) - at(r[0], r[3]) - at(r[2], r[1]) + at(r[0], r[1]); got != want {
			t.Errorf("%v: %d, want %d", r, got, want)
		}
	}
}

func mirrored(p *dsp.Plane) *dsp.Plane {
	q := dsp.NewPlane(p.W, p.H)
	for y := range p.H {
		for x := range p.W {
			q.Set(x, y, p.At(p.W-1-x, y))
		}
	}
	return q
}

// TestMirroredDescriptors: the features of a mirror image are those of the
// picture with the halves of the descriptors exchanged.
func TestMirroredDescriptors(t *testing.T) {
	p := blobs(300, 200, 5)
	f, g := Extract(p, 300), Extract(mirrored(p), 300)
	pairs := match(f.Points, g.Points, true)
	close := 0
	for _, m := range pairs {
		a, b := f.Points[m.ref], g.Points[m.probe]
		if d := a.X + b.X - 299; d > -2 && d < 2 && a.Y-b.Y < 2 && b.Y-a.Y < 2 {
			close++
		}
	}
	if 10*close < 8*len(f.Points) {
		t.Errorf("%d of %d features were found in the mirror image", close, len(f.Points))
	}
}

func TestExtractLimits(t *testing.T) {
	p := blobs(400, 300, 6)
	for _, limit := range []int{-1, 0, 1, 50, 700} {
		f := Extract(p, limit)
		if len(f.Points) > max(limit, 0) || limit == 700 && len(f.Points) < 400 {
			t.Errorf("limit %d gave %d points", limit, len(f.Points))
		}
		for _, q := range f.Points {
			if q.X < 0 || q.Y < 0 || q.X > 399 || q.Y > 299 || q.Size < 1 || q.Size > 3.7 {
				t.Fatalf("point %+v", q)
			}
		}
	}
	if !reflect.DeepEqual(Extract(p, 200), Extract(p, 200)) {
		t.Error("two extractions differ")
	}
	for _, size := range [][2]int{{0, 0}, {1, 1}, {37, 37}, {36, 500}, {2000, 3}} {
		if f := Extract(dsp.NewPlane(size[0], size[1]), 100); len(f.Points) != 0 {
			t.Errorf("%v without content gave %d points", size, len(f.Points))
		}
	}
}
