package spread

import (
	"encoding/binary"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// gauss is the slow twin of the blur: direct sums, borders mirrored.
func gauss(p *dsp.Plane, sigma float64) *dsp.Plane {
	r := int(math.Ceil(4 * sigma))
	at := func(i, n int) int {
		for i < 0 || i >= n {
			if i < 0 {
				i = -1 - i
			} else {
				i = 2*n - 1 - i
			}
		}
		return i
	}
	norm := 0.0
	for d := -r; d <= r; d++ {
		norm += math.Exp(-float64(d*d) / (2 * sigma * sigma))
	}
	mid, out := dsp.NewPlane(p.W, p.H), dsp.NewPlane(p.W, p.H)
	for y := range p.H {
		for x := range p.W {
			s := 0.0
			for d := -r; d <= r; d++ {
				s += math.Exp(-float64(d*d)/(2*sigma*sigma)) * float64(p.At(at(x+d, p.W), y))
			}
			mid.Set(x, y, float32(s/norm))
		}
	}
	for y := range p.H {
		for x := range p.W {
			s := 0.0
			for d := -r; d <= r; d++ {
				s += math.Exp(-float64(d*d)/(2*sigma*sigma)) * float64(mid.At(x, at(y+d, p.H)))
			}
			out.Set(x, y, float32(s/norm))
		}
	}
	return out
}

func TestWhitenAgainstDirect(t *testing.T) {
	y := photo(160, 130, 7).Luma(0)
	low := gauss(y, highpassSigma)
	square := dsp.NewPlane(y.W, y.H)
	for i, v := range y.Pix {
		square.Pix[i] = (v - low.Pix[i]) * (v - low.Pix[i])
	}
	local := gauss(square, localSigma)
	for _, sup := range suppressions {
		got := residualOf(y).whiten(sup)
		var dot, aa, bb float64
		for i, v := range y.Pix {
			s := math.Sqrt(float64(local.Pix[i])) + sup.floor
			want := math.Min(math.Max(float64(v-low.Pix[i])/s, -clipAt), clipAt) * math.Pow(4/s, sup.exponent)
			dot += want * float64(got.Pix[i])
			aa += want * want
			bb += float64(got.Pix[i]) * float64(got.Pix[i])
		}
		if c := dot / math.Sqrt(aa*bb); c < 0.99 || math.Abs(math.Sqrt(bb/aa)-1) > 0.03 {
			t.Errorf("%+v: correlation %.4f, gain %.4f with the direct filter", sup, c, math.Sqrt(bb/aa))
		}
	}
}

func TestFoldAgainstDFT(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	p := dsp.NewPlane(300, 190)
	for i := range p.Pix {
		p.Pix[i] = float32(r.NormFloat64())
	}
	valid := func(y int) (int, int) { return y / 3, 290 }
	s := foldOf(p, valid)
	for _, f := range [][2]int{{3, 4}, {16, -3}, {7, -12}, {9, 9}} {
		var want complex128
		for y := range p.H {
			from, to := valid(y)
			for x := from; x < to; x++ {
				want += complex(float64(p.At(x, y)), 0) * cmplx.Rect(1, -2*math.Pi*float64(f[0]*x+f[1]*y)/period)
			}
		}
		got, _ := s.at(f[0], f[1])
		if cmplx.Abs(complex128(got)-want) > 0.05 {
			t.Errorf("%v: %v, want %v", f, got, want)
		}
	}
	// White noise of variance 1 has a power of one for each sample.
	samples := 0.0
	for y := range p.H {
		from, to := valid(y)
		samples += float64(to - from)
	}
	mean := 0.0
	for _, v := range s.noise {
		mean += float64(v) / float64(len(s.noise))
	}
	if mean < 0.9*samples || mean > 1.1*samples {
		t.Errorf("noise power %g for %g samples", mean, samples)
	}
}

// markedNoise is white noise with the tile in it, laid by R(x) = tile(q·x − d).
func markedNoise(track *Track, w, h int, q symmetry, d [2]float64, amplitude float64, seed uint64) *dsp.Plane {
	r := rand.New(rand.NewPCG(seed, 3))
	tile := track.tile(0xabcdef, 1)
	p := dsp.NewPlane(w, h)
	wrap := func(v float64) int { return int(math.Floor(v*oversample+0.5)) & (tileSide - 1) }
	for y := range h {
		for x := range w {
			u, v := q.apply(x, y)
			p.Set(x, y, float32(r.NormFloat64()+amplitude*float64(tile.At(wrap(float64(u)-d[0]), wrap(float64(v)-d[1])))))
		}
	}
	return p
}

func TestOrientFindsEverySymmetry(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	for i, q := range symmetries {
		d := [2]float64{3.5 + 7*float64(i), 60 - 5.25*float64(i)}
		p := markedNoise(track, 400, 300, q, d, 0.15, uint64(i))
		s := foldOf(p, everything(p))
		at := track.orient(s, upright)
		if at.turn != q {
			t.Errorf("symmetry %d taken for %v", i, at.turn)
			continue
		}
		for c := range 2 {
			off := math.Remainder(at.shift[c]-d[c], period)
			if math.Abs(off) > 0.2 {
				t.Errorf("symmetry %d: shift %v, want %v", i, at.shift, d)
			}
		}
		if got, fine, ok := track.read(s, at); !ok || fine || got != 0xabcdef {
			t.Errorf("symmetry %d: read %v %v", i, got, ok)
		}
	}
}

func TestAddShiftedAgainstDirect(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	m := &logPolar{stride: 2 * 500, cells: make([]byte, 2*500*6)}
	for i := 0; i < len(m.cells); i += 2 {
		binary.LittleEndian.PutUint16(m.cells[i:], uint16(r.IntN(powerClip*powerLevels+1)))
	}
	var at []int
	for range 252 {
		at = append(at, m.stride*r.IntN(6)+2*r.IntN(100))
	}
	const turns = 300
	sums := make([]uint16, turns+blockLanes)
	m.addShifted(at, sums, turns)
	for a := range turns {
		want := 0
		for _, o := range at {
			want += int(binary.LittleEndian.Uint16(m.cells[o+2*a:]))
		}
		if int(sums[a]) != want {
			t.Fatalf("turn %d: %d, want %d", a, sums[a], want)
		}
	}
	if 252*powerClip*powerLevels > math.MaxUint16 {
		t.Error("the sum of all harmonics at the clip does not fit a lane")
	}
}

func TestCombFindsRotationAndScale(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	// A stronger mark is clipped at every harmonic, and the score flat on top.
	base := markedNoise(track, 900, 900, symmetries[0], [2]float64{}, 0.3, 5)
	for _, c := range []struct{ angle, scale float64 }{{0, 1}, {3, 0.8}, {31, 1.4}, {77, 0.55}, {89.9, 1}} {
		sin, cos := math.Sincos(c.angle * math.Pi / 180)
		// Received (x, y) is read at canonical R⁻¹(x, y)/scale.
		k := 1 / c.scale
		m := dsp.Affine{k * cos, k * sin, 450 - 250*k*(cos+sin), -k * sin, k * cos, 450 - 250*k*(cos-sin)}
		p := dsp.WarpAffine(base, m, 500, 500)
		power := track.fine.spectrumOf(p)
		peaks := track.fine.search(power, unstrained, minScale)
		if len(peaks) == 0 {
			t.Errorf("%+v: no peaks", c)
			continue
		}
		a, score := track.fine.climb(power, peaks[0])
		turn := math.Atan2(a[2], a[0]) * 180 / math.Pi
		off := math.Remainder(turn-c.angle, 90)
		if math.Abs(off) > 0.1 || math.Abs(a.scale()/c.scale-1) > 0.002 || score < 10 {
			t.Errorf("%+v: found %.3f°, %.4f with score %.1f", c, turn, a.scale(), score)
		}
	}
}

func TestBendFitRecoversDisplacement(t *testing.T) {
	track := New(watermark.TestKey, Config{})
	base := markedNoise(track, 800, 700, symmetries[0], [2]float64{5, 9}, 0.4, 8)
	for _, q := range []symmetry{symmetries[0], symmetries[3], symmetries[5]} {
		// Content moves by up to 3 pixels over the picture, as in a perspective.
		bent := dsp.WarpMap(base, func(y int, xs, ys []float32) {
			for x := range xs {
				u, v := float64(x)/350-1, float64(y)/300-1
				g := 0.9*u - 0.5*v
				px, py := q.apply(x-350, y-300)
				dx, dy := 1.5*u-0.8*v+g*u, 0.9*u+1.1*v+g*v*300/350
				xs[x] = float32(400 + float64(px) + float64(q.a)*dx + float64(q.b)*dy)
				ys[x] = float32(350 + float64(py) + float64(q.c)*dx + float64(q.d)*dy)
			}
		}, 1, 700, 600)
		s := foldOf(bent, everything(bent))
		at := track.orient(s, upright)
		if at.turn != q {
			t.Errorf("turn %v taken for %v", q, at.turn)
			continue
		}
		tiles := pilotsOf(bent, everything(bent), s, at, track.layout.pilots, track.layout.phase)
		b := bend{at.shift[0], 0, 0, at.shift[1]}
		for _, reach := range []float64{0.4, 0.7, math.Inf(1)} {
			b, _ = tiles.fit(b, bendTerms, reach)
		}
		// R(x) = tile(q·(x + w(x)) − d), so the fitted displacement is −q·w.
		for _, p := range [][2]float64{{-1, -1}, {1, -1}, {-1, 1}, {1, 1}, {0.5, 0}} {
			x, y := (tiles.cx+p[0]*tiles.sx)/350-1, (tiles.cy+p[1]*tiles.sy)/300-1
			x0, y0 := tiles.cx/350-1, tiles.cy/300-1
			want := func(u, v float64) (float64, float64) {
				g := 0.9*u - 0.5*v
				return -(1.5*u - 0.8*v + g*u), -(0.9*u + 1.1*v + g*v*300/350)
			}
			wx, wy := want(x, y)
			ox, oy := want(x0, y0)
			gx, gy := tiles.inFrame(tiles.at(b, p[0], p[1]))
			hx, hy := tiles.inFrame(tiles.at(b, 0, 0))
			if d := math.Hypot(gx-hx-wx+ox, gy-hy-wy+oy); d > 0.4 {
				t.Errorf("%v at %v: (%.2f, %.2f), want (%.2f, %.2f)", q, p, gx-hx, gy-hy, wx-ox, wy-oy)
			}
		}
	}
}

func TestSolve(t *testing.T) {
	a := []float64{0, 2, 1, 1, 1, 1, 2, 0, 3}
	b := []float64{7, 6, 11}
	if !solve(a, b) {
		t.Fatal("called singular")
	}
	for i, want := range []float64{1, 2, 3} {
		if math.Abs(b[i]-want) > 1e-12 {
			t.Errorf("x = %v", b)
		}
	}
	if solve([]float64{1, 2, 2, 4}, []float64{1, 1}) {
		t.Error("a singular system was solved")
	}
}

// TestPValueIsCalibrated: without the mark the p-value is uniform, here over
// keys in pictures that the fit has not seen.
func TestPValueIsCalibrated(t *testing.T) {
	const keys, pictures = 1500, 4
	levels := [3]float64{0.5, 0.1, 0.01}
	var below [3]int
	for seed := range uint64(pictures) {
		c := wholeOf(photo(256+64*int(seed), 256, 21+seed).Luma(0))
		for i := range keys / pictures {
			f := &finder{layout: newLayout(watermark.Key{byte(i), byte(i >> 8), byte(seed), 77})}
			s := newSearch(&Track{layout: f.layout, finder: f})
			s.look(c)
			for j, l := range levels {
				if s.pValue() <= l {
					below[j]++
				}
			}
		}
	}
	t.Logf("p ≤ 0.5, 0.1, 0.01 for %v of %d", below, keys)
	for j, l := range levels {
		// Three standard deviations, and a fifth for the fit.
		want, sd := l*keys, 3*math.Sqrt(l*(1-l)*keys)
		if n := float64(below[j]); n < 0.8*want-sd || n > 1.2*want+sd {
			t.Errorf("p ≤ %g for %d of %d", l, below[j], keys)
		}
	}
}

// TestTailAgainstCounting: the saddle point is the tail of a sum of cosines,
// here counted.
func TestTailAgainstCounting(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	amplitudes := []float64{3, 1, 1, 0.2, 2, 1.5, 1, 0.7, 0.1, 1, 1, 2.2}
	const draws = 400_000
	levels := [3]float64{3, 6, 9}
	var above [3]int
	for range draws {
		sum := 0.0
		for _, a := range amplitudes {
			sum += a * math.Cos(2*math.Pi*r.Float64())
		}
		for j, l := range levels {
			if sum >= l {
				above[j]++
			}
		}
	}
	for j, l := range levels {
		got, want := tail(amplitudes, l), float64(above[j])/draws
		if math.Abs(got/want-1) > 0.02+3/math.Sqrt(float64(above[j])) {
			t.Errorf("P(sum ≥ %g) = %.3g, counted %.3g", l, got, want)
		}
	}
	if got := tail(amplitudes, 14.7); !(got > 0 && got < 1e-9) {
		t.Errorf("at the very end: %g", got)
	}
	if got := tail(nil, 1); got != 1 {
		t.Errorf("of nothing: %g", got)
	}
}

func TestForeignMarksAreToldFromOwnOnes(t *testing.T) {
	tracks := []*Track{New(watermark.TestKey, Config{}), New(watermark.Key{1}, Config{})}
	pic := photo(768, 512, 3)
	for _, track := range tracks {
		if _, err := track.Embed(pic, 5); err != nil {
			t.Fatal(err)
		}
	}
	look := func(track *Track) *candidate { return newSearch(track).look(wholeOf(pic.Luma(canonicalSide))) }
	for i, track := range tracks {
		if c := look(track); c.foreign() || c.excess < foreignFrom {
			t.Errorf("mark %d of two: excess %.1f, luck %.2f, foreign %v", i, c.excess, c.pose.luck, c.foreign())
		}
	}
	foreign := 0
	for i := range 10 {
		if look(New(watermark.Key{2, byte(i)}, Config{})).foreign() {
			foreign++
		}
	}
	if foreign < 8 {
		t.Errorf("%d of 10 other keys take the marks to be foreign", foreign)
	}
}
