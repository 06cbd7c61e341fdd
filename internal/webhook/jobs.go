package webhook

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// QueueName is the queue of deliveries, apart from the pipeline's: slow
// receivers hold nobody up but each other. It is worked with Config.Workers.
const QueueName = "webhooks"

// DeliverJob makes one attempt of a delivery. The generation ties it to the
// attempt that it was made for: run twice, or overtaken by a redelivery, it
// finds another number in the row and does nothing.
type DeliverJob struct {
	DeliveryID asset.ID `json:"delivery_id"`
	Generation int64    `json:"generation"`
}

// Kind names the job in the queue's table; it never changes.
func (DeliverJob) Kind() string { return "webhook_deliver" }

// InsertOpts are the queue's name and what keeps the sweep from doubling a job.
// MaxAttempts is for failures of this side alone: see NextRetry.
func (DeliverJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueName, MaxAttempts: 25, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// SweepJob forgets old deliveries and takes up those that fell out of the queue.
type SweepJob struct{}

// Kind names the job in the queue's table; it never changes.
func (SweepJob) Kind() string { return "webhook_sweep" }

type deliverer struct {
	river.WorkerDefaults[DeliverJob]
	s *Service
}

// Work implements river.Worker.
func (w *deliverer) Work(ctx context.Context, job *river.Job[DeliverJob]) error {
	return w.s.deliver(ctx, job.Args)
}

// Timeout leaves 5 s beside the request for the rows.
func (w *deliverer) Timeout(*river.Job[DeliverJob]) time.Duration {
	return w.s.cfg.Timeout + 5*time.Second
}

// NextRetry is for failures of this side, such as a database that does not
// answer: 10 s, doubled up to 10 min. A receiver's failure is no failure of the
// job; the attempt that it calls for is a job of its own, enqueued in the
// transaction that logs the failure, so that a crash can neither lose it nor use
// it up.
func (w *deliverer) NextRetry(job *river.Job[DeliverJob]) time.Time {
	seconds := min(10*math.Exp2(float64(max(job.Attempt, 1)-1)), 600)
	return time.Now().Add(time.Duration(seconds * float64(time.Second)))
}

type sweeper struct {
	river.WorkerDefaults[SweepJob]
	s *Service
}

// Work implements river.Worker.
func (w *sweeper) Work(ctx context.Context, _ *river.Job[SweepJob]) error { return w.s.sweep(ctx) }

// Timeout implements river.Worker.
func (w *sweeper) Timeout(*river.Job[SweepJob]) time.Duration { return 5 * time.Minute }

// Workers registers what works the service's jobs.
func (s *Service) Workers(w *river.Workers) {
	river.AddWorker(w, &deliverer{s: s})
	river.AddWorker(w, &sweeper{s: s})
}

// Periodic returns what the queue runs by the clock.
func (s *Service) Periodic() []*river.PeriodicJob {
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(10*time.Minute),
		func() (river.JobArgs, *river.InsertOpts) { return SweepJob{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true})}
}

// sweepBatch bounds how much one transaction of the sweep changes.
const sweepBatch = 500

// sweep forgets what is older than Retention, and enqueues again what has been
// due for long and has no job: a job that is still there is not doubled.
func (s *Service) sweep(ctx context.Context) error {
	return errors.Join(s.expire(ctx), s.takeUp(ctx))
}

func (s *Service) expire(ctx context.Context) error {
	for {
		n, err := s.rows.ExpireDeliveries(ctx, s.now().Add(-s.cfg.Retention), sweepBatch)
		if err != nil || n < sweepBatch {
			return err
		}
	}
}

func (s *Service) takeUp(ctx context.Context) error {
	overdue, err := s.rows.OverdueDeliveries(ctx, s.now().Add(-15*time.Minute), sweepBatch)
	if err != nil || len(overdue) == 0 {
		return err
	}
	return s.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, d := range overdue {
			if err := s.queue.Enqueue(ctx, tx, DeliverJob{d.ID, d.Generation}, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
