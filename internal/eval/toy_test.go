package eval

import (
	"hash/crc32"
	"math"
	"strconv"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// grid is a small real watermark to measure: 96 bits (the payload and its
// checksum) set the luma means of 8 × 8 blocks on a lattice of 16 levels. It
// survives what leaves the grid and the tones alone, and nothing else.
type grid struct {
	checked bool // demand the checksum; without it every decode is accepted
}

const lattice = 16.0

func (g grid) ID() string { return "g" }

func codeword(p watermark.Payload) [3]uint32 {
	sum := crc32.ChecksumIEEE([]byte(p.String()))
	return [3]uint32{uint32(p >> 32), uint32(p), sum}
}

func (g grid) Embed(c watermark.Canvas, p watermark.Payload) (watermark.Embedding, error) {
	w, h := c.Size()
	if w/8*(h/8) < 96 {
		return watermark.Embedding{}, watermark.ErrTooSmall
	}
	luma, code := c.Luma(0), codeword(p)
	c.Add(func(y int, dst []float32) {
		clear(dst)
		for x := range dst {
			if x >= w/8*8 || y >= h/8*8 {
				continue
			}
			block := y/8*(w/8) + x/8
			m := blockMean(luma, x/8, y/8)
			bit := float64(code[block%96/32] >> (block % 32) & 1)
			target := (math.Floor((m-bit*lattice/2)/lattice) + 0.5 + bit/2) * lattice
			dst[x] = float32(target - m)
		}
	}, 1, [3]float32{1, 1, 1})
	return watermark.Embedding{}, nil
}

func (g grid) Decode(luma *dsp.Plane) watermark.Detection {
	d := watermark.Detection{Track: "g", PValue: 1}
	w, h := luma.W/8, luma.H/8
	var votes [96]int
	for block := range w * h {
		m := blockMean(luma, block%w, block/w)
		phase := math.Mod(m/lattice+0.75, 1) // 0.25 for a zero, 0.75 for a one
		if phase < 0.5 {
			votes[block%96]--
		} else {
			votes[block%96]++
		}
	}
	var code [3]uint32
	for i, v := range votes {
		if v > 0 {
			code[i/32] |= 1 << (i % 32)
		}
	}
	d.Payload = watermark.Payload(uint64(code[0])<<32 | uint64(code[1]))
	d.Detected = !g.checked || codeword(d.Payload) == code
	if d.Detected && g.checked {
		d.PValue = math.Exp2(-32)
	}
	return d
}

func blockMean(p *dsp.Plane, bx, by int) float64 {
	var s float64
	for y := range 8 {
		for x := range 8 {
			s += float64(p.At(8*bx+x, 8*by+y))
		}
	}
	return s / 64
}

func corpusName(i int) string { return "p" + strconv.Itoa(i) + ".png" }
