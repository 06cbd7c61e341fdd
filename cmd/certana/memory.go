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

// boundMemory sets the goal, unless the operator has set another one in the way
// of every Go program.
func boundMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
}
