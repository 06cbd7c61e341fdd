package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Node is a log as one of several processes on its folder has it: all of them read
// and prove, the one that holds the lock appends. Safe for concurrent use.
type Node struct {
	*Reader
	options Options

	mu     sync.Mutex
	closed bool
	log    *Log // nil while another process appends
}

// firstLook bounds how long Join waits for whoever holds the lock to have made a
// new log's identity.
const firstLook = 10 * time.Second

// Join opens the log in o.Dir: for appending, making it when it is new, or for
// reading when another process appends. The errors are those of OpenLog but for
// ErrLocked.
func Join(ctx context.Context, o Options) (*Node, error) {
	late := time.After(firstLook)
	n := &Node{options: o}
	for {
		if _, err := n.TakeOver(ctx); err != nil {
			return nil, err
		}
		if n.log != nil {
			n.Reader = n.log.Reader
			return n, nil
		}
		var err error
		if n.Reader, err = OpenReader(o.Dir); !errors.Is(err, ErrNoLog) {
			return n, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late:
			return nil, fmt.Errorf("%w, and has not begun it", ErrLocked)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// TakeOver opens the log for appending unless another process does, and tells
// whether this one appends from now on; false when it already did. ctx governs the
// opening alone.
func (n *Node) TakeOver(ctx context.Context) (bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || n.log != nil {
		return false, nil
	}
	log, err := OpenLog(ctx, n.options)
	if errors.Is(err, ErrLocked) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if n.Reader != nil && log.VerifierKey() != n.VerifierKey() {
		return false, errors.Join(errors.New("ledger: the folder holds another log than before"), log.Close(ctx))
	}
	n.log = log
	return true, nil
}

// Appends tells whether this process is the one that appends.
func (n *Node) Appends() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log != nil
}

// Append is Log.Append; ErrLocked while another process appends.
func (n *Node) Append(ctx context.Context, statement []byte) (uint64, error) {
	n.mu.Lock()
	log, closed := n.log, n.closed
	n.mu.Unlock()
	switch {
	case closed:
		return 0, ErrClosed
	case log == nil:
		return 0, ErrLocked
	}
	return log.Append(ctx, statement)
}

// Close is Log.Close where this process appends; another may take over then.
func (n *Node) Close(ctx context.Context) error {
	n.mu.Lock()
	log := n.log
	n.closed = true
	n.mu.Unlock()
	if log == nil {
		return nil
	}
	return log.Close(ctx)
}
