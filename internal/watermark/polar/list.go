package polar

import (
	"cmp"
	"math"
	"slices"
)

// Decode returns the most likely words, at most list of them (1 to 32), best
// first. llr holds the log-likelihood ratios ln P(0)/P(1) of the codeword's
// bits; 0 says that a bit was not sent.
//
// The paths advance together: when a layer of the decoding tree is written it
// is written for every path, so nothing in it is needed any more, and a fork
// copies indices only.
func (c *Code) Decode(llr []float32, list int) []Word {
	d := newListDecoder(c, list)
	copy(d.llr[c.logN], llr[:c.Len()])
	d.paths = 1
	d.node(c.logN, 0)
	order := make([]int, d.paths)
	for p := range order {
		order[p] = p
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(d.metric[a], d.metric[b]) })
	words := make([]Word, len(order))
	for i, p := range order {
		words[i] = d.word[p]
	}
	return words
}

const maxList = 32

type slots [maxList]uint8

type listDecoder struct {
	code   *Code
	list   int
	paths  int
	metric [maxList]float32 // −ln of the path's probability
	word   [maxList]Word
	// Layer l has a slot of 2^l entries for each path; path p uses slot
	// llrAt[l][p] of llr[l], and slot bitAt[side][l][p] of bits[side][l].
	llr   [][]float32
	llrAt []slots
	bits  [2][][]uint32 // codeword bits of the last left and right node: 0 or the sign bit
	bitAt [2][]slots
	forks []fork
}

// fork is a path's extension by one bit: the bits of its metric, which is not
// negative, so that they sort as it does, then 2·path + bit.
type fork uint64

func newFork(metric float32, parent, bit int) fork {
	return fork(math.Float32bits(metric))<<32 | fork(2*parent+bit)
}

func (f fork) metric() float32 { return math.Float32frombits(uint32(f >> 32)) }
func (f fork) parent() int     { return int(uint32(f) / 2) }
func (f fork) bit() uint32     { return uint32(f) & 1 }

func newListDecoder(c *Code, list int) *listDecoder {
	d := &listDecoder{code: c, list: min(max(list, 1), maxList)}
	for l := range c.logN + 1 {
		n := d.list << l
		if l == c.logN {
			n = 1 << l // the channel is the same for all
		}
		d.llr = append(d.llr, make([]float32, n))
		for s := range d.bits {
			d.bits[s] = append(d.bits[s], make([]uint32, d.list<<l))
		}
	}
	d.llrAt = make([]slots, c.logN+1)
	d.bitAt[0] = make([]slots, c.logN+1)
	d.bitAt[1] = make([]slots, c.logN+1)
	d.forks = make([]fork, 0, 2*maxList)
	return d
}

// node decodes the subtree of layer l over u[index·2^l …], whose LLRs stand in
// llr[l], and leaves its codeword, for every path, in bits[index&1][l].
func (d *listDecoder) node(l, index int) {
	side := index & 1
	size := 1 << l
	switch {
	case d.code.frozen[l][index]:
		for p := range d.paths {
			var penalty float32
			for _, v := range d.llrs(l, p) {
				penalty += softplus(-v)
			}
			d.metric[p] += penalty
			clear(d.bits[side][l][p<<l : p<<l+size])
			d.bitAt[side][l][p] = uint8(p)
		}
	case l == 0:
		d.decide(side, d.code.rank[index])
	default:
		d.descend(l, func(in, out []float32, p int) {
			combineF(out, in[:len(out)], in[len(out):])
		})
		d.node(l-1, 2*index)
		d.descend(l, func(in, out []float32, p int) {
			combineG(out, in[:len(out)], in[len(out):], d.codeword(0, l-1, p))
		})
		d.node(l-1, 2*index+1)
		d.ascend(l, side)
	}
}

// llrs is path p's LLRs of layer l.
func (d *listDecoder) llrs(l, p int) []float32 {
	s := int(d.llrAt[l][p])
	return d.llr[l][s<<l : (s+1)<<l]
}

// codeword is path p's bits of the last node of layer l on a side.
func (d *listDecoder) codeword(side, l, p int) []uint32 {
	s := int(d.bitAt[side][l][p])
	return d.bits[side][l][s<<l : (s+1)<<l]
}

// descend fills layer l−1's LLRs of every path from layer l's.
func (d *listDecoder) descend(l int, combine func(in, out []float32, p int)) {
	half := 1 << (l - 1)
	for p := range d.paths {
		combine(d.llrs(l, p), d.llr[l-1][p*half:(p+1)*half], p)
	}
	for p := range d.paths {
		d.llrAt[l-1][p] = uint8(p)
	}
}

// ascend joins the two codewords of layer l−1 to (left xor right, right).
func (d *listDecoder) ascend(l, side int) {
	half := 1 << (l - 1)
	for p := range d.paths {
		left, right := d.codeword(0, l-1, p), d.codeword(1, l-1, p)
		out := d.bits[side][l][2*p*half : 2*(p+1)*half]
		for j, v := range right {
			out[j] = left[j] ^ v
			out[j+half] = v
		}
		d.bitAt[side][l][p] = uint8(p)
	}
}

// decide forks every path on an information bit and keeps the best.
func (d *listDecoder) decide(side, rank int) {
	f := d.forks[:0]
	for p := range d.paths {
		v, m := d.llrs(0, p)[0], d.metric[p]
		f = append(f, newFork(m+softplus(-v), p, 0), newFork(m+softplus(v), p, 1))
	}
	if len(f) > d.list {
		slices.Sort(f)
		f = f[:d.list]
	}
	words := d.word
	for l := range d.llrAt {
		follow(&d.llrAt[l], f)
		follow(&d.bitAt[0][l], f)
		follow(&d.bitAt[1][l], f)
	}
	for k, v := range f {
		d.metric[k] = v.metric()
		d.word[k] = words[v.parent()]
		d.word[k][rank/64] |= uint64(v.bit()) << (rank % 64)
		d.bits[side][0][k] = v.bit() << 31
		d.bitAt[side][0][k] = uint8(k)
	}
	d.paths = len(f)
}

// follow gives each fork its parent's slot.
func follow(s *slots, forks []fork) {
	old := *s
	for k, v := range forks {
		s[k%maxList] = old[v.parent()%maxList]
	}
}

// combineF writes the LLR of the xor of two bits.
func combineF(out, a, b []float32) {
	b = b[:len(a)]
	for j := range out {
		x, y := a[j], b[j]
		ax, ay := abs32(x), abs32(y)
		m := min(ax, ay) + logTerm(ax+ay) - logTerm(abs32(ax-ay))
		sign := (math.Float32bits(x) ^ math.Float32bits(y)) & (1 << 31)
		// m is the magnitude; rounding of the table may leave it just below 0.
		out[j] = math.Float32frombits(math.Float32bits(max(m, 0)) | sign)
	}
}

// combineG writes the LLR of the second bit once the xor is known.
func combineG(out, a, b []float32, xor []uint32) {
	b, xor = b[:len(a)], xor[:len(a)]
	for j := range out {
		out[j] = b[j] + math.Float32frombits(math.Float32bits(a[j])^xor[j])
	}
}

func abs32(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// softplus is ln(1 + exp(x)).
func softplus(x float32) float32 { return max(x, 0) + logTerm(abs32(x)) }

// logSteps is the resolution of the table behind logTerm.
const logSteps = 64

// logTable holds ln(1 + exp(−x)) at x = i/logSteps.
var logTable = func() (t [16*logSteps + 2]float32) {
	for i := range t {
		t[i] = float32(math.Log1p(math.Exp(-float64(i) / logSteps)))
	}
	return t
}()

// logTerm is ln(1 + exp(−x)) for x ≥ 0, within 0.004.
func logTerm(x float32) float32 {
	if x >= 16 {
		return 0
	}
	return logTable[int(x*logSteps+0.5)]
}
