package forge

import (
	"bytes"
	"math"
	"testing"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

// TestTruthIsTrue: outside the truth nothing changed, inside nearly everything
// did, the area is what was asked for, and a seed gives the same again.
func TestTruthIsTrue(t *testing.T) {
	m, donor := raster.FromImage(synth.Photo(480, 320, 1)), raster.FromImage(synth.Photo(200, 220, 2))
	before := bytes.Clone(m.Pix)
	for _, kind := range Kinds {
		for _, share := range []float64{0.005, 0.01, 0.05, 0.2} {
			f, err := Apply(m, donor, kind, share, 7)
			if err != nil {
				t.Fatal(err)
			}
			again, _ := Apply(m, donor, kind, share, 7)
			other, _ := Apply(m, donor, kind, share, 8)
			if !bytes.Equal(f.RGB.Pix, again.RGB.Pix) || bytes.Equal(f.Truth, other.Truth) {
				t.Errorf("%s %g does not follow from its seed", kind, share)
			}
			area, changed := 0, 0
			for i, v := range f.Truth {
				same := bytes.Equal(f.RGB.Pix[3*i:3*i+3], m.Pix[3*i:3*i+3])
				if v == 0 && !same {
					t.Fatalf("%s %g: pixel %d changed outside the truth", kind, share, i)
				}
				area += int(v)
				if v == 1 && !same {
					changed++
				}
			}
			if got := float64(area) / (480 * 320); math.Abs(got/share-1) > 0.12 {
				t.Errorf("%s: %.4f of the area, want %g", kind, got, share)
			}
			if float64(changed) < 0.8*float64(area) {
				t.Errorf("%s %g: only %d of %d pixels changed", kind, share, changed, area)
			}
		}
	}
	if !bytes.Equal(m.Pix, before) {
		t.Error("the picture itself was altered")
	}
	for _, share := range []float64{0, 0.3, math.NaN()} {
		if _, err := Apply(m, donor, Splice, share, 1); err == nil {
			t.Errorf("a share of %g was accepted", share)
		}
	}
	if _, err := Apply(m, donor, "paint", 0.1, 1); err == nil {
		t.Error("an unknown kind was accepted")
	}
}

// TestEraseIsSmooth: a hole in a ramp is filled as the ramp goes on, nearly, and
// no two neighbours in a hole of a photograph differ much.
func TestEraseIsSmooth(t *testing.T) {
	m := raster.NewRGB8(120, 90)
	for i := range m.Pix {
		m.Pix[i] = uint8(40 + i/3%120)
	}
	mask, _ := synth.ObjectMask(120, 90, 3, 0.1)
	ramp := bytes.Clone(m.Pix)
	for i, v := range mask {
		if v == 1 {
			m.Pix[3*i] = 255
		}
	}
	fill(m, mask)
	for i := range ramp {
		if d := int(ramp[i]) - int(m.Pix[i]); d > 12 || d < -12 {
			t.Fatalf("sample %d is %d, want about %d", i, m.Pix[i], ramp[i])
		}
	}
	f, err := Apply(raster.FromImage(synth.Photo(120, 90, 4)), nil, Erase, 0.1, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(f.Truth) - 1 {
		if f.Truth[i] == 1 && f.Truth[i+1] == 1 && i > 0 && f.Truth[i-1] == 1 {
			if d := int(f.RGB.Pix[3*i]) - int(f.RGB.Pix[3*i+3]); d > 40 || d < -40 {
				t.Errorf("a step of %d at %d", d, i)
			}
		}
	}
	all := raster.NewRGB8(5, 3)
	fill(all, bytes.Repeat([]byte{1}, 15)) // nothing to fill from
}

// TestCopyMoveMoves: the copied object is found where it came from.
func TestCopyMoveMoves(t *testing.T) {
	m := raster.NewRGB8(64, 48)
	for i := range m.W * m.H {
		copy(m.Pix[3*i:], []uint8{uint8(i % 64), uint8(i / 64), 9}) // says where it is
	}
	f, err := Apply(m, nil, CopyMove, 0.05, 2)
	if err != nil {
		t.Fatal(err)
	}
	moves := map[[2]int]int{}
	for i, v := range f.Truth {
		if v == 1 {
			moves[[2]int{int(f.RGB.Pix[3*i]) - i%64, int(f.RGB.Pix[3*i+1]) - i/64}]++
		}
	}
	if len(moves) != 1 {
		t.Errorf("moved by %v", moves)
	}
}
