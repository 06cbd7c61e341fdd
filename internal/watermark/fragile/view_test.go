package fragile

import (
	"math"
	"testing"

	"github.com/certana/certana/internal/watermark"
)

// TestUnseenIsNotSaid shows a part of a marked picture, with other content for
// the rest: that is neither altered nor untouched, and an alteration within the
// part is found as if all were shown.
func TestUnseenIsNotSaid(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	const w, h = 400, 304
	m := marked(t, track, w, h, 5)
	forged, truth := paste(m, 11, 0.03)
	v := Look(RGB{forged})
	whole := track.LocalizeView(v, somePayload)
	if whole.Said != nil || whole.Known != 1 {
		t.Errorf("all is shown, %g is known", whole.Known)
	}
	const left, top, right, low = 46, 30, 350, 299
	other := Look(RGB{photo(w, h, 77)})
	v.Seen = make([]uint8, len(v.Clipped))
	for y := range h {
		for x := range w {
			if x < left || y < top || x >= right || y >= low {
				v.Luma.Set(x, y, other.Luma.At(x, y))
			}
		}
	}
	for j := range h / cell {
		for i := range w / cell {
			if 4*i >= left && 4*j >= top && 4*i+4 <= right && 4*j+4 <= low {
				v.Seen[j*(w/cell)+i] = 1
			}
		}
	}
	d := track.LocalizeView(v, somePayload)
	tp, wrong, said := 0, 0, 0
	for i, is := range truth {
		x, y := i%w, i/w
		in := x >= left && y >= top && x < right && y < low
		if d.Said[i] == 1 {
			said++
			if x < left || y < top || x >= right || y >= low {
				t.Fatalf("something is said of (%d, %d)", x, y)
			}
		}
		if d.Said[i] == 0 && d.Mask[i] == 1 {
			t.Fatalf("(%d, %d) is flagged", x, y)
		}
		if !in || d.Said[i] == 0 {
			continue
		}
		if is == 1 && d.Mask[i] == 1 {
			tp++
		} else if is != d.Mask[i] {
			wrong++
		}
	}
	if f := 2 * float64(tp) / float64(2*tp+wrong); f < 0.95 {
		t.Errorf("F1 %.3f within what is shown", f)
	}
	if d.Known != float64(said)/(w*h) || d.Known < 0.6 || d.Known > 0.68 {
		t.Errorf("%.3f is known, %d pixels", d.Known, said)
	}
	clear(v.Seen)
	if d := track.LocalizeView(v, somePayload); d.Abstain != Unseen || d.Mask != nil {
		t.Errorf("nothing is shown: abstains %q", d.Abstain)
	}
}

func TestScale(t *testing.T) {
	for _, c := range [][5]int{{64, 64, 1, 64, 64}, {2048, 1365, 1, 2048, 1365}, {3071, 2000, 1, 3071, 2000},
		{3072, 2000, 2, 1536, 1000}, {4001, 3000, 2, 2000, 1500}, {3000, 5119, 2, 1500, 2559}, {5121, 7, 3, 1707, 2}} {
		if k := Scale(c[0], c[1]); k != c[2] {
			t.Errorf("%v: scale %d", c, k)
		}
		if w, h := MarkedSize(c[0], c[1]); w != c[3] || h != c[4] {
			t.Errorf("%v: %d × %d", c, w, h)
		}
	}
}

// TestLargePicture marks at two real pixels for one of the mark: what is drawn
// is said, the reader sees means, and the file may be reduced to half.
func TestLargePicture(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	const w, h = 3076, 302
	m := photo(w, h, 4)
	was := m.Clone()
	e, err := track.Embed(RGB{m}, somePayload)
	if err != nil {
		t.Fatal(err)
	}
	if got := watermark.PSNR(was, m); math.Abs(got-e.PSNR) > 1e-9 || got < DefaultPSNR || got > DefaultPSNR+0.5 {
		t.Errorf("%.4f dB said, %.4f measured", e.PSNR, got)
	}
	v := Look(RGB{m})
	if v.Luma.W != w/2 || v.Luma.H != h/2 {
		t.Fatalf("the view is %d × %d", v.Luma.W, v.Luma.H)
	}
	for _, at := range [][2]int{{0, 0}, {17, 33}, {w/2 - 1, h/2 - 1}} {
		want := 0.0
		for y := range 2 {
			for x := range 2 {
				q := m.Pix[3*((2*at[1]+y)*w+2*at[0]+x):]
				want += (0.299*float64(q[0]) + 0.587*float64(q[1]) + 0.114*float64(q[2])) / 4
			}
		}
		if got := float64(v.Luma.At(at[0], at[1])); math.Abs(got-want) > 1e-4 {
			t.Errorf("luma at %v is %g, want %g", at, got, want)
		}
	}
	if d := track.LocalizeView(v, somePayload); d.Abstain != Speaks || d.Share > 0 || d.Intact > 0.02 {
		t.Errorf("as marked: %.4f flagged, abstains %q, σ %.3f", d.Share, d.Abstain, d.Intact)
	}
	half, _ := apply(t, m, "resize", 0.5, 1)
	small, _ := apply(t, half, "jpeg", 80, 1)
	forged, truth := paste(small, 5, 0.02)
	d := track.LocalizeView(Look(RGB{forged}), somePayload)
	if f := f1(d, truth); f < 0.9 {
		t.Errorf("F1 %.3f in the half-size copy, abstains %q, quality %.2f, uneven %.2f", f, d.Abstain, d.Quality, d.Uneven)
	}
}
