package dsp

import (
	"runtime"
	"sync"
)

// Strips splits [0, n) into contiguous parts and runs fn(lo, hi) on each, on at
// most two goroutines, and returns when all are done. The parts must not depend
// on each other; what fn computes for an index must not depend on the split, so
// that results are the same on any machine.
func Strips(n int, fn func(lo, hi int)) {
	if n < 2 || runtime.GOMAXPROCS(0) < 2 {
		fn(0, n)
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { fn(0, n/2) })
	fn(n/2, n)
	wg.Wait()
}
