package fingerprint

// Turn names one of the eight mirrored quarter turns of a picture.
type Turn uint8

// The turns in the order of the reference tool. A rotation is counter-clockwise
// in the reference's naming; a flip names the axis that the picture is turned
// over: FlipX exchanges top and bottom, FlipY left and right.
const (
	Original Turn = iota
	Rotate90
	Rotate180
	Rotate270
	FlipX
	FlipY
	FlipPlus  // transposed: over the main diagonal
	FlipMinus // over the other diagonal
	Turns     // how many there are
)

// Dihedral returns the hashes of the picture in all eight turns, indexed by
// Turn: a mirror image or a quarter turn changes signs of the coefficients, or
// exchanges rows and columns, and nothing else.
func (c *Coefficients) Dihedral() [Turns]Hash {
	var out [Turns]Hash
	for t := range Turns {
		d := c.Turned(t)
		out[t] = d.Hash()
	}
	return out
}

// Turned returns the coefficients of the turned picture.
func (c *Coefficients) Turned(t Turn) (d Coefficients) {
	transposed := t == Rotate90 || t == Rotate270 || t == FlipPlus || t == FlipMinus
	for i := range 16 {
		for j := range 16 {
			v := c[i*16+j]
			if t.negates(i, j) {
				v = -v
			}
			if transposed {
				d[j*16+i] = v
			} else {
				d[i*16+j] = v
			}
		}
	}
	return d
}

// negates tells whether the coefficient at (i, j) of the original, of
// frequencies (i+1, j+1), changes its sign: odd frequencies are the odd
// functions.
func (t Turn) negates(i, j int) bool {
	switch t {
	case Rotate90, FlipY:
		return j&1 == 0
	case Rotate180, FlipMinus:
		return (i+j)&1 == 1
	case Rotate270, FlipX:
		return i&1 == 0
	default:
		return false
	}
}
