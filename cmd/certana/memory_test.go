package main

import (
	"runtime/debug"
	"testing"
)

func TestMemoryGoalYieldsToTheOperators(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	percent := debug.SetGCPercent(100)
	defer debug.SetGCPercent(percent)
	t.Setenv("GOGC", "")

	t.Setenv("GOMEMLIMIT", "3GiB")
	boundMemory()
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("the operator's goal became %d", got)
	}
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("%d%% of garbage may pile up under the operator's goal", got)
	}
	t.Setenv("GOMEMLIMIT", "")
	boundMemory()
	if got := debug.SetMemoryLimit(-1); got != memoryGoal {
		t.Errorf("the goal is %d", got)
	}
	if got := debug.SetGCPercent(100); got != garbagePercent {
		t.Errorf("%d%% of garbage may pile up", got)
	}
	t.Setenv("GOGC", "50")
	boundMemory()
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("the operator's percentage became %d", got)
	}
}
