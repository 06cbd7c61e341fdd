package fingerprint

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/dsp"
)

// dunes is a made picture with energy at many frequencies.
func dunes(w, h int) *dsp.Plane {
	p := dsp.NewPlane(w, h)
	for y := range h {
		for x := range w {
			u, v := float64(x)/float64(w), float64(y)/float64(h)
			s := math.Sin(17*u+5*v*v) + math.Sin(9*v-21*u*v) + 0.6*math.Sin(43*u*u+31*v) + 0.4*math.Cos(60*v+11*u)
			p.Set(x, y, float32(128+40*s))
		}
	}
	return p
}

func TestHashText(t *testing.T) {
	const text = "d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596621e1d33e6339c4e9c9b22"
	h, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if h.String() != text {
		t.Errorf("printed %s", h)
	}
	if up, err := Parse(strings.ToUpper(text)); err != nil || up != h {
		t.Errorf("upper case: %v, %v", up, err)
	}
	if !h.Bit(1) || h.Bit(0) || !h.Bit(255) || h.Bit(253) {
		t.Error("bit 0 is the last digit's lowest bit, bit 255 the first digit's highest")
	}
	b := h.Bytes()
	if back, err := FromBytes(b[:]); err != nil || back != h || b[0] != 0xd8 || b[31] != 0x22 {
		t.Errorf("bytes %x", b)
	}
	js, err := json.Marshal(map[string]Hash{"h": h})
	if err != nil || string(js) != `{"h":"`+text+`"}` {
		t.Errorf("JSON %s, %v", js, err)
	}
	var back map[string]Hash
	if err := json.Unmarshal(js, &back); err != nil || back["h"] != h {
		t.Errorf("JSON back: %v, %v", back, err)
	}
	for _, bad := range []string{"", text[1:], text + "0", "g" + text[1:], " " + text[1:]} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestDistance(t *testing.T) {
	var a Hash
	b := Hash{1, 3, 0, 1 << 63}
	if d := a.Distance(b); d != 4 {
		t.Errorf("distance %d, want 4", d)
	}
	if d := a.Distance(Hash{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}); d != 256 {
		t.Errorf("distance %d, want 256", d)
	}
}

// TestSmallAndFlat: no picture is too small or too flat to be answered.
func TestSmallAndFlat(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {4, 400}, {400, 4}} {
		if h, q := PDQ(dsp.NewPlane(size[0], size[1])); h != (Hash{}) || q != 0 {
			t.Errorf("%v: %v, quality %d", size, h, q)
		}
	}
	for _, size := range [][2]int{{5, 5}, {64, 64}, {5, 3000}, {513, 20}} {
		if h, q := PDQ(dsp.NewPlane(size[0], size[1])); h != (Hash{}) || q != 0 {
			t.Errorf("flat %v: %v, quality %d", size, h, q)
		}
	}
}

// TestPresampled: a plane over 512 pixels hashes as the same plane sampled.
func TestPresampled(t *testing.T) {
	big := dunes(1300, 700)
	small := dsp.NewPlane(512, 512)
	for y := range 512 {
		for x := range 512 {
			small.Set(x, y, big.At(x*1300/512, y*700/512))
		}
	}
	a, qa := PDQ(big)
	b, qb := PDQ(small)
	if a != b || qa != qb {
		t.Errorf("%v (%d) and %v (%d)", a, qa, b, qb)
	}
}

// TestBoxTwin holds the running sums against means taken one by one.
func TestBoxTwin(t *testing.T) {
	src := dunes(37, 41)
	for w := 1; w <= 9; w++ {
		rows, cols := dsp.NewPlane(37, 41), dsp.NewPlane(37, 41)
		boxRows(rows, src, w)
		boxCols(cols, src, w)
		left, right := w-(w+2)/2, (w+2)/2-1
		for y := range src.H {
			for x := range src.W {
				var sr, nr, sc, nc float64
				for d := -left; d <= right; d++ {
					if x+d >= 0 && x+d < src.W {
						sr, nr = sr+float64(src.At(x+d, y)), nr+1
					}
					if y+d >= 0 && y+d < src.H {
						sc, nc = sc+float64(src.At(x, y+d)), nc+1
					}
				}
				if math.Abs(float64(rows.At(x, y))-sr/nr) > 1e-3 || math.Abs(float64(cols.At(x, y))-sc/nc) > 1e-3 {
					t.Fatalf("window %d at (%d, %d): rows %v want %v, columns %v want %v",
						w, x, y, rows.At(x, y), sr/nr, cols.At(x, y), sc/nc)
				}
			}
		}
	}
}

// TestDihedralByTurning holds the hashes from turned coefficients against the
// hashes of turned planes.
func TestDihedralByTurning(t *testing.T) {
	src := dunes(64, 64)
	c, _, _ := Transform(src)
	got := c.Dihedral()
	from := map[Turn]func(x, y int) (int, int){
		Original:  func(x, y int) (int, int) { return x, y },
		Rotate90:  func(x, y int) (int, int) { return 63 - y, x },
		Rotate180: func(x, y int) (int, int) { return 63 - x, 63 - y },
		Rotate270: func(x, y int) (int, int) { return y, 63 - x },
		FlipX:     func(x, y int) (int, int) { return x, 63 - y },
		FlipY:     func(x, y int) (int, int) { return 63 - x, y },
		FlipPlus:  func(x, y int) (int, int) { return y, x },
		FlipMinus: func(x, y int) (int, int) { return 63 - y, 63 - x },
	}
	for turn, f := range from {
		turned := dsp.NewPlane(64, 64)
		for y := range 64 {
			for x := range 64 {
				sx, sy := f(x, y)
				turned.Set(x, y, src.At(sx, sy))
			}
		}
		want, _ := PDQ(turned)
		if d := got[turn].Distance(want); d > 4 {
			t.Errorf("turn %d: distance %d", turn, d)
		}
	}
}

// TestDihedralReference holds all eight against the reference tool's.
func TestDihedralReference(t *testing.T) {
	dir := corpus.Need(t, "corpus", "pdq")
	pix, w, h := loadRGB(t, filepath.Join(dir, "data/reg-test-input/dih/bridge-1-original.jpg"))
	c, _, _ := Transform(lumaFromRGB(pix, w, h, 3*w))
	got := c.Dihedral()
	f, err := os.Open(filepath.Join(dir, "pdq_cpp_dihedral_bridge1.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
		want, err := Parse(s.Text()[:64])
		if err != nil {
			t.Fatal(err)
		}
		if d := got[n].Distance(want); d > 2 { // image/jpeg and libjpeg round differently
			t.Errorf("turn %d: distance %d", n, d)
		}
	}
	if n != int(Turns) {
		t.Errorf("%d lines", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596621e1d33e6339c4e9c9b22")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := Parse(s)
		if err == nil && h.String() != strings.ToLower(s) {
			t.Errorf("%q was read as %s", s, h)
		}
	})
}

func BenchmarkPDQ2MP(b *testing.B) {
	p := dunes(1632, 1224)
	for b.Loop() {
		PDQ(p)
	}
}

func BenchmarkPDQ512(b *testing.B) {
	p := dunes(512, 340)
	for b.Loop() {
		PDQ(p)
	}
}
