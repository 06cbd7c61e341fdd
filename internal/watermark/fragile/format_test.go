package fragile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/certana/certana/internal/watermark"
)

// TestFormatGolden holds the lattice to testdata/format.py, an implementation
// of its own. Marks live for decades: what is in there never changes.
func TestFormatGolden(t *testing.T) {
	var golden struct {
		Payload    string
		Rows, Cols int
		Keys       []struct {
			Key    string
			Some   [][5]int // grid, row, column, coefficient, dither·2²⁴
			SHA256 string
		}
	}
	b, err := os.ReadFile("testdata/format.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	p, err := watermark.ParsePayload(golden.Payload)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range golden.Keys {
		key, err := watermark.ParseKey(k.Key)
		if err != nil {
			t.Fatal(err)
		}
		track := New(key, Config{})
		d := [2][]float32{make([]float32, golden.Cols), make([]float32, golden.Cols)}
		for _, v := range k.Some {
			track.ditherRow(p, v[0], v[1], d[0], d[1])
			if got := float64(d[v[3]][v[2]]) * (1 << 24); got != float64(v[4]) {
				t.Errorf("dither %v is %v", v, got)
			}
		}
		every := sha256.New()
		for g := range grids {
			for i := range golden.Rows {
				track.ditherRow(p, g, i, d[0], d[1])
				for j := range golden.Cols {
					for c := range d {
						v := int(d[c][j] * (1 << 24))
						every.Write([]byte{byte(v >> 16), byte(v >> 8), byte(v)})
					}
				}
			}
		}
		if got := hex.EncodeToString(every.Sum(nil)); got != k.SHA256 {
			t.Errorf("all dithers hash to %s, want %s", got, k.SHA256)
		}
	}
}

func TestStepsAreFrozen(t *testing.T) {
	want := []float64{22.7, 21.792, 20.884, 19.976, 19.068, 18.16, 17.252}
	for i, s := range New(watermark.TestKey, Config{}).steps {
		if math.Abs(float64(s)-want[i]) > 1e-5 {
			t.Errorf("step %d is %g, want %g", i, s, want[i])
		}
	}
	if s := New(watermark.TestKey, Config{PSNR: 51.0206}).steps[0]; math.Abs(float64(s)-22.7/2) > 1e-3 {
		t.Errorf("6 dB more make a step of %g", s)
	}
}

// basis is the k-th basis function of grid g at pixel (x, y), by definition.
func basis(g, k, x, y int) float64 {
	f := [2][2][2]int{{{0, 1}, {0, 2}}, {{2, 0}, {2, 1}}}[g][k]
	c := func(u, n int) float64 {
		if u == 0 {
			return math.Sqrt(1.0 / 8)
		}
		return math.Sqrt(2.0/8) * math.Cos(math.Pi*float64(2*n+1)*float64(u)/16)
	}
	if x < 0 || x > 7 || y < 0 || y > 7 {
		return 0
	}
	return c(f[0], y) * c(f[1], x)
}

func TestGridsAreOrthogonal(t *testing.T) {
	for g := range grids {
		for k := range 2 {
			for y := range side {
				for x := range side {
					if got := float64(grids[g].v[y] * grids[g].h[k][x]); math.Abs(got-basis(g, k, x, y)) > 1e-6 {
						t.Fatalf("basis %d of grid %d at (%d, %d) is %g", k, g, x, y, got)
					}
				}
			}
		}
	}
	dot := func(g1, k1, g2, k2, dx, dy int) (sum float64) {
		for y := range side {
			for x := range side {
				sum += basis(g1, k1, x, y) * basis(g2, k2, x+dx, y+dy)
			}
		}
		return sum
	}
	for k1 := range 2 {
		for k2 := range 2 {
			for g := range grids {
				want := 0.0
				if k1 == k2 {
					want = 1
				}
				if got := dot(g, k1, g, k2, 0, 0); math.Abs(got-want) > 1e-12 {
					t.Errorf("grid %d: %d·%d is %g", g, k1, k2, got)
				}
			}
			for _, d := range [][2]int{{4, 4}, {4, -4}, {-4, 4}, {-4, -4}} {
				if got := dot(0, k1, 1, k2, d[0], d[1]); math.Abs(got) > 1e-12 {
					t.Errorf("A%d·B%d at %v is %g", k1, k2, d, got)
				}
			}
		}
	}
}
