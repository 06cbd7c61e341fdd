package fragile

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/certana/certana/internal/dsp"
)

// TestSheetAgainstDefinition is the slow twin of the coefficient reader.
func TestSheetAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	luma := dsp.NewPlane(77, 69)
	for i := range luma.Pix {
		luma.Pix[i] = 255 * rng.Float32()
	}
	track := New([32]byte{}, Config{})
	for g, s := range track.sheets(lookAtLuma(View{Luma: luma}), 1) {
		if s.bw != (77-4*g)/8 || s.bh != (69-4*g)/8 {
			t.Fatalf("grid %d has %d × %d blocks", g, s.bw, s.bh)
		}
		for b := range s.clipped {
			x0, y0 := b%s.bw*8+4*g, b/s.bw*8+4*g
			for k := range 2 {
				want := 0.0
				for y := range side {
					for x := range side {
						want += basis(g, k, x, y) * float64(luma.At(x0+x, y0+y))
					}
				}
				if got := float64(s.coef[k][b]); math.Abs(got-want) > 1e-3 {
					t.Fatalf("grid %d block %d coefficient %d is %g, want %g", g, b, k, got, want)
				}
			}
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range [][2]float32{{0, 0}, {0.25, 0.25}, {0.75, -0.25}, {-0.75, 0.25}, {-17.25, -0.25}, {2.5, 0.5}, {-0.5, -0.5}, {1023.25, 0.25}} {
		if got := wrap(c[0]); got != c[1] {
			t.Errorf("wrap(%g) is %g, want %g", c[0], got, c[1])
		}
	}
}

// TestFitRecoversMixture draws from the model and asks for its parameters.
func TestFitRecoversMixture(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, want := range []fitted{{share: .02, sigma: [2]float64{.05, .08}}, {share: .2, sigma: [2]float64{.15, .1}}, {share: .45, sigma: [2]float64{.02, .02}}} {
		var h [2]histogram
		for range 20000 {
			for k := range h {
				r := rng.Float64() - 0.5
				if rng.Float64() >= want.share {
					r = (1-pull)*r + rng.NormFloat64()*want.sigma[k]
				}
				h[k].add(wrap(float32(r)))
			}
		}
		got := fit(&h)
		if got.share != want.share {
			t.Errorf("π is %g, want %g", got.share, want.share)
		}
		for k := range h {
			if q := got.sigma[k] / want.sigma[k]; q < 0.9 || q > 1.1 {
				t.Errorf("σ is %g, want %g", got.sigma[k], want.sigma[k])
			}
		}
	}
}

func TestEvidenceAgainstDensity(t *testing.T) {
	for _, sigma := range []float64{0.02, 0.1, 0.3, 0.6} {
		e := newEvidence(sigma, 0.03)
		mean := 0.0
		for i := range 1000 {
			r := float64(i)/1000 - 0.5
			want := math.Log(0.97*intactDensity(r, sigma) + 0.03)
			if got := float64(e.at(float32(r))); math.Abs(got-want) > 0.01 {
				t.Fatalf("σ %g, r %g: %g, want %g", sigma, r, got, want)
			}
			mean += intactDensity(r, sigma) / 1000
		}
		if math.Abs(mean-1) > 1e-3 {
			t.Errorf("σ %g: the density sums to %g", sigma, mean)
		}
	}
}

// TestSweepAgainstGeometry is the slow twin of one sweep: which cells a block
// covers is worked out from their rectangles, edges from clamped indices.
func TestSweepAgainstGeometry(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, size := range [][2]int{{80, 64}, {84, 76}, {87, 65}} {
		var s [2]*sheet
		var l [2][]float32
		for g := range s {
			s[g] = &sheet{bw: grids[g].blocks(size[0]), bh: grids[g].blocks(size[1])}
			n := s[g].bw * s[g].bh
			s[g].blind, l[g] = make([]bool, n), make([]float32, n)
			for i := range l[g] {
				l[g][i] = 16*rng.Float32() - 6
			}
		}
		f := newField(size[0], size[1], s, l)
		f.border()
		u := make([]float64, len(f.u)) // as f.u, edges repeated
		for i, v := range f.u {
			u[i] = float64(v)
		}
		for ty := 0; ty < f.h; ty += tile {
			for tx := 0; tx < f.w; tx += tile {
				f.sweep(tx, ty)
				for y := ty; y < min(ty+tile, f.h); y++ {
					for x := tx; x < min(tx+tile, f.w); x++ {
						v := logOdds(f, s, l, u, x, y)
						u[f.at(x, y)] = damping*u[f.at(x, y)] + (1-damping)/(1+math.Exp(-v))
					}
				}
			}
		}
		for i, v := range f.u {
			if math.Abs(float64(v)-u[i]) > 3e-4 {
				t.Fatalf("%v: cell %d is %g, want %g", size, i, v, u[i])
			}
		}
	}
}

// logOdds is the log-odds for intact of cell (x, y), given all others.
func logOdds(f *field, s [2]*sheet, l [2][]float32, u []float64, x, y int) float64 {
	v := -float64(f.lean)
	for g := range s {
		for b, e := range l[g] {
			bx, by := 2*(b%s[g].bw)+g, 2*(b/s[g].bw)+g // its first cell
			if x < bx || x > bx+1 || y < by || y > by+1 {
				continue
			}
			others := 1.0
			for _, c := range [][2]int{{bx, by}, {bx + 1, by}, {bx, by + 1}, {bx + 1, by + 1}} {
				if c != [2]int{x, y} {
					others *= u[f.at(c[0], c[1])]
				}
			}
			v += min(max(float64(e), -most), most) * others
		}
	}
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			weight := map[int]float64{0: 0, 1: 1, 2: 0.5}[dx*dx+dy*dy]
			v += couple * weight * (2*u[f.at(x+dx, y+dy)] - 1)
		}
	}
	return v
}

func TestPruneWeighsGroups(t *testing.T) {
	// Two groups that touch only at a corner: one with enough evidence.
	c := &cells{w: 4, h: 3,
		p:  []float32{.9, .9, .2, .1, .9, .9, .4, .1, .1, .1, .8, .8},
		ev: []float32{6, 6, 9, 9, 6, -1, 9, 9, 9, 9, 8, 7.5}}
	c.prune()
	if want := []int32{1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0}; !slices.Equal(c.group, want) {
		t.Errorf("groups %v, want %v", c.group, want)
	}
	if c.groups != 1 || c.p[10] != 0 || c.p[2] != 0 || c.p[0] != .9 {
		t.Errorf("%d groups, p %v", c.groups, c.p)
	}
}

func TestMaskShape(t *testing.T) {
	// One cell at 1 among zeros: bilinear keeps what is within half a cell of
	// its centre in a round-cornered shape, and a pixel is taken off all around.
	c := &cells{w: 5, h: 4, p: make([]float32, 20)}
	c.p[1*5+2] = 1
	m := c.mask(21, 18)
	n := 0
	for i, v := range m {
		x, y := i%21, i/21
		if v == 1 && (x < 9 || x > 10 || y < 5 || y > 6) {
			t.Errorf("(%d, %d) is flagged", x, y)
		}
		n += int(v)
	}
	if n != 4 {
		t.Errorf("%d pixels are flagged, want 4", n)
	}
	for i := range c.p {
		c.p[i] = 1
	}
	if slices.Contains(c.mask(21, 18), 0) {
		t.Error("a picture that was altered everywhere has a clear pixel")
	}
}
