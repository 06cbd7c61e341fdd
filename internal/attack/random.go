package attack

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/certana/certana/internal/raster"
)

// whole names the attacks whose strength is written without a decimal point
// when it is a whole number; the others write 1 as "1.0". The spelling is part
// of the seed.
var whole = map[string]bool{
	"none": true, "jpeg": true, "double_jpeg": true, "webp": true, "rotate": true, "hflip": true,
	"noise": true, "median": true, "hue": true, "grayscale": true, "palette": true, "social": true,
	"rot_crop_jpeg": true, "shear": true,
}

// seedOf hashes "name|strength|seed|HxW" and takes the first 64 bits.
func seedOf(name string, strength float64, seed int64, m *raster.RGB8) uint64 {
	s := strconv.FormatFloat(strength, 'g', -1, 64)
	if !whole[name] && !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%d|%dx%d", name, s, seed, m.H, m.W))
	return binary.BigEndian.Uint64(sum[:8])
}

// numpyRand reproduces numpy.random.default_rng(seed): PCG64 (O'Neill, "PCG: a
// family of simple fast space-efficient statistically good algorithms", 2014)
// seeded by SeedSequence, with the generator methods that attacks need.
type numpyRand struct {
	hi, lo       uint64 // state
	incHi, incLo uint64
	half         uint32 // the unused upper half of the last 64-bit draw
	haveHalf     bool
}

func newRand(seed uint64) *numpyRand {
	s := seedSequence(seed)
	r := &numpyRand{incHi: s[2]<<1 | s[3]>>63, incLo: s[3]<<1 | 1}
	r.step()
	var carry uint64
	r.lo, carry = bits.Add64(r.lo, s[1], 0)
	r.hi, _ = bits.Add64(r.hi, s[0], carry)
	r.step()
	return r
}

// seedSequence is SeedSequence(seed).generate_state(4, uint64): a pool of four
// words, hashed and mixed all with all (after O'Neill's randutils).
func seedSequence(seed uint64) [4]uint64 {
	var pool [4]uint32
	c := uint32(0x43b0d7e5)
	hash := func(v uint32) uint32 {
		v ^= c
		c *= 0x931e8875
		v *= c
		return v ^ v>>16
	}
	for i, word := range [4]uint32{uint32(seed), uint32(seed >> 32), 0, 0} {
		pool[i] = hash(word)
	}
	for from := range pool {
		for to := range pool {
			if from != to {
				v := 0xca01f9dd*pool[to] - 0x4973f715*hash(pool[from])
				pool[to] = v ^ v>>16
			}
		}
	}
	var out [4]uint64
	c = 0x8b51f9dd
	for i := range 8 {
		v := pool[i%4] ^ c
		c *= 0x58f38ded
		v *= c
		v ^= v >> 16
		out[i/2] |= uint64(v) << (32 * (i % 2))
	}
	return out
}

// step advances the 128-bit linear congruential state.
func (r *numpyRand) step() {
	const mulHi, mulLo = 0x2360ed051fc65da4, 0x4385df649fccf645
	hi, lo := bits.Mul64(r.lo, mulLo)
	hi += r.hi*mulLo + r.lo*mulHi
	var carry uint64
	r.lo, carry = bits.Add64(lo, r.incLo, 0)
	r.hi, _ = bits.Add64(hi, r.incHi, carry)
}

func (r *numpyRand) uint64() uint64 {
	r.step()
	return bits.RotateLeft64(r.hi^r.lo, -int(r.hi>>58))
}

func (r *numpyRand) uint32() uint32 {
	if r.haveHalf {
		r.haveHalf = false
		return r.half
	}
	v := r.uint64()
	r.half, r.haveHalf = uint32(v>>32), true
	return uint32(v)
}

// integer returns a number in [0, n), n at most 2³², by Lemire's method, as
// Generator.integers(0, n) does; a range of one number draws nothing.
func (r *numpyRand) integer(n int) int {
	if n <= 1 {
		return 0
	}
	if n == 1<<32 {
		return int(r.uint32())
	}
	span := uint64(n)
	m := uint64(r.uint32()) * span
	if uint64(uint32(m)) < span {
		threshold := uint32(-uint32(span)) % uint32(span)
		for uint32(m) < threshold {
			m = uint64(r.uint32()) * span
		}
	}
	return int(m >> 32)
}

func (r *numpyRand) float64() float64 { return float64(r.uint64()>>11) / (1 << 53) }

// uniform returns a number in [lo, hi).
func (r *numpyRand) uniform(lo, hi float64) float64 { return lo + (hi-lo)*r.float64() }

// ziggurat holds the 256 layers under the normal density (Marsaglia & Tsang,
// "The ziggurat method for generating random variables", 2000).
type ziggurat struct {
	k    [256]uint64
	w, f [256]float64
}

// The right edge of the base layer.
const zigR = 3.6541528853610087963519472518

var zig = newZiggurat()

func newZiggurat() (z ziggurat) {
	const scale = 1 << 52
	f := math.Exp(-0.5 * zigR * zigR)
	area := zigR*f + math.Sqrt(math.Pi/2)*math.Erfc(zigR/math.Sqrt2)
	q := area / f
	z.k[0], z.w[0], z.f[0] = uint64(zigR/q*scale), q/scale, 1
	z.w[255], z.f[255] = zigR/scale, f
	edge := zigR
	for i := 254; i >= 1; i-- {
		next := math.Sqrt(-2 * math.Log(area/edge+math.Exp(-0.5*edge*edge)))
		z.k[i+1] = uint64(next / edge * scale)
		z.w[i], z.f[i] = next/scale, math.Exp(-0.5*next*next)
		edge = next
	}
	return z
}

// normal returns a standard normal deviate.
func (r *numpyRand) normal() float64 {
	for {
		v := r.uint64()
		i := v & 0xff
		size := v >> 9 & (1<<52 - 1)
		x := float64(size) * zig.w[i]
		if v>>8&1 == 1 {
			x = -x
		}
		if size < zig.k[i] {
			return x
		}
		if i == 0 {
			return r.tail(size>>8&1 == 1)
		}
		if (zig.f[i-1]-zig.f[i])*r.float64()+zig.f[i] < math.Exp(-0.5*x*x) {
			return x
		}
	}
}

// tail draws from beyond the base layer (Marsaglia, 1964).
func (r *numpyRand) tail(negative bool) float64 {
	for {
		x := -math.Log1p(-r.float64()) / zigR
		y := -math.Log1p(-r.float64())
		if y+y > x*x {
			if negative {
				return -(zigR + x)
			}
			return zigR + x
		}
	}
}
