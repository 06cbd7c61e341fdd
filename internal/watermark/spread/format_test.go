package spread

import (
	"encoding/json"
	"math"
	"math/cmplx"
	"os"
	"strings"
	"testing"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// golden is what ../testdata/format.py, an implementation of its own, makes of
// the written format. Marks live for decades: what is in here never changes.
type golden struct {
	Payload string `json:"payload"`
	Keys    []struct {
		Key      string       `json:"key"`
		Pilots   [][2]int     `json:"pilots"`
		Quarters []int        `json:"quarters"`
		Code     int          `json:"code_harmonics"`
		Place    []int        `json:"place"`
		Symbols  string       `json:"symbols"`
		Fine     string       `json:"fine_symbols"`
		Tile     [][3]float64 `json:"tile"`  // canonical x, y, value
		Large    [][3]float64 `json:"large"` // the same in a picture with a fine tile
	} `json:"keys"`
}

func TestFormatGolden(t *testing.T) {
	b, err := os.ReadFile("../testdata/format.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	payload, err := watermark.ParsePayload(g.Payload)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range g.Keys {
		key, err := watermark.ParseKey(k.Key)
		if err != nil {
			t.Fatal(err)
		}
		track := New(key, Config{})
		l := track.layout
		for i, h := range k.Pilots {
			if l.pilots[i] != (harmonic{h[0], h[1]}) {
				t.Errorf("pilot %d is %v, want %v", i, l.pilots[i], h)
			}
			want := cmplx.Rect(1, (float64(k.Quarters[i])+0.5)*math.Pi/2)
			if cmplx.Abs(l.phase[i]-want) > 1e-12 {
				t.Errorf("phase %d is %v, want %v", i, l.phase[i], want)
			}
		}
		if len(l.code) != k.Code {
			t.Errorf("%d code harmonics, want %d", len(l.code), k.Code)
		}
		for i, v := range k.Place {
			if l.place[i] != v {
				t.Errorf("symbol %d carries bit %d, want %d", i, l.place[i], v)
			}
		}
		for label, want := range map[string]string{tileCheck: k.Symbols, fineCheck: k.Fine} {
			var symbols strings.Builder
			for _, s := range track.symbols(payload, label) {
				symbols.WriteByte("-+"[int(s+1)/2])
			}
			if symbols.String() != want {
				t.Errorf("symbols of %s are\n%s, want\n%s", label, symbols.String(), want)
			}
		}
		for g, places := range map[float64][][3]float64{1: k.Tile, fineFrom: k.Large} {
			tile := track.tile(payload, g)
			for _, v := range places {
				if got := float64(tile.At(int(v[0]*oversample), int(v[1]*oversample))); math.Abs(got-v[2]) > 1e-4 {
					t.Errorf("scale %g: tile at (%g, %g) is %g, want %g", g, v[0], v[1], got, v[2])
				}
			}
		}
	}
}

func TestBandAndPilots(t *testing.T) {
	if n := len(band()); n != 252 {
		t.Fatalf("%d harmonics, want 252", n)
	}
	for i := range 20 {
		key := watermark.Key{byte(i)}
		l := newLayout(key)
		if len(l.pilots) != pilotCount || len(l.code) != 252-pilotCount || len(l.place) != 456 {
			t.Fatalf("key %d: %d pilots, %d code harmonics, %d symbols", i, len(l.pilots), len(l.code), len(l.place))
		}
		// With more coincidences a turn could be mistaken for another.
		if n := coincidences(l.pilots); n > 4 {
			t.Errorf("key %d: %d pilots coincide with their images", i, n)
		}
	}
}

func TestTileHasUnitVariance(t *testing.T) {
	// The two tiles of a large picture share a few harmonics, by chance in step
	// or against it.
	for g, most := range map[float64]float64{1: 1e-3, fineFrom: 0.05} {
		tile := New(watermark.TestKey, Config{}).tile(0xfeedface, g)
		sum := 0.0
		for _, v := range tile.Pix {
			sum += float64(v) * float64(v)
		}
		if v := sum / float64(len(tile.Pix)); math.Abs(v-1) > most {
			t.Errorf("scale %g: variance %g", g, v)
		}
	}
}

// The painter's twin: a sum of cosines times the mask read bilinearly in
// float64.
func TestPainterAgainstSumOfCosines(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	const payload = 0x123456789abcdef0
	for _, size := range [][2]int{{200, 150}, {1500, 40}, {40, 2700}, {3000, 50}} {
		w, h := size[0], size[1]
		var off, power float64
		hs, as := track.amplitudes(payload, scaleOf(w, h))
		luma := photo(w, h, 3).Luma(canonicalSide)
		mask := maskOf(momentsOf(luma))
		p := newPainter(track.tile(payload, scaleOf(w, h)), mask, w, h, luma)
		g := scaleOf(w, h)
		row := make([]float32, w)
		for y := 0; y < h; y += 1 + h/11 {
			p.row(y, row)
			for x := 0; x < w; x += 1 + w/17 {
				cx, cy := (float64(x)+0.5)/g-0.5, (float64(y)+0.5)/g-0.5
				sum := 0.0
				for k, u := range hs {
					sum += 2 * real(as[k]*cmplx.Rect(1, 2*math.Pi*(float64(u.u)*cx+float64(u.v)*cy)/period))
				}
				mx := ((float64(x)+0.5)*float64(luma.W)/float64(w))/maskStep - 0.5
				my := ((float64(y)+0.5)*float64(luma.H)/float64(h))/maskStep - 0.5
				want := sum * bilinearAt(mask, mx, my)
				off, power = off+(float64(row[x])-want)*(float64(row[x])-want), power+want*want
				if scaleOf(w, h) < fineFrom && math.Abs(float64(row[x])-want) > 0.03*(1+math.Abs(want)) {
					t.Fatalf("%v at (%d,%d): %g, want %g", size, x, y, row[x], want)
				}
			}
		}
		// A line between samples misses the finest waves of a fine tile, 10.7
		// samples long, by up to 4%.
		if rms := math.Sqrt(off / power); rms > 0.02 {
			t.Errorf("%v: off by %.4f of the pattern", size, rms)
		}
	}
}

func bilinearAt(p *dsp.Plane, x, y float64) float64 {
	x, y = min(max(x, 0), float64(p.W-1)), min(max(y, 0), float64(p.H-1))
	i, j := int(x), int(y)
	fx, fy := x-float64(i), y-float64(j)
	at := func(i, j int) float64 { return float64(p.At(min(i, p.W-1), min(j, p.H-1))) }
	return (1-fy)*((1-fx)*at(i, j)+fx*at(i+1, j)) + fy*((1-fx)*at(i, j+1)+fx*at(i+1, j+1))
}
