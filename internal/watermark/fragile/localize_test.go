package fragile

import (
	"math"
	"testing"

	"github.com/certana/certana/internal/watermark"
)

func marked(t testing.TB, track *Track, w, h int, seed uint64) *watermark.RGB {
	t.Helper()
	m := photo(w, h, seed)
	if _, err := track.Embed(RGB{m}, somePayload); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestFindsAPastedObject pastes a shaped object of 6% of the area, and expects
// it in the map and nothing else, before and after the wear of the road.
func TestFindsAPastedObject(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	m := marked(t, track, 512, 384, 21)
	forged, truth := paste(m, 4, 0.06)
	for _, o := range []post{{"none", 0, .95}, {"jpeg", 90, .93}, {"jpeg", 70, .88}, {"noise", 5, .88}, {"brightness", .8, .9}, {"contrast", .5, .9}} {
		y, _ := apply(t, m, o.name, o.strength, 1)
		if d := track.LocalizeView(Look(RGB{y}), somePayload); d.Abstain != Speaks || d.Share > 0.002 {
			t.Errorf("%s %g, not altered: %.4f flagged, abstains %q", o.name, o.strength, d.Share, d.Abstain)
		}
		y, _ = apply(t, forged, o.name, o.strength, 1)
		v := Look(RGB{y})
		for how, d := range map[string]Map{"colours": track.LocalizeView(v, somePayload), "luma": track.LocalizeView(View{Luma: v.Luma}, somePayload)} {
			if f := f1(d, truth); d.Abstain != Speaks || f < o.limit {
				t.Errorf("%s %g by %s: F1 %.3f, abstains %q, quality %.3f", o.name, o.strength, how, f, d.Abstain, d.Quality)
			}
			if d.PValue > 1e-100 {
				t.Errorf("%s %g: p = %g", o.name, o.strength, d.PValue)
			}
		}
	}
}

// TestFindsACollage: another marked picture with the same key is as foreign as
// any, because its payload is another.
func TestFindsACollage(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	m := marked(t, track, 256, 256, 3)
	other := photo(256, 256, 4)
	if _, err := track.Embed(RGB{other}, somePayload+1); err != nil {
		t.Fatal(err)
	}
	truth := make([]uint8, m.W*m.H)
	for y := 80; y < 160; y++ {
		copy(m.Pix[3*(y*m.W+96):3*(y*m.W+192)], other.Pix[3*(y*m.W+96):])
		for x := 96; x < 192; x++ {
			truth[y*m.W+x] = 1
		}
	}
	if f := f1(track.LocalizeView(Look(RGB{m}), somePayload), truth); f < 0.95 {
		t.Errorf("F1 %.3f", f)
	}
}

// TestFindsAMovedBlock: a piece of the picture itself is foreign at any other
// place, also whole blocks away.
func TestFindsAMovedBlock(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	for _, by := range [][2]int{{8, 0}, {96, 64}, {-51, 37}} {
		m := marked(t, track, 320, 256, 13)
		was := m.Clone()
		truth := box(m.W, m.H, 120, 80, 200, 150)
		for y := 80; y < 150; y++ {
			copy(m.Pix[3*(y*m.W+120):3*(y*m.W+200)], was.Pix[3*((y+by[1])*m.W+120+by[0]):])
		}
		if f := f1(track.LocalizeView(Look(RGB{m}), somePayload), truth); f < 0.95 {
			t.Errorf("moved by %v: F1 %.3f", by, f)
		}
	}
}

func TestAbstains(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	m := marked(t, track, 384, 320, 8)
	look := func(name string, strength float64) View {
		y, _ := apply(t, m, name, strength, 1)
		return Look(RGB{y})
	}
	small := photo(63, 400, 1)
	for _, c := range []struct {
		name string
		got  Map
		want Reason
	}{
		{"as marked", track.LocalizeView(look("none", 0), somePayload), Speaks},
		{"another payload", track.LocalizeView(look("none", 0), somePayload^1), Absent},
		{"another key", New(watermark.Key{1}, Config{}).LocalizeView(look("none", 0), somePayload), Absent},
		{"never marked", track.LocalizeView(Look(RGB{photo(384, 320, 8)}), somePayload), Absent},
		{"turned over", track.LocalizeView(look("hflip", 0), somePayload), Absent},
		{"jpeg 10", track.LocalizeView(look("jpeg", 10), somePayload), Absent},
		{"too small", track.LocalizeView(Look(RGB{small}), somePayload), TooSmall},
		{"noise 10", track.LocalizeView(look("noise", 10), somePayload), TooWeak},
		{"jpeg 30", track.LocalizeView(look("jpeg", 30), somePayload), TooWeak},
		{"blur 0.7", track.LocalizeView(look("blur", 0.7), somePayload), Processed},
		{"sharpen 2", track.LocalizeView(look("sharpen", 2), somePayload), Processed},
		{"gamma 1.4", track.LocalizeView(look("gamma", 1.4), somePayload), Processed},
	} {
		if c.got.Abstain != c.want {
			t.Errorf("%s: abstains %q, want %q (quality %.3f, uneven %.2f, p = %.2g)",
				c.name, c.got.Abstain, c.want, c.got.Quality, c.got.Uneven, c.got.PValue)
		}
		if (c.got.Mask == nil) != (c.want != Speaks) {
			t.Errorf("%s: a mask is there or missing against the verdict", c.name)
		}
	}
}

// TestPresenceIsCalibrated reads a picture under payloads that it does not
// carry: p-values are bounds, so at most a share q may fall below any q.
func TestPresenceIsCalibrated(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	v := Look(RGB{marked(t, track, 128, 128, 2)})
	const n = 400
	var sum, square float64
	low := 0
	for i := range n {
		s := track.sheets(v, somePayload+1+watermark.Payload(i))
		if presence(s, even(track.steps[0]), 1) < 0.1 {
			low++
		}
		c := s[0].closeness(0, track.steps[0], fineCount)
		sum, square = sum+c, square+c*c
	}
	// 0.1·400 plus four standard deviations.
	if low > 64 || low == 0 {
		t.Errorf("%d of %d p-values are below 0.1", low, n)
	}
	if m, sd := sum/n, math.Sqrt(square/n); math.Abs(m) > 0.25 || math.Abs(sd-1) > 0.2 {
		t.Errorf("closeness without a mark has mean %.2f and deviation %.2f, want 0 and 1", m, sd)
	}
}

func TestOddSizes(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	for _, size := range [][2]int{{64, 64}, {65, 71}, {66, 70}, {68, 76}, {71, 67}, {72, 100}, {99, 300}} {
		m := marked(t, track, size[0], size[1], 7)
		d := track.LocalizeView(Look(RGB{m}), somePayload)
		if d.Abstain != Speaks || d.Share > 0 || len(d.Mask) != size[0]*size[1] {
			t.Errorf("%v: %.3f flagged, abstains %q", size, d.Share, d.Abstain)
		}
		// Everything from the middle down is replaced, to the last pixel.
		other := photo(size[0], size[1], 70)
		from := size[1] / 2
		copy(m.Pix[3*from*m.W:], other.Pix[3*from*m.W:])
		truth := make([]uint8, m.W*m.H)
		for i := from * m.W; i < len(truth); i++ {
			truth[i] = 1
		}
		d = track.LocalizeView(Look(RGB{m}), somePayload)
		if f := f1(d, truth); f < 0.85 {
			t.Errorf("%v: F1 %.3f, abstains %q", size, f, d.Abstain)
		}
	}
}

func BenchmarkEmbed(b *testing.B) {
	track := New(watermark.TestKey, Config{})
	m := photo(1000, 1000, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := track.Embed(RGB{m.Clone()}, somePayload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLocalize(b *testing.B) {
	track := New(watermark.TestKey, Config{})
	v := Look(RGB{marked(b, track, 1000, 1000, 1)})
	b.ReportAllocs()
	for b.Loop() {
		track.LocalizeView(v, somePayload)
	}
}
