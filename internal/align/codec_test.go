package align

import (
	"bytes"
	"math"
	"testing"
)

func TestStoredFeatures(t *testing.T) {
	f := Extract(blobs(300, 200, 1), 200)
	b, err := f.MarshalBinary()
	if err != nil || len(b) != 13+40*len(f.Points) {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	var g Features
	if err := g.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	if g.W != 300 || g.H != 200 || len(g.Points) != len(f.Points) || len(g.Points) < 100 {
		t.Fatalf("%d × %d, %d points", g.W, g.H, len(g.Points))
	}
	for i, p := range f.Points {
		q := g.Points[i]
		near(t, "x", float64(q.X), float64(p.X), 1.0/32)
		near(t, "y", float64(q.Y), float64(p.Y), 1.0/32)
		near(t, "angle", math.Remainder(float64(q.Angle-p.Angle), 2*math.Pi), 0, 1e-4)
		near(t, "size", float64(q.Size), float64(p.Size), 1.0/512)
		if q.Binary != p.Binary {
			t.Fatal("another descriptor")
		}
	}
	if _, ok := Register(g, f); !ok {
		t.Error("stored features do not register with fresh ones")
	}
	if _, err := (Features{W: 5000}).MarshalBinary(); err == nil {
		t.Error("a plane of 5000 pixels was stored")
	}
}

func FuzzFeatures(f *testing.F) {
	small, _ := (Features{W: 9, H: 7, Points: []Point{{X: 1, Y: 2, Angle: -3, Size: 1.2}, {Angle: 3.14159}}}).MarshalBinary()
	empty, _ := (Features{}).MarshalBinary()
	f.Add(small)
	f.Add(empty)
	f.Add(small[:20])
	f.Add(append([]byte{1, 0, 1, 0, 0, 0, 1, 0, 0, 255, 255, 255, 255}, small[13:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var g Features
		if g.UnmarshalBinary(b) != nil {
			return
		}
		again, err := g.MarshalBinary()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("read %x, wrote %x, %v", b, again, err)
		}
	})
}
