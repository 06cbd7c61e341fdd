package ledger

import (
	"bytes"
	"context"
	"fmt"

	"github.com/transparency-dev/tessera"
)

// maxStatement is the longest entry of a tlog-tiles bundle.
const maxStatement = 1<<16 - 1

// call is one append under way, shared by all who ask for the same statement.
type call struct {
	done  chan struct{}
	index uint64
	err   error
}

// Append puts a statement, byte for byte, into the log and returns its index
// once a published checkpoint covers it: it can then be proved to anybody, and
// survives a crash at any moment.
//
// Append is idempotent for ever: the same bytes, appended again, concurrently or
// after a crash that lost the first answer, make one leaf and give its index. A
// failed append may or may not have taken place; the caller appends again.
// Cancelling ctx stops the waiting, not the append.
func (l *Log) Append(ctx context.Context, statement []byte) (uint64, error) {
	if len(statement) == 0 || len(statement) > maxStatement {
		return 0, fmt.Errorf("ledger: a statement is 1 to %d bytes, got %d", maxStatement, len(statement))
	}
	c, err := l.start(LeafHash(statement), bytes.Clone(statement))
	if err != nil {
		return 0, err
	}
	select {
	case <-c.done:
		return c.index, c.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// start joins the append of the same leaf that is under way, or begins one.
func (l *Log) start(leaf [32]byte, statement []byte) (*call, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if c, ok := l.flight[leaf]; ok {
		return c, nil
	}
	if l.seen.full() {
		if err := l.fillFilter(l.ctx); err != nil {
			return nil, err
		}
	}
	maybe := l.seen.maybe(leaf)
	// Remembered before it is queued: should the answer be lost, the next append
	// of this leaf must look before it writes.
	l.seen.add(leaf)
	c := &call{done: make(chan struct{})}
	l.flight[leaf] = c
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		c.index, c.err = l.appendLeaf(leaf, statement, maybe)
		l.mu.Lock()
		delete(l.flight, leaf)
		l.mu.Unlock()
		close(c.done)
	}()
	return c, nil
}

func (l *Log) appendLeaf(leaf [32]byte, statement []byte, maybe bool) (uint64, error) {
	future := func() (tessera.Index, error) { return tessera.Index{}, nil }
	found := false
	if maybe {
		// Nobody else writes, and this leaf is not in flight: what the tree holds
		// now is all there is of it.
		size, err := l.tree.IntegratedSize(l.ctx)
		if err != nil {
			return 0, fmt.Errorf("ledger: %w", err)
		}
		var index uint64
		if index, found, err = l.find(l.ctx, leaf, 0, size); err != nil {
			return 0, err
		}
		future = func() (tessera.Index, error) { return tessera.Index{Index: index, IsDup: true}, nil }
	}
	if !found {
		future = l.appender.Add(l.ctx, tessera.NewEntry(statement))
	}
	i, _, err := l.awaiter.Await(l.ctx, future)
	if err != nil {
		return 0, fmt.Errorf("ledger: append: %w", err)
	}
	return i.Index, nil
}

// fillFilter reads every leaf hash of the tree: 32 bytes a leaf, in files of
// 8 KiB. The caller holds l.mu or is alone.
func (l *Log) fillFilter(ctx context.Context) error {
	size, err := l.tree.IntegratedSize(ctx)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	f := newFilter(size)
	for leaf := range l.flight {
		f.add(leaf)
	}
	err = l.eachLeaf(ctx, 0, size, func(_ uint64, h [32]byte) bool { f.add(h); return true })
	if err != nil {
		return err
	}
	l.seen = f
	return nil
}
