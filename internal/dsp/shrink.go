package dsp

import "math"

// Shrink reduces p by area averaging so that its long side is at most maxSide
// samples, keeping the aspect to the nearest sample. It returns p itself when
// maxSide is 0 or p is small enough.
func Shrink(p *Plane, maxSide int) *Plane {
	w, h := ShrunkSize(p.W, p.H, maxSide)
	if w == p.W && h == p.H {
		return p
	}
	return ResizeArea(p, w, h)
}

// ShrunkSize is the size that Shrink gives a picture of w × h samples.
func ShrunkSize(w, h, maxSide int) (int, int) {
	long := max(w, h)
	if maxSide <= 0 || long <= maxSide {
		return w, h
	}
	k := float64(maxSide) / float64(long)
	return max(1, int(math.Round(float64(w)*k))), max(1, int(math.Round(float64(h)*k)))
}

// ResizeArea reduces p to w × h samples, 1 ≤ w ≤ p.W and 1 ≤ h ≤ p.H, each the
// mean of the rectangle of p that it covers, edge samples in proportion.
func ResizeArea(p *Plane, w, h int) *Plane {
	a := NewAreaShrinker(p.W, p.H, w, h)
	for y := range p.H {
		a.Push(p.Row(y))
	}
	return a.Plane()
}

// AreaShrinker is ResizeArea over a picture that arrives row by row, so that
// the whole of it need never be in memory.
type AreaShrinker struct {
	srcW, srcH int
	out        *Plane
	row        []float32 // the last pushed row, reduced horizontally
	acc        []float32 // weighted sum of rows for output row at
	y, at      int
	cuts       []int32   // output x covers source [cuts[x]+part[x], cuts[x+1]+part[x+1])
	part       []float32 // fractional parts of the cuts
}

// NewAreaShrinker starts the reduction of srcW × srcH samples to w × h; no
// dimension may grow.
func NewAreaShrinker(srcW, srcH, w, h int) *AreaShrinker {
	a := &AreaShrinker{
		srcW: srcW, srcH: srcH, out: NewPlane(w, h),
		row: make([]float32, w), acc: make([]float32, w),
		cuts: make([]int32, w+1), part: make([]float32, w+1),
	}
	for x := range w + 1 {
		c := x * srcW / w
		a.cuts[x] = int32(c)
		a.part[x] = float32(x*srcW-c*w) / float32(w)
	}
	return a
}

// Push adds the next source row of srcW samples; row is not kept.
func (a *AreaShrinker) Push(src []float32) {
	a.reduceRow(src)
	// Row y covers [y, y+1) of the source; output row i covers
	// [i·srcH/h, (i+1)·srcH/h): at most two of them, as no dimension grows.
	h := a.out.H
	top, bottom := a.y*h, (a.y+1)*h // in units of 1/h source rows
	a.y++
	end := (a.at + 1) * a.srcH
	if bottom < end {
		a.addRow(float32(h))
		return
	}
	a.addRow(float32(end - top))
	a.emit()
	if rest := bottom - end; rest > 0 {
		a.addRow(float32(rest))
	}
}

// Plane returns the result once srcH rows were pushed.
func (a *AreaShrinker) Plane() *Plane { return a.out }

func (a *AreaShrinker) addRow(weight float32) {
	acc := a.acc
	for x, v := range a.row[:len(acc)] {
		acc[x] += weight * v
	}
}

func (a *AreaShrinker) emit() {
	k := float32(a.out.W) / (float32(a.srcW) * float32(a.srcH))
	dst := a.out.Row(a.at)
	for x, v := range a.acc {
		dst[x] = v * k
		a.acc[x] = 0
	}
	a.at++
}

// reduceRow sums the source samples under each output column; the division by
// their number waits for emit.
func (a *AreaShrinker) reduceRow(src []float32) {
	if len(a.row) == len(src) {
		copy(a.row, src)
		return
	}
	for x := range a.row {
		c0, c1 := int(a.cuts[x]), int(a.cuts[x+1])
		sum := src[c0] * (1 - a.part[x])
		for _, v := range src[c0+1 : c1] {
			sum += v
		}
		if f := a.part[x+1]; f > 0 {
			sum += src[c1] * f
		}
		a.row[x] = sum
	}
}
