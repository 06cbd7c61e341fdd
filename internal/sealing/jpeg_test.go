package sealing

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"
)

func encoded(t testing.TB, w, h int) []byte {
	t.Helper()
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.Y {
		m.Y[i] = uint8(r.Uint32()) // noise: the coded data is full of stuffed 0xff
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 98}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCheckJPEG(t *testing.T) {
	whole := encoded(t, 100, 60)
	if err := checkJPEG(whole); err != nil {
		t.Errorf("a whole one: %v", err)
	}
	if err := checkJPEG(append(bytes.Clone(whole), "a trailer"...)); err != nil {
		t.Errorf("with bytes after its end: %v", err)
	}
	for n := range whole {
		if checkJPEG(whole[:n]) == nil {
			t.Errorf("cut to %d of %d bytes, it passes", n, len(whole))
		}
	}
}

// FuzzCheckJPEG holds that nothing crashes or hangs the walk, and that nothing
// without an end passes.
func FuzzCheckJPEG(f *testing.F) {
	f.Add(encoded(f, 17, 9))
	f.Add([]byte{0xff, 0xd8, 0xff, 0xd9})
	f.Add([]byte{0xff, 0xd8, 0xff, 0xff, 0xff, 0xe0, 0, 2, 0xff, 0xda, 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		err := checkJPEG(b)
		if err == nil && !bytes.Contains(b, []byte{0xff, 0xd9}) {
			t.Error("one without an end passes")
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2024-03-15 09:32:11", "2024-03-15", "2024-03-15T09:32:11+14:00", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:00", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDate(s)
		if err != nil {
			return
		}
		if again, err := parseDate(d); len(d) != 19 || err != nil || again != d {
			t.Errorf("%q became %q, which is not the stored form", s, d)
		}
	})
}
