package db_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
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

// TestKilledWorker kills a worker process in the middle of a job; the next one
// on the same file must take the job up, and it must not wait for the rescue.
// Another job, which was on its last attempt, must not run again.
func TestKilledWorker(t *testing.T) {
	c := quiet(db.DefaultConfig(t.TempDir()))
	d := open(t, c)
	q := newQueue(t, d)
	enqueue(t, d, q, "hang", nil)
	enqueue(t, d, q, "hang for the last time", &river.InsertOpts{MaxAttempts: 1})

	marks := filepath.Join(t.TempDir(), "marks")
	cmd := exec.Command(os.Args[0], "-test.run=^TestWorkerProcess$")
	cmd.Env = append(os.Environ(), "CERTANA_TEST_WORKER="+c.URL, "CERTANA_TEST_MARKS="+marks)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if b, _ := os.ReadFile(marks); len(b) == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the worker process took no job in a minute")
		}
	}
	must(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait() // it was killed: that is its error

	ran := make(chan string, 10)
	q = start(t, d, func(_ context.Context, j *river.Job[noteArgs]) error {
		ran <- fmt.Sprint(j.Args.Note, " ", j.Attempt)
		return nil
	})
	want(t, "taken up", receive(t, ran), "hang 2")
	enqueue(t, d, q, "after", nil)
	want(t, "next", receive(t, ran), "after 1")
}

// TestWorkerProcess is the process that TestKilledWorker kills: it marks that it
// has a job and then never ends it.
func TestWorkerProcess(t *testing.T) {
	url := os.Getenv("CERTANA_TEST_WORKER")
	if url == "" {
		t.Skip("only in the process that TestKilledWorker starts")
	}
	start(t, open(t, db.Config{URL: url}), func(context.Context, *river.Job[noteArgs]) error {
		f, err := os.OpenFile(os.Getenv("CERTANA_TEST_MARKS"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if _, err := f.Write([]byte(".")); err != nil {
			return err
		}
		must(t, f.Close())
		select {}
	})
	select {}
}

// TestSecondWorkerTakesNoOrphans: while one process works, a second one that
// starts must leave its running jobs alone.
func TestSecondWorkerTakesNoOrphans(t *testing.T) {
	c := quiet(db.DefaultConfig(t.TempDir()))
	d := open(t, c)
	began, release := make(chan int, 10), make(chan bool)
	work := func(_ context.Context, j *river.Job[noteArgs]) error {
		began <- j.Attempt
		<-release
		return nil
	}
	q := start(t, d, work)
	enqueue(t, d, q, "slow", nil)
	want(t, "attempt", receive(t, began), 1)
	second := start(t, open(t, c), work)
	var state string
	must(t, d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.SQL().QueryRowContext(ctx, "SELECT state FROM river_job").Scan(&state)
	}))
	want(t, "state after the second's start", state, "running")
	close(release)
	stop(t, q)
	stop(t, second)
	want(t, "begun again", len(began), 0)
}
