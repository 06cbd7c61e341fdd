package main

import (
	"runtime/debug"
	"testing"
)

func TestMemoryGoalYieldsToTheOperators(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)

	t.Setenv("GOMEMLIMIT", "3GiB")
	boundMemory()
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("the operator's goal became %d", got)
	}
	t.Setenv("GOMEMLIMIT", "")
	boundMemory()
	if got := debug.SetMemoryLimit(-1); got != memoryGoal {
		t.Errorf("the goal is %d", got)
	}
}
