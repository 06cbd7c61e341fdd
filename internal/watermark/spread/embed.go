package spread

import (
	"math"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// minSide and minArea are the least short side and area, in canonical pixels,
// that Embed takes: less than a tile carries nothing that could be read.
const (
	minSide = 32
	minArea = period * period
)

// weight spreads the pattern over R, G and B in proportion to what each adds
// to luma, with a sum of squares of 3: at equal error in RGB this moves luma
// most.
var weight = func() (w [3]float32) {
	w = [3]float32{0.299, 0.587, 0.114}
	sum := 0.0
	for _, v := range w {
		sum += float64(v) * float64(v)
	}
	for i := range w {
		w[i] *= float32(math.Sqrt(3 / sum))
	}
	return w
}()

// Embed draws p on the canvas, at the picture's own strength (see Config).
// Memory does not grow with the picture: the mask is made at canonical size
// and the pattern row by row. A picture under 32 canonical pixels on its short
// side, or 64×64 in area, gives watermark.ErrTooSmall, and one in which nothing
// could be read again (see hasRoom) watermark.ErrNoRoom; both are left alone.
func (t *Track) Embed(c watermark.Canvas, p watermark.Payload) (watermark.Embedding, error) {
	w, h := c.Size()
	g := scaleOf(w, h)
	if err := fits(w, h, g); err != nil {
		return watermark.Embedding{}, err
	}
	luma := c.Luma(canonicalSide)
	half := momentsOf(luma)
	target, mask := t.targetMSE(half), maskOf(half)
	pattern := newPainter(t.tile(p, g), mask, w, h, luma).row

	var energy float64
	for _, m := range mask.Pix {
		energy += float64(m) * float64(m)
	}
	first := math.Sqrt(target / (energy / float64(len(mask.Pix))))
	// An odd stride visits every row of the tile sooner or later.
	stride := max(1, h/128) | 1
	gain, mse := first, 0.0
	for i := range 4 {
		mse = c.AddedMSE(pattern, float32(gain), weight, stride)
		if i == 3 || mse <= 0 || math.Abs(mse/target-1) < 0.005 {
			break
		}
		// Rounding and clipping bend the parabola of error over gain; a picture
		// that clips everywhere is not answered with ever more gain.
		gain = min(gain*math.Sqrt(target/mse), 3*first)
	}
	if !t.hasRoom(luma, pattern, gain, w, h) {
		return watermark.Embedding{}, watermark.ErrNoRoom
	}
	c.Add(pattern, float32(gain), weight)
	return watermark.Embedding{PSNR: 10 * math.Log10(255*255/max(mse, 1e-9))}, nil
}

// painter renders mask × tile for any row of a picture.
type painter struct {
	tile, mask *dsp.Plane
	tx         []position // of each column in the tile
	mx         []position // and in the mask
	g          float64
	maskStep   float64 // mask samples for one picture row
}

// position is a sample index and the weight of the sample after it.
type position struct {
	at   int32
	frac float32
}

func newPainter(tile, mask *dsp.Plane, w, h int, luma *dsp.Plane) *painter {
	p := &painter{tile: tile, mask: mask, g: scaleOf(w, h), maskStep: float64(luma.H) / float64(h) / maskStep}
	p.tx, p.mx = make([]position, w), make([]position, w)
	for x := range w {
		p.tx[x] = tilePosition(x, p.g)
		p.mx[x] = maskPosition(x, float64(luma.W)/float64(w)/maskStep, mask.W)
	}
	return p
}

// tilePosition is where pixel x of a picture of scale g falls in the tile: at
// the canonical position (x+½)/g − ½.
func tilePosition(x int, g float64) position {
	v := ((float64(x)+0.5)/g - 0.5) * oversample
	i := math.Floor(v)
	return position{int32(int(i) & (tileSide - 1)), float32(v - i)}
}

// maskPosition is where pixel x falls in a mask of n samples, of which there
// are step for a pixel; outside of it the first or last sample is repeated.
func maskPosition(x int, step float64, n int) position {
	v := min(max((float64(x)+0.5)*step-0.5, 0), float64(n-1))
	i := min(int(v), max(0, n-2))
	return position{int32(i), float32(v - float64(i))}
}

// row is a watermark.Pattern.
func (p *painter) row(y int, dst []float32) {
	var tile [tileSide + 1]float32
	var mask [canonicalSide/maskStep + 2]float32
	ty := tilePosition(y, p.g)
	blend(tile[:tileSide], p.tile.Row(int(ty.at)), p.tile.Row((int(ty.at)+1)&(tileSide-1)), ty.frac)
	tile[tileSide] = tile[0]
	my := maskPosition(y, p.maskStep, p.mask.H)
	blend(mask[:p.mask.W], p.mask.Row(int(my.at)), p.mask.Row(min(int(my.at)+1, p.mask.H-1)), my.frac)
	mask[p.mask.W] = mask[p.mask.W-1]
	tx, mx := p.tx[:len(dst)], p.mx[:len(dst)]
	for x := range dst {
		t, m := tx[x], mx[x]
		i, j := t.at&(tileSide-1), int(m.at)
		a := tile[i] + t.frac*(tile[i+1]-tile[i])
		b := mask[j] + m.frac*(mask[j+1]-mask[j])
		dst[x] = a * b
	}
}

func blend(dst, a, b []float32, f float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i, v := range a {
		dst[i] = v + f*(b[i]-v)
	}
}
