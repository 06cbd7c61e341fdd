package pipeline

import (
	"context"
	"sync"
	"time"

	"github.com/certana/certana/internal/asset"
)

// waiters lets a request sleep until a stage of this process has finished with
// an id. A stage that ran in another process wakes nobody, so whoever waits
// looks at the row again now and then.
type waiters struct {
	mu   sync.Mutex
	byID map[asset.ID][]chan error
}

const lookAgain = 500 * time.Millisecond

// register returns a channel that closes at the next wake of id, after the error
// if it is a failure, and a function that gives it up.
func (w *waiters) register(id asset.ID) (<-chan error, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byID == nil {
		w.byID = map[asset.ID][]chan error{}
	}
	ch := make(chan error, 1)
	w.byID[id] = append(w.byID[id], ch)
	return ch, func() { w.drop(id, ch) }
}

func (w *waiters) drop(id asset.ID, ch chan error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := w.byID[id][:0]
	for _, c := range w.byID[id] {
		if c != ch {
			left = append(left, c)
		}
	}
	if len(left) == 0 {
		delete(w.byID, id)
		return
	}
	w.byID[id] = left
}

func (w *waiters) wake(id asset.ID) { w.fail(id, nil) }

// fail ends the waiting for id with an error, nil for none: the stage failed this
// time, whatever becomes of its next attempt.
func (w *waiters) fail(id asset.ID, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.byID[id] {
		if err != nil {
			c <- err
		}
		close(c)
	}
	delete(w.byID, id)
}

// until calls done until it answers true, an error, or d has passed; it looks
// after every wake of id and every half second. A failure of id ends it too.
func (w *waiters) until(ctx context.Context, id asset.ID, d time.Duration, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for {
		woken, giveUp := w.register(id) // before looking, so that no wake is missed
		ok, err := done()
		if ok || err != nil {
			giveUp()
			return err
		}
		select {
		case err := <-woken:
			if err != nil {
				return err
			}
		case <-time.After(lookAgain):
			giveUp()
		case <-ctx.Done():
			giveUp()
			return nil
		}
	}
}
