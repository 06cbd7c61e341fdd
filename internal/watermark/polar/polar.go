// Package polar is a polar code with successive-cancellation list decoding
// (Arıkan, IEEE Trans. Inf. Theory 55, 2009; Tal and Vardy, the same 61, 2015).
// The caller adds check bits to the word and picks the path they agree with.
package polar

// MaxInfo is the greatest number of information bits: what a Word holds.
const MaxInfo = 128

// Word is up to 128 information bits: bit i is bit i%64 of element i/64.
type Word [2]uint64

// Bit returns bit i, 0 or 1.
func (w Word) Bit(i int) uint8 { return uint8(w[i/64] >> (i % 64) & 1) }

// Code is a polar code of length 2^logN in natural order, x = u·F^⊗logN with
// F = (1 0; 1 1). It is immutable and safe for concurrent use.
type Code struct {
	logN   int
	info   []int    // positions of the information bits in u, ascending
	frozen [][]bool // frozen[l][i]: u[i·2^l … (i+1)·2^l−1] are all frozen
	rank   []int    // rank[i]: which information bit u[i] is
}

// New makes the code whose information bits stand at the given ascending
// positions of u; every other bit of u is 0. 1 ≤ len(info) ≤ MaxInfo.
func New(logN int, info []int) *Code {
	c := &Code{logN: logN, info: info, rank: make([]int, 1<<logN)}
	leaf := make([]bool, 1<<logN)
	for i := range leaf {
		leaf[i] = true
	}
	for r, i := range info {
		leaf[i] = false
		c.rank[i] = r
	}
	c.frozen = [][]bool{leaf}
	for l := 1; l <= logN; l++ {
		below := c.frozen[l-1]
		layer := make([]bool, 1<<(logN-l))
		for i := range layer {
			layer[i] = below[2*i] && below[2*i+1]
		}
		c.frozen = append(c.frozen, layer)
	}
	return c
}

// Len returns the code's length in bits.
func (c *Code) Len() int { return 1 << c.logN }

// Encode returns the codeword of w, one bit an element.
func (c *Code) Encode(w Word) []uint8 {
	x := make([]uint8, c.Len())
	for r, i := range c.info {
		x[i] = w.Bit(r)
	}
	for h := 1; h < len(x); h *= 2 {
		for i := 0; i < len(x); i += 2 * h {
			for j := i; j < i+h; j++ {
				x[j] ^= x[j+h]
			}
		}
	}
	return x
}
