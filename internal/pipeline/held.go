package pipeline

import (
	"errors"
	"os"
	"syscall"
)

// A held file is one that a living process works on: it has a lock for as long as it
// is open, which the kernel takes away when the process dies. Several processes
// share a data folder's tmp, and each clears only what nobody holds.

// hold makes a file with make and locks it. Between the two a neighbour that clears
// may find it unheld and remove it; then another one is made.
func hold(make func() (*os.File, error)) (*os.File, error) {
	for {
		f, err := make()
		if err != nil {
			return nil, err
		}
		if err := lock(f); err != nil {
			return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
		there, err := os.Stat(f.Name())
		if err == nil {
			var mine os.FileInfo
			if mine, err = f.Stat(); err == nil && os.SameFile(there, mine) {
				return f, nil
			}
		}
		_ = f.Close() // nothing was written to it
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
}

// takeLeft opens and locks a file that a dead process left; nil when a living one
// holds it or it is gone. The caller closes it.
func takeLeft(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, err
}

// lock waits for the lock: a neighbour that clears has it for a moment.
func lock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
