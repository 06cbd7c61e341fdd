package fragile

import (
	"errors"
	"math"
	"testing"

	"github.com/certana/certana/internal/watermark"
)

// twin draws the plain way: whole picture, three
// channels, float64, every basis function by definition.
func twin(t *Track, m *watermark.RGB, p watermark.Payload, step float64) []float64 {
	f := make([]float64, len(m.Pix))
	for i, v := range m.Pix {
		f[i] = float64(v)
	}
	luma := func(x, y int) float64 {
		q := f[3*(y*m.W+x):]
		return 0.299*q[0] + 0.587*q[1] + 0.114*q[2]
	}
	coef := func(g, i, j, k int) (c float64) {
		for y := range side {
			for x := range side {
				c += basis(g, k, x, y) * luma(8*j+x+4*g, 8*i+y+4*g)
			}
		}
		return c
	}
	each := func(fn func(g, i, j int)) {
		for g := range 2 {
			for i := range (m.H - 4*g) / 8 {
				for j := range (m.W - 4*g) / 8 {
					fn(g, i, j)
				}
			}
		}
	}
	target := map[[4]int]float64{}
	each(func(g, i, j int) {
		d := [2][]float32{make([]float32, j+1), make([]float32, j+1)}
		t.ditherRow(p, g, i, d[0], d[1])
		for k := range 2 {
			d := float64(d[k][j])
			c := coef(g, i, j, k)
			target[[4]int{g, i, j, k}] = c + pull*(step*(math.Round(c/step-d)+d)-c)
		}
	})
	for round := range rounds {
		each(func(g, i, j int) {
			e := [2]float64{target[[4]int{g, i, j, 0}] - coef(g, i, j, 0), target[[4]int{g, i, j, 1}] - coef(g, i, j, 1)}
			if round >= patient {
				if max(math.Abs(e[0]), math.Abs(e[1])) <= slack*step {
					return
				}
				e[0], e[1] = e[0]*gain, e[1]*gain
			}
			for y := range side {
				for x := range side {
					d := e[0]*basis(g, 0, x, y) + e[1]*basis(g, 1, x, y)
					at := 3 * ((8*i+y+4*g)*m.W + 8*j + x + 4*g)
					for c := range 3 {
						f[at+c] = min(max(f[at+c]+d, 0), 255)
					}
				}
			}
		})
	}
	return f
}

// Where nothing clips, the strips and the twin agree but for rounding; where
// much does, they share the loss out differently but get as near the lattice.
func TestPassAgainstWholePicture(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	const w, h = 117, 133
	mild, harsh := photo(w, h, 5), photo(w, h, 6)
	for i, v := range mild.Pix {
		mild.Pix[i] = 40 + uint8(int(v)*170/255)
	}
	for i, v := range harsh.Pix {
		harsh.Pix[i] = uint8(min(max(2*int(v)-128, 0), 255))
	}
	for name, m := range map[string]*watermark.RGB{"mild": mild, "harsh": harsh} {
		delta := make([]int8, w*h)
		newPass(track, RGB{m}, somePayload, track.steps[0], delta).run()
		want := twin(track, m, somePayload, float64(track.steps[0]))
		off, mine, other := 0, m.Clone(), m.Clone()
		for i := range m.Pix {
			mine.Pix[i] = uint8(min(max(int(m.Pix[i])+int(delta[i/3]), 0), 255))
			other.Pix[i] = uint8(want[i] + 0.5)
			if mine.Pix[i] != other.Pix[i] {
				off++
			}
		}
		if name == "mild" && off > len(m.Pix)/1000 {
			t.Errorf("%d of %d samples differ", off, len(m.Pix))
		}
		a, b := distance(track, mine), distance(track, other)
		t.Logf("%s: %d samples differ, off the lattice by %.4f, the twin by %.4f steps", name, off, a, b)
		if a > 1.05*b+0.002 {
			t.Errorf("%s: off the lattice by %.4f steps, the twin by %.4f", name, a, b)
		}
	}
}

// distance is the root mean square of all residuals at the first step.
func distance(t *Track, m *watermark.RGB) float64 {
	sum, n := 0.0, 0
	for _, s := range t.sheets(Look(RGB{m}), somePayload) {
		for k := range s.coef {
			for b := range s.coef[k] {
				r := float64(s.residual(k, b, t.steps[0]))
				sum += r * r
				n++
			}
		}
	}
	return math.Sqrt(sum / float64(n))
}

func TestEmbedKeepsThePSNR(t *testing.T) {
	for _, target := range []float64{0, 48} {
		track := New(watermark.TestKey, Config{PSNR: target})
		m := photo(320, 240, 9)
		marked := m.Clone()
		e, err := track.Embed(RGB{marked}, somePayload)
		if err != nil {
			t.Fatal(err)
		}
		got := watermark.PSNR(m, marked)
		if math.Abs(got-e.PSNR) > 1e-9 {
			t.Errorf("%.4f dB said, %.4f measured", e.PSNR, got)
		}
		if want := max(target, DefaultPSNR); got < want || got > want+0.5 {
			t.Errorf("%.2f dB for %g", got, want)
		}
	}
}

func TestEmbedRefusesSmallPictures(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	for _, size := range [][2]int{{63, 500}, {500, 63}, {1, 1}} {
		m := photo(size[0], size[1], 1)
		was := m.Clone()
		if _, err := track.Embed(RGB{m}, somePayload); !errors.Is(err, watermark.ErrTooSmall) {
			t.Errorf("%v: %v", size, err)
		}
		if watermark.PSNR(was, m) < math.Inf(1) {
			t.Errorf("%v: changed all the same", size)
		}
	}
}

// A picture of pure black and white can take little of the mark; it must still
// be finite work, and the file must stay what it was where it cannot move.
func TestEmbedFlat(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	for _, level := range []uint8{0, 255, 128} {
		m := watermark.NewRGB(96, 72)
		for i := range m.Pix {
			m.Pix[i] = level
		}
		e, err := track.Embed(RGB{m}, somePayload)
		if err != nil || e.PSNR < 40 {
			t.Errorf("level %d: %.1f dB, %v", level, e.PSNR, err)
		}
		if d := track.LocalizeView(Look(RGB{m}), somePayload); d.Share > 0 {
			t.Errorf("level %d: %.3f flagged", level, d.Share)
		}
	}
}
