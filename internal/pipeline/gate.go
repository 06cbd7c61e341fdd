package pipeline

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// Gate bounds how many pixels are decoded at the same time in the process, so
// that memory follows the largest picture and not the number of callers.
type Gate struct {
	sem   *semaphore.Weighted
	total int64
}

// NewGate lets pictures of up to total pixels in at a time; a single picture
// that is larger has the gate for itself.
func NewGate(total int64) *Gate {
	return &Gate{sem: semaphore.NewWeighted(total), total: total}
}

// Enter waits until a picture of w × h fits and returns what lets the next in.
func (g *Gate) Enter(ctx context.Context, w, h int) (leave func(), err error) {
	n := min(int64(w)*int64(h), g.total)
	if err := g.sem.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return func() { g.sem.Release(n) }, nil
}
