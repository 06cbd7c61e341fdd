package db

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// Whoever asks is never answered by a read that had begun before.
func TestCoalescerIsFresh(t *testing.T) {
	var c coalescer[string, int64]
	var committed, reads atomic.Int64
	var all sync.WaitGroup
	stop := make(chan bool)
	for range 8 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				least := committed.Load()
				got, err := c.do(context.Background(), "k", func(context.Context) (int64, error) {
					reads.Add(1)
					return committed.Load(), nil
				})
				if err != nil || got < least {
					t.Errorf("read %d, %v, after %d was committed", got, err, least)
					return
				}
			}
		})
	}
	for range 20000 {
		committed.Add(1)
	}
	close(stop)
	all.Wait()
	if len(c.lines) != 0 {
		t.Errorf("%d lines are left", len(c.lines))
	}
}

// While one reads, all others wait together for one more read; that one of them
// leaves, or that a read ends in a panic, is not the others' concern.
func TestCoalescerShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c coalescer[string, int]
		reads, release := 0, make(chan bool)
		slow := func(ctx context.Context) (int, error) {
			<-release
			reads++
			return reads, ctx.Err()
		}
		ask := func(ctx context.Context, want int, failure error) {
			if got, err := c.do(ctx, "k", slow); got != want || !errors.Is(err, failure) {
				t.Errorf("heard %d, %v; want %d, %v", got, err, want, failure)
			}
		}
		go ask(t.Context(), 1, nil)
		synctest.Wait() // it reads
		impatient, leave := context.WithCancel(t.Context())
		go ask(impatient, 2, nil) // will read for all, and does although it left
		synctest.Wait()
		go ask(impatient, 0, context.Canceled)
		for range 10 {
			go ask(t.Context(), 2, nil)
		}
		synctest.Wait()
		leave()
		if v, err := c.do(t.Context(), "other", func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
			t.Errorf("another key: %d %v", v, err)
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
		if reads != 2 || len(c.lines) != 0 {
			t.Errorf("%d reads, %d lines left", reads, len(c.lines))
		}
	})
}

func TestCoalescerOutlivesAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c coalescer[string, int]
		release := make(chan bool)
		go c.do(t.Context(), "k", func(context.Context) (int, error) { <-release; return 1, nil })
		synctest.Wait()
		go func() {
			defer func() { recover() }()
			c.do(t.Context(), "k", func(context.Context) (int, error) { panic("read") })
		}()
		synctest.Wait()
		go func() {
			if _, err := c.do(t.Context(), "k", nil); err != errUnread {
				t.Errorf("who waited for it hears %v", err)
			}
		}()
		synctest.Wait()
		close(release)
		synctest.Wait()
		if v, err := c.do(t.Context(), "k", func(context.Context) (int, error) { return 3, nil }); v != 3 || err != nil {
			t.Errorf("after it: %d %v", v, err)
		}
	})
}
