package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/db"
)

// process is a process of its own that works the jobs of a database: it writes
// every note to a file as it begins, and never ends one that begins with "hang".
type process struct {
	*exec.Cmd
	t    *testing.T
	file string
}

func work(t *testing.T, c db.Config) *process {
	t.Helper()
	p := &process{t: t, file: filepath.Join(t.TempDir(), "notes")}
	p.Cmd = exec.Command(os.Args[0], "-test.run=^TestWorkerProcess$")
	p.Env = append(os.Environ(), "CERTANA_TEST_WORKER="+c.URL, "CERTANA_TEST_NOTES="+p.file)
	p.Stderr = os.Stderr
	must(t, p.Start())
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a crash does; again does nothing.
func (p *process) kill() {
	_ = p.Process.Signal(syscall.SIGKILL)
	_ = p.Wait() // it was killed: that is its error
}

func (p *process) notes() []string {
	b, _ := os.ReadFile(p.file) // not there until the first
	return strings.Fields(string(b))
}

// await waits for something that must come; the limit only ends a hung test.
func await(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !f(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

// TestWorkerProcess is the process that the tests here start.
func TestWorkerProcess(t *testing.T) {
	url := os.Getenv("CERTANA_TEST_WORKER")
	if url == "" {
		t.Skip("only in a process that another test starts")
	}
	start(t, open(t, quiet(db.Config{URL: url})), func(_ context.Context, j *river.Job[noteArgs]) error {
		f, err := os.OpenFile(os.Getenv("CERTANA_TEST_NOTES"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if _, err := f.WriteString(j.Args.Note + "\n"); err != nil {
			return err
		}
		if strings.HasPrefix(j.Args.Note, "hang") {
			select {}
		}
		return f.Close()
	})
	select {}
}

// Two processes on one database run every job once between them.
func TestTwoProcesses(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		const jobs = 200
		c = quiet(c)
		d := open(t, c)
		q := newQueue(t, d)
		first, second := work(t, c), work(t, c)
		var all []string
		for i := range jobs {
			all = append(all, fmt.Sprintf("%03d", i))
			enqueue(t, d, q, all[i], nil)
		}
		ran := func() []string { return append(first.notes(), second.notes()...) }
		await(t, "every job ran", func() bool { return len(ran()) >= jobs })
		enqueue(t, d, q, "last", nil)
		await(t, "another one ran", func() bool { return slices.Contains(ran(), "last") })
		got := ran()
		slices.Sort(got)
		if !slices.Equal(got, append(all, "last")) {
			t.Errorf("ran %v", got)
		}
	})
}

// A worker process is killed in the middle of a job: the next one on the same
// database must take the job up, and it must not wait for the rescue. Another
// job, which was on its last attempt, must not run again.
func TestKilledWorker(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		c = quiet(c)
		d := open(t, c)
		q := newQueue(t, d)
		enqueue(t, d, q, "hang", nil)
		enqueue(t, d, q, "hang-for-the-last-time", &river.InsertOpts{MaxAttempts: 1})
		victim := work(t, c)
		await(t, "the process has both jobs", func() bool { return len(victim.notes()) == 2 })
		victim.kill()

		ran := make(chan string, 10)
		q = start(t, d, func(_ context.Context, j *river.Job[noteArgs]) error {
			ran <- fmt.Sprint(j.Args.Note, " ", j.Attempt)
			return nil
		})
		want(t, "taken up", receive(t, ran), "hang 2")
		enqueue(t, d, q, "after", nil)
		want(t, "next", receive(t, ran), "after 1")
	})
}

// Where another node works on, nobody can know that the dead one's jobs are
// orphans but by their age: they are rescued.
func TestRescue(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		t.Parallel() // it mostly waits
		c = quiet(c)
		node := func(do func(context.Context, *river.Job[noteArgs]) error, queues ...string) db.Queue {
			config := db.QueueConfig{JobTimeout: time.Second, RescueAfter: time.Second, Queues: map[string]db.QueueSpec{}}
			for _, name := range queues {
				config.Queues[name] = db.QueueSpec{}
			}
			q, err := db.NewQueue(open(t, c), config)
			must(t, err)
			workers := river.NewWorkers()
			river.AddWorker(workers, &noter{do: do})
			must(t, q.Start(t.Context(), workers))
			t.Cleanup(func() { stop(t, q) })
			return q
		}
		idle := node(nil, "idle")
		d := open(t, c)
		enqueue(t, d, newQueue(t, d), "hang", nil)
		victim := work(t, c)
		await(t, "the process has the job", func() bool { return len(victim.notes()) == 1 })
		victim.kill()

		ran := make(chan int, 10)
		node(func(_ context.Context, j *river.Job[noteArgs]) error {
			ran <- j.Attempt
			return nil
		}, river.QueueDefault)
		time.Sleep(1100 * time.Millisecond) // until the job is old enough
		stop(t, idle)                       // and the other one leads, which looks at once
		want(t, "attempt", receive(t, ran), 2)
	})
}

// state is that of the only job.
func state(t *testing.T, d *db.DB) (state string) {
	t.Helper()
	must(t, d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.SQL().QueryRowContext(ctx, "SELECT state FROM river_job").Scan(&state)
	}))
	return state
}

// While one process works, a second one that starts must leave its running jobs
// alone.
func TestSecondWorkerTakesNoOrphans(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		c = quiet(c)
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
		want(t, "state after the second's start", state(t, d), "running")
		close(release)
		stop(t, q)
		stop(t, second)
		want(t, "begun again", len(began), 0)
	})
}

// The same holds when the one that worked first has ended in the meantime.
func TestLaterWorkerTakesNoOrphans(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		c = quiet(c)
		none := func(context.Context, *river.Job[noteArgs]) error { return nil }
		first := start(t, open(t, c), none)
		began, release := make(chan int, 10), make(chan bool)
		d := open(t, c)
		second := start(t, d, func(_ context.Context, j *river.Job[noteArgs]) error {
			began <- j.Attempt
			<-release
			return nil
		})
		stop(t, first)
		enqueue(t, d, second, "slow", nil)
		want(t, "attempt", receive(t, began), 1)
		third := start(t, open(t, c), none)
		want(t, "state after the third's start", state(t, d), "running")
		close(release)
		stop(t, second)
		stop(t, third)
		want(t, "begun again", len(began), 0)
	})
}

// Who takes over a queue takes up what the dead left there and, being the only one
// left, everywhere; its own jobs go on undisturbed.
func TestTakeOver(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		c = quiet(c)
		d := open(t, c)
		began, release := make(chan string, 10), make(chan bool)
		workers := river.NewWorkers()
		river.AddWorker(workers, &noter{do: func(_ context.Context, j *river.Job[noteArgs]) error {
			began <- fmt.Sprint(j.Args.Note, " ", j.Attempt)
			if j.Args.Note == "own" {
				<-release
			}
			return nil
		}})
		q, err := db.NewQueue(d, db.QueueConfig{Queues: map[string]db.QueueSpec{"mine": {}}})
		must(t, err)
		if err := q.Work(t.Context(), "early", db.QueueSpec{}); err == nil {
			t.Error("a queue that was not started works")
		}
		must(t, q.Start(t.Context(), workers))
		t.Cleanup(func() { stop(t, q) })
		enqueue(t, d, q, "own", &river.InsertOpts{Queue: "mine"})
		want(t, "begun", receive(t, began), "own 1")

		enqueue(t, d, q, "hang", nil)
		victim := work(t, c)
		await(t, "the process has the job", func() bool { return len(victim.notes()) == 1 })
		victim.kill()
		enqueue(t, d, q, "waits", &river.InsertOpts{Queue: "late"})
		must(t, q.Work(t.Context(), "late", db.QueueSpec{}))
		want(t, "taken over", receive(t, began), "waits 1")
		var hanging string
		must(t, d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return tx.SQL().QueryRowContext(ctx, "SELECT state FROM river_job WHERE queue = 'default'").Scan(&hanging)
		}))
		want(t, "the dead one's job", hanging, "available")
		must(t, q.Work(t.Context(), river.QueueDefault, db.QueueSpec{}))
		want(t, "taken up", receive(t, began), "hang 2")
		enqueue(t, d, q, "after", nil)
		want(t, "next", receive(t, began), "after 1")
		close(release)
		stop(t, q)
		want(t, "begun again", len(began), 0)
	})
}

// Of all nodes one inserts what is periodic.
func TestPeriodicJob(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		c = quiet(c)
		ran := make(chan string, 10)
		var queues []db.Queue
		var d *db.DB
		for range 2 {
			d = open(t, c)
			q := newQueue(t, d)
			workers := river.NewWorkers()
			river.AddWorker(workers, &noter{do: func(_ context.Context, j *river.Job[noteArgs]) error {
				ran <- j.Args.Note
				return nil
			}})
			must(t, q.Start(t.Context(), workers, river.NewPeriodicJob(river.PeriodicInterval(time.Hour),
				func() (river.JobArgs, *river.InsertOpts) { return noteArgs{"hourly"}, nil },
				&river.PeriodicJobOpts{RunOnStart: true})))
			t.Cleanup(func() { stop(t, q) })
			queues = append(queues, q)
		}
		want(t, "first", receive(t, ran), "hourly")
		enqueue(t, d, queues[1], "other", nil)
		want(t, "next", receive(t, ran), "other")
	})
}

// A job whose worker has no policy of its own comes back after a second, then
// after two.
func TestBackoff(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		t.Parallel() // it mostly waits
		d := open(t, quiet(c))
		type attempt struct{ scheduled, begun time.Time }
		attempts := make(chan attempt, 10)
		q := newQueue(t, d)
		workers := river.NewWorkers()
		river.AddWorker(workers, river.WorkFunc(func(_ context.Context, j *river.Job[noteArgs]) error {
			attempts <- attempt{j.ScheduledAt, *j.AttemptedAt}
			if j.Attempt == 3 {
				return nil
			}
			return errors.New("not yet")
		}))
		must(t, q.Start(t.Context(), workers))
		t.Cleanup(func() { stop(t, q) })
		enqueue(t, d, q, "x", nil)
		last := receive(t, attempts)
		for _, least := range []time.Duration{900 * time.Millisecond, 1800 * time.Millisecond} {
			next := receive(t, attempts)
			if gap := next.scheduled.Sub(last.begun); gap < least {
				t.Errorf("scheduled %s after the attempt before; want %s or more", gap, least)
			}
			last = next
		}
	})
}
