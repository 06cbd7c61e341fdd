package tamper

// gray is Score brought to w × h by bilinear interpolation, 0 where nothing is
// said.
func (m *Map) gray(w, h int) []uint8 {
	out := make([]uint8, w*h)
	if m.W == 0 || m.H == 0 {
		return out
	}
	at := func(x, y int) float32 {
		i := y*m.W + x
		if !m.Covered[i] {
			return 0
		}
		return float32(m.Score[i])
	}
	for y := range h {
		v := source(y, m.H, h)
		j := int(v)
		g, k := v-float32(j), min(j+1, m.H-1)
		for x := range w {
			u := source(x, m.W, w)
			i := int(u)
			f, l := u-float32(i), min(i+1, m.W-1)
			top := at(i, j)*(1-f) + at(l, j)*f
			bottom := at(i, k)*(1-f) + at(l, k)*f
			out[y*w+x] = uint8(top*(1-g) + bottom*g + 0.5)
		}
	}
	return out
}

// source is where sample i of out lies among n samples, within them.
func source(i, n, out int) float32 {
	c := (float64(i)+0.5)*float64(n)/float64(out) - 0.5
	return float32(min(max(c, 0), float64(n-1)))
}
