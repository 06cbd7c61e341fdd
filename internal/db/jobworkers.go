package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// workersFile is what every process that works a SQLite file's jobs has a shared
// lock on. The kernel lets go of it when the process dies, so that whoever can have
// it alone knows that no other worker lives.
type workersFile struct{ *os.File }

func openWorkersFile(path string) (*workersFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return &workersFile{f}, nil
}

// join shares the lock. When nobody else has it, do runs before; alone tells.
// Joining again asks anew: for a moment in between the lock is nobody's, and a
// neighbour that asks then may take this process for dead and run its jobs too.
func (w *workersFile) join(ctx context.Context, do func() error) (alone bool, err error) {
	err = syscall.Flock(int(w.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if alone = err == nil; alone {
		err = do()
	} else if errors.Is(err, syscall.EWOULDBLOCK) {
		err = nil
	}
	return alone, errors.Join(err, w.share(ctx))
}

// share waits while a neighbour has the lock alone, which is for one transaction.
func (w *workersFile) share(ctx context.Context) error {
	for range 200 {
		err := syscall.Flock(int(w.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s is locked by a process that does not share it", w.Name())
}
