package db

import (
	"context"
	"errors"
	"runtime"
	"sync"
)

// coalescer makes one read of many that ask for the same at the same time.
// Whoever asks waits for a read that has not begun yet, together with all others
// who came before it does: never for one that had begun before, so that nobody is
// told less than was committed when they asked, by whatever process. Nothing is
// kept. Of one key there is one read at a time.
type coalescer[K comparable, V any] struct {
	mu    sync.Mutex
	lines map[K]*line[V] // of the keys that somebody asks for
}

// line is who asks for one key: one turn reads, the next one waits.
type line[V any] struct {
	reading bool
	next    *turn[V]
}

// turn is one read. The first to wait for it does it for all.
type turn[V any] struct {
	begin, done chan struct{}
	value       V
	err         error
}

var errUnread = errors.New("db: the read did not end")

// do reads, or waits for who does. The value is shared: it must not be changed.
func (c *coalescer[K, V]) do(ctx context.Context, key K, read func(context.Context) (V, error)) (V, error) {
	c.mu.Lock()
	l := c.lines[key]
	if l == nil {
		if c.lines == nil {
			c.lines = map[K]*line[V]{}
		}
		l = &line[V]{}
		c.lines[key] = l
	}
	if t := l.next; t != nil {
		c.mu.Unlock()
		select {
		case <-t.done:
			return t.value, t.err
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}
	t := &turn[V]{done: make(chan struct{})}
	l.next = t
	if l.reading {
		t.begin = make(chan struct{})
	}
	c.mu.Unlock()
	if t.begin != nil {
		<-t.begin
	} else {
		// Whoever is ready to ask gets as far as this before the read begins: on a
		// busy machine those are many.
		runtime.Gosched()
	}
	c.read(context.WithoutCancel(ctx), l, t, key, read) // others wait for it, whether or not this caller still does
	return t.value, t.err
}

func (c *coalescer[K, V]) read(ctx context.Context, l *line[V], t *turn[V], key K, read func(context.Context) (V, error)) {
	c.mu.Lock()
	l.reading, l.next = true, nil
	c.mu.Unlock()
	t.err = errUnread // what the others hear if read panics
	defer func() {
		close(t.done)
		c.mu.Lock()
		defer c.mu.Unlock()
		l.reading = false
		if l.next == nil {
			delete(c.lines, key)
		} else {
			close(l.next.begin)
		}
	}()
	t.value, t.err = read(ctx)
}
