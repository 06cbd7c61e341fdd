package fragile

// reducer reads a picture in pixels of the mark.
type reducer struct {
	Rows
	k   int
	row []uint8  // one real row
	sum []uint32 // of k × k real samples

	sheer Sheer   // the same; nil when all of it is opaque
	alpha []uint8 // one real row
}

func newReducer(r Rows) *reducer {
	w, h := r.Size()
	k := Scale(w, h)
	in := &reducer{Rows: r, k: k}
	if k > 1 {
		in.row, in.sum = make([]uint8, 3*w), make([]uint32, w/k*3)
	}
	in.lookThrough()
	return in
}

// lookThrough finds out whether alpha is to be read at all.
func (in *reducer) lookThrough() {
	if s, ok := in.Rows.(Sheer); ok && !s.Opaque() {
		w, _ := s.Size()
		in.sheer, in.alpha = s, make([]uint8, w)
	}
}

// veiled calls f for the pixels of row y, w wide, that can be seen through, each once
// or several times.
func (in *reducer) veiled(y, w int, f func(x int)) {
	if in.sheer == nil {
		return
	}
	for i := range in.k {
		in.sheer.ReadAlpha(y*in.k+i, in.alpha)
		for x, a := range in.alpha[:w*in.k] {
			if a != 255 {
				f(x / in.k)
			}
		}
	}
}

// read writes row y: rgb to whole levels, luma exactly.
func (in *reducer) read(y int, rgb []uint8, luma []float32) {
	if in.k == 1 {
		in.ReadRGB(y, rgb)
		for x := range luma {
			q := rgb[3*x : 3*x+3 : 3*x+3]
			luma[x] = 0.299*float32(q[0]) + 0.587*float32(q[1]) + 0.114*float32(q[2])
		}
		return
	}
	in.add(y)
	n := uint32(in.k * in.k)
	f := 1 / float32(n)
	for x := range luma {
		q := in.sum[3*x : 3*x+3 : 3*x+3]
		luma[x] = f * (0.299*float32(q[0]) + 0.587*float32(q[1]) + 0.114*float32(q[2]))
		for c, v := range q {
			rgb[3*x+c] = uint8((v + n/2) / n)
		}
	}
}

// add sums the real pixels of row y.
func (in *reducer) add(y int) {
	clear(in.sum)
	for i := range in.k {
		in.ReadRGB(y*in.k+i, in.row)
		row := in.row
		for at := 0; at < len(in.sum); at += 3 {
			s := in.sum[at : at+3 : at+3]
			for range in.k {
				s[0] += uint32(row[0])
				s[1] += uint32(row[1])
				s[2] += uint32(row[2])
				row = row[3:]
			}
		}
	}
}
