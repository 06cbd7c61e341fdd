package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Queue runs jobs that were enqueued in the transactions of the rows that they
// belong to. A job is durable once its transaction is in, and does not exist
// when that was rolled back. It runs at least once: a worker that dies in the
// middle leaves it to be run again, so that every worker must bear running twice.
// The methods are safe for concurrent use.
type Queue interface {
	// Enqueue adds a job to a transaction; nothing sees it before the commit.
	// Nil opts are the defaults. With opts.UniqueOpts a job that duplicates
	// another is not added, and no error.
	Enqueue(ctx context.Context, tx *Tx, args river.JobArgs, opts *river.InsertOpts) error
	// Start works the queues until Stop; the end of ctx does not end it. It may
	// be called once. A Queue that is never started still enqueues.
	Start(ctx context.Context, workers *river.Workers, periodic ...*river.PeriodicJob) error
	// Work works one more queue from now on, after Start. The caller knows that no
	// other process works it: what is left as running there is given back first, and
	// when no other process works any queue, what the dead ones left in all of them.
	Work(ctx context.Context, queue string, spec QueueSpec) error
	// Stop takes no more jobs and waits for those that run. When ctx ends they
	// are cancelled, to be run again later.
	Stop(ctx context.Context) error
}

// QueueConfig says how jobs are worked. The zero value works.
type QueueConfig struct {
	// Queues are the queues to work, by name. Default: "default" with 4 workers.
	Queues map[string]QueueSpec `yaml:"-"`
	// JobTimeout cancels a job's context; a worker's own Timeout overrides it.
	// Default 90s.
	JobTimeout time.Duration `yaml:"job_timeout"`
	// RescueAfter is when a job that still counts as running is given to another
	// worker. Jobs with a longer timeout of their own are left alone until then.
	// Default 2m.
	RescueAfter time.Duration `yaml:"rescue_after"`
	// MaxAttempts is how often a job is tried; 1s, 2s, 4s … up to 5m lie between.
	// Default 8.
	MaxAttempts int `yaml:"max_attempts"`
}

// QueueSpec is one queue: how many jobs of it run at a time here, and how often
// it is looked at (SQLite has no notifications). Defaults 4 and 50ms.
type QueueSpec struct {
	Workers int
	Poll    time.Duration
}

// fetchCooldown is the shortest time between two looks at a queue.
const fetchCooldown = 20 * time.Millisecond

func (c *QueueConfig) fill() error {
	if len(c.Queues) == 0 {
		c.Queues = map[string]QueueSpec{river.QueueDefault: {}}
	}
	if c.JobTimeout == 0 {
		c.JobTimeout = 90 * time.Second
	}
	if c.RescueAfter == 0 {
		c.RescueAfter = max(2*time.Minute, c.JobTimeout+30*time.Second)
	}
	if c.MaxAttempts == 0 {
		c.MaxAttempts = 8
	}
	if c.RescueAfter < c.JobTimeout {
		return fmt.Errorf("the queue's rescue_after (%s) is shorter than its job_timeout (%s)", c.RescueAfter, c.JobTimeout)
	}
	return nil
}

// riverConfig is the configuration of a client that works the queues.
func (c QueueConfig) riverConfig(d *DB, workers *river.Workers, periodic []*river.PeriodicJob) *river.Config {
	queues := make(map[string]river.QueueConfig, len(c.Queues))
	for name, spec := range c.Queues {
		queues[name] = spec.riverConfig(d)
	}
	return &river.Config{
		Queues:               queues,
		Workers:              workers,
		PeriodicJobs:         periodic,
		JobTimeout:           c.JobTimeout,
		RescueStuckJobsAfter: c.RescueAfter,
		MaxAttempts:          c.MaxAttempts,
		RetryPolicy:          backoff{},
		PollOnly:             d.kind == SQLite,
		Logger:               slog.New(warnings{d.logger.Handler()}),
	}
}

func (spec QueueSpec) riverConfig(d *DB) river.QueueConfig {
	if spec.Workers <= 0 {
		spec.Workers = 4
	}
	if spec.Poll < fetchCooldown {
		spec.Poll = 50 * time.Millisecond
	}
	if d.kind == Postgres {
		spec.Poll = time.Second // notifications come at once; this is for lost ones
	}
	return river.QueueConfig{MaxWorkers: spec.Workers, FetchCooldown: fetchCooldown, FetchPollInterval: spec.Poll}
}

// backoff doubles from 1 s to 5 min, with ±10% so that jobs which failed
// together do not come back together.
type backoff struct{}

func (backoff) NextRetry(job *rivertype.JobRow) time.Time {
	seconds := min(math.Exp2(float64(max(job.Attempt, 1)-1)), 300)
	return time.Now().Add(time.Duration(seconds * (0.9 + 0.2*rand.Float64()) * float64(time.Second)))
}

// warnings passes on what is a warning or worse, but for what the queue calls an
// error when it is stopped while it looks for work.
type warnings struct{ slog.Handler }

// Handle implements slog.Handler.
func (w warnings) Handle(ctx context.Context, r slog.Record) error {
	stopped := false
	r.Attrs(func(a slog.Attr) bool {
		stopped = (a.Key == "error" || a.Key == "err") && strings.Contains(a.Value.String(), context.Canceled.Error())
		return !stopped
	})
	if stopped {
		return nil
	}
	return w.Handler.Handle(ctx, r)
}

func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}
func (w warnings) WithAttrs(a []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(a)} }
func (w warnings) WithGroup(g string) slog.Handler      { return warnings{w.Handler.WithGroup(g)} }

// stopClient stops gently until ctx ends and firmly after.
func stopClient(ctx context.Context, soft, firm func(context.Context) error) error {
	err := soft(ctx)
	if ctx.Err() == nil {
		return err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return firm(last)
}

var (
	errStarted    = errors.New("db: the queue was started already")
	errNotStarted = errors.New("db: the queue was not started")
)
