package db_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/db"
)

type noteArgs struct {
	Note string `json:"note"`
}

func (noteArgs) Kind() string { return "note" }

// noter works notes: do is called with every one.
type noter struct {
	river.WorkerDefaults[noteArgs]
	do func(context.Context, *river.Job[noteArgs]) error
}

func (n *noter) Work(ctx context.Context, j *river.Job[noteArgs]) error { return n.do(ctx, j) }

// NextRetry keeps tests short; River's scheduler looks for those that are due.
func (n *noter) NextRetry(*river.Job[noteArgs]) time.Time { return time.Now() }

func start(t *testing.T, d *db.DB, do func(context.Context, *river.Job[noteArgs]) error) db.Queue {
	t.Helper()
	q := newQueue(t, d)
	workers := river.NewWorkers()
	river.AddWorker(workers, &noter{do: do})
	must(t, q.Start(t.Context(), workers))
	t.Cleanup(func() { stop(t, q) })
	return q
}

func newQueue(t *testing.T, d *db.DB) db.Queue {
	t.Helper()
	q, err := db.NewQueue(d, db.QueueConfig{})
	must(t, err)
	return q
}

func stop(t *testing.T, q db.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	must(t, q.Stop(ctx))
}

func enqueue(t *testing.T, d *db.DB, q db.Queue, note string, opts *river.InsertOpts) {
	t.Helper()
	must(t, d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return q.Enqueue(ctx, tx, noteArgs{note}, opts)
	}))
}

// receive waits for something that must come; the limit only ends a hung test.
func receive[T any](t *testing.T, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(60 * time.Second):
		t.Fatal("nothing came in a minute")
	}
	return v
}

func quiet(c db.Config) db.Config {
	c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	return c
}

func TestJobRunsAfterCommitOnly(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		ran := make(chan string, 10)
		q := start(t, d, func(_ context.Context, j *river.Job[noteArgs]) error {
			ran <- j.Args.Note
			return nil
		})
		refused := errors.New("rolled back")
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := q.Enqueue(ctx, tx, noteArgs{"lost"}, nil); err != nil {
				return err
			}
			if err := tx.PutSetting(ctx, "row", []byte("lost")); err != nil {
				return err
			}
			return refused
		})
		want(t, "error", err, refused)
		enqueue(t, d, q, "kept", nil)
		want(t, "first to run", receive(t, ran), "kept")
		// Jobs run in the order of their ids, so that the lost one would have
		// come first; a second one shows that it does not come later either.
		enqueue(t, d, q, "after", nil)
		want(t, "next to run", receive(t, ran), "after")
		row, err := d.Setting(t.Context(), "row")
		must(t, err)
		want(t, "row of the rolled back transaction", string(row), "")
	})
}

func TestJobsFromAnotherHandle(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		ran := make(chan string, 10)
		start(t, open(t, c), func(_ context.Context, j *river.Job[noteArgs]) error {
			ran <- j.Args.Note
			return nil
		})
		other := open(t, c)
		enqueue(t, other, newQueue(t, other), "from elsewhere", nil)
		want(t, "note", receive(t, ran), "from elsewhere")
	})
}

func TestFailedJobIsRetried(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, quiet(c))
		attempts := make(chan int, 10)
		q := start(t, d, func(_ context.Context, j *river.Job[noteArgs]) error {
			attempts <- j.Attempt
			if j.Attempt < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		enqueue(t, d, q, "x", nil)
		for i := 1; i <= 3; i++ {
			want(t, "attempt", receive(t, attempts), i)
		}
	})
}

func TestUniqueJob(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		q := newQueue(t, d)
		for range 3 {
			enqueue(t, d, q, "same", &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}})
		}
		enqueue(t, d, q, "last", nil)
		ran := make(chan string, 10)
		start(t, d, func(_ context.Context, j *river.Job[noteArgs]) error {
			ran <- j.Args.Note
			return nil
		})
		seen := map[string]int{}
		for range 2 {
			seen[receive(t, ran)]++
		}
		want(t, "runs", fmt.Sprint(seen), "map[last:1 same:1]")
	})
}

func TestEveryJobRunsOnce(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		const jobs = 200
		var mu sync.Mutex
		runs := map[string]int{}
		done := make(chan bool, jobs)
		work := func(_ context.Context, j *river.Job[noteArgs]) error {
			mu.Lock()
			defer mu.Unlock()
			runs[j.Args.Note]++
			done <- true
			return nil
		}
		c = quiet(c)
		first, second := open(t, c), open(t, c)
		q := start(t, first, work)
		start(t, second, work)
		for i := range jobs {
			enqueue(t, first, q, fmt.Sprint(i), nil)
		}
		for range jobs {
			receive(t, done)
		}
		mu.Lock()
		defer mu.Unlock()
		for note, n := range runs {
			want(t, "runs of "+note, n, 1)
		}
		want(t, "jobs", len(runs), jobs)
	})
}
