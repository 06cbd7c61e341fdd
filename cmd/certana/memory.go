package main

import (
	"os"
	"runtime/debug"
)

// memoryGoal is what the Go side of a server keeps to while it can, in bytes:
// one picture at the limits (50 megapixels of four 16-bit channels, 400 MB) and
// its rendition. Without a goal the collector lets as much garbage pile up
// beside the picture in hand, and a server for one large picture takes 1.4 GiB.
const memoryGoal = 640 << 20

// garbagePercent is how much garbage, in percent of what lives, may pile up below
// the goal. With Go's 100 a server that only answers reads, and holds a few
// megabytes, collects all the time: certana bench http told 60% and 68% of a
// static answer, and 72% and 81% with this.
const garbagePercent = 300

// boundMemory sets the goal, unless the operator has set another one in the way
// of every Go program.
func boundMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" { // without the goal it would be no bound
		debug.SetGCPercent(garbagePercent)
	}
}
