package spread

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/watermark"
)

// drawn makes a grey picture of a function.
func drawn(w, h int, f func(x, y int) float64) *watermark.RGB {
	c := watermark.NewRGB(w, h)
	for i := range w * h {
		v := uint8(min(max(f(i%w, i/w), 0), 255))
		c.Pix[3*i], c.Pix[3*i+1], c.Pix[3*i+2] = v, v, v
	}
	return c
}

// page is text-like: strokes in lines on a flat ground.
func page(w, h int, ground, ink float64, margin int) *watermark.RGB {
	r := rand.New(rand.NewPCG(4, 4))
	c := drawn(w, h, func(int, int) float64 { return ground })
	for y := margin; y+14 < h-margin; y += 18 {
		for x := margin; x+8 < w-margin; x += 8 {
			for range r.IntN(5) {
				px, py := x+r.IntN(5), y+r.IntN(9)
				dx := r.IntN(2)
				for k := range 2 + r.IntN(4) {
					i := 3 * ((py+k*(1-dx))*w + px + k*dx)
					c.Pix[i], c.Pix[i+1], c.Pix[i+2] = uint8(ink), uint8(ink), uint8(ink)
				}
			}
		}
	}
	return c
}

// Pictures that are no photographs are marked within the bound, nowhere
// roughly, and can be read again after a JPEG of good quality.
func TestMadePicturesAreMarkedGently(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	track := New(watermark.TestKey, Config{})
	cells := map[int]float64{}
	for name, pic := range map[string]*watermark.RGB{
		"black":    drawn(800, 600, func(int, int) float64 { return 0 }),
		"grey":     drawn(800, 600, func(int, int) float64 { return 128 }),
		"white":    drawn(800, 600, func(int, int) float64 { return 255 }),
		"gradient": drawn(900, 500, func(x, _ int) float64 { return float64(x) * 255 / 900 }),
		"night":    drawn(800, 600, func(int, int) float64 { return 4 + 3*r.NormFloat64() }),
		"page":     page(800, 1000, 255, 0, 80),
		"window":   page(1200, 800, 243, 40, 20),
		"rings": drawn(900, 700, func(x, y int) float64 {
			if math.Mod(math.Hypot(float64(x-450), float64(y-350)), 60) < 2 {
				return 0
			}
			return 255
		}),
		"pixel art": drawn(512, 512, func(x, y int) float64 {
			k := y/16*32 + x/16
			if _, ok := cells[k]; !ok {
				cells[k] = float64(r.IntN(8)) * 36
			}
			return cells[k]
		}),
		"chequers": drawn(600, 600, func(x, y int) float64 { return float64((x/37+y/41)%2) * 255 }),
	} {
		marked := pic.Clone()
		e, err := track.Embed(marked, 7)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := watermark.PSNR(pic, marked); got < DefaultPSNR || math.Abs(got-e.PSNR) > 0.3 {
			t.Errorf("%s: %.2f dB, told %.2f", name, got, e.PSNR)
		}
		if most, rough := roughness(pic, marked); most > 12 || rough > 3 {
			t.Errorf("%s: a sample changed by %d, a block by %.2f", name, most, rough)
		}
		for copied, y := range map[string]*watermark.RGB{"as it is": marked, "JPEG 90": jpegged(t, marked, 90)} {
			if d := track.Decode(y.Luma(0)); !d.Detected || d.Payload != 7 {
				t.Errorf("%s, %s: %+v", name, copied, d)
			}
		}
	}
}

// roughness is the largest change of a green sample, and the largest root mean
// square over a block of 16×16.
func roughness(a, b *watermark.RGB) (most int, rough float64) {
	for by := 0; by+16 <= a.H; by += 16 {
		for bx := 0; bx+16 <= a.W; bx += 16 {
			sum := 0
			for i := range 256 {
				k := 3*((by+i/16)*a.W+bx+i%16) + 1
				d := int(a.Pix[k]) - int(b.Pix[k])
				most = max(most, d, -d)
				sum += d * d
			}
			rough = max(rough, math.Sqrt(float64(sum)/256))
		}
	}
	return most, rough
}

// Small pieces of photographs are marked so that they can be read, after a
// JPEG of good quality as well, or are left alone.
func TestSmallPicturesAreReadOrRefused(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	refused, lost, total := map[int]int{}, 0, 0
	for i, f := range corpus.Kodak(t) {
		if i%3 != 0 {
			continue
		}
		whole := loadRGB(t, f)
		for _, side := range []int{128, 192, 256} {
			pic := watermark.NewRGB(side, side)
			for y := range side {
				copy(pic.Pix[3*y*side:3*(y+1)*side], whole.Pix[3*((y+100)*whole.W+150):])
			}
			marked := pic.Clone()
			_, err := track.Embed(marked, 0xabc)
			if errors.Is(err, watermark.ErrNoRoom) {
				refused[side]++
				if watermark.PSNR(pic, marked) < 1000 {
					t.Errorf("%s: refused and yet changed", f)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, y := range []*watermark.RGB{marked, jpegged(t, marked, 85)} {
				total++
				if d := track.Decode(y.Luma(0)); !d.Detected || d.Payload != 0xabc {
					lost++
				}
			}
		}
	}
	t.Logf("refused %v of 8 each; %d of %d copies of the others lost", refused, lost, total)
	if lost > 1 || total < 30 {
		t.Errorf("%d of %d copies of what was marked cannot be read", lost, total)
	}
}

// Strips hold few canonical pixels for all their megapixels: they too are marked
// so that they can be read, or are left alone.
func TestStripsAreReadOrRefused(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	marked := 0
	for _, size := range [][2]int{{2400, 90}, {2400, 240}, {2400, 480}, {240, 2400}} {
		for seed := range uint64(2) {
			pic := photo(size[0], size[1], 40+seed)
			_, err := track.Embed(pic, 0xabc)
			if errors.Is(err, watermark.ErrNoRoom) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			marked++
			if d := track.Decode(pic.Luma(watermark.DecodeSide)); !d.Detected || d.Payload != 0xabc {
				t.Errorf("%v, picture %d: marked and not to be read", size, seed)
			}
		}
	}
	t.Logf("%d of 8 strips marked", marked)
	if marked < 2 {
		t.Errorf("%d strips marked", marked)
	}
}
