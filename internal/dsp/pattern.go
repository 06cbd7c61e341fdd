package dsp

// Pattern writes row y of an additive pattern, in luma units, to dst. It is
// called for rows in any order and by several goroutines at once.
type Pattern func(y int, dst []float32)
