package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/ledger"
)

// The jobs of the corridor: one kind for each stage, one asset each.
type (
	// CertifyJob makes an asset's watermarked rendition and its record.
	CertifyJob struct {
		AssetID asset.ID `json:"asset_id"`
	}
	// TraceJob looks for an earlier asset that this one is a copy of.
	TraceJob struct {
		AssetID asset.ID `json:"asset_id"`
	}
	// CommitJob puts an asset's statement into the log; it has a queue of its own.
	CommitJob struct {
		AssetID asset.ID `json:"asset_id"`
	}
	// EraseJob removes the pictures of an asset that is no more.
	EraseJob struct {
		AssetID asset.ID `json:"asset_id"`
	}
	// SweepJob looks for what fell out of the corridor and puts it back.
	SweepJob struct{}
)

// Kind names the job in the queue's table; it never changes.
func (CertifyJob) Kind() string { return "certify" }

// Kind names the job in the queue's table; it never changes.
func (TraceJob) Kind() string { return "trace" }

// Kind names the job in the queue's table; it never changes.
func (CommitJob) Kind() string { return "commit" }

// InsertOpts puts the job where the process that appends to the log finds it.
func (CommitJob) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: LogQueue} }

// LogQueue holds what is to be appended to the log. Only the process that appends
// works it.
const LogQueue = "log"

// Kind names the job in the queue's table; it never changes.
func (EraseJob) Kind() string { return "erase" }

// Kind names the job in the queue's table; it never changes.
func (SweepJob) Kind() string { return "sweep" }

// permanentError is a failure that no later attempt can mend; its text is safe
// to show to the owner.
type permanentError struct {
	text  string
	cause error
}

func (e *permanentError) Error() string { return fmt.Sprintf("%s: %v", e.text, e.cause) }
func (e *permanentError) Unwrap() error { return e.cause }

// worker runs one stage for one kind of job.
type worker[J river.JobArgs] struct {
	river.WorkerDefaults[J]
	run     func(context.Context, *river.Job[J]) error
	timeout time.Duration
}

// Work implements river.Worker.
func (w *worker[J]) Work(ctx context.Context, job *river.Job[J]) error { return w.run(ctx, job) }

// Timeout implements river.Worker.
func (w *worker[J]) Timeout(*river.Job[J]) time.Duration { return w.timeout }

// Workers returns the stages as the queue runs them.
func (p *Pipeline) Workers() *river.Workers {
	w := river.NewWorkers()
	river.AddWorker(w, &worker[CertifyJob]{run: p.workCertify, timeout: 10 * time.Minute})
	river.AddWorker(w, &worker[TraceJob]{timeout: 10 * time.Minute, run: func(ctx context.Context, j *river.Job[TraceJob]) error {
		return p.Trace(ctx, j.Args.AssetID)
	}})
	river.AddWorker(w, &worker[CommitJob]{timeout: 5 * time.Minute, run: p.workCommit})
	river.AddWorker(w, &worker[EraseJob]{timeout: 5 * time.Minute, run: func(ctx context.Context, j *river.Job[EraseJob]) error {
		return p.erase(ctx, j.Args.AssetID)
	}})
	river.AddWorker(w, &worker[SweepJob]{timeout: time.Minute, run: func(ctx context.Context, _ *river.Job[SweepJob]) error {
		return p.sweep(ctx)
	}})
	return w
}

// Periodic returns what the queue runs by the clock.
func (p *Pipeline) Periodic() []*river.PeriodicJob {
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(sweepEvery),
		func() (river.JobArgs, *river.InsertOpts) { return SweepJob{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true})}
}

const sweepEvery = 2 * time.Minute

// sweep enqueues again what has waited for long: an outage may have outlasted a
// job's attempts. What it enqueued before and is still there is not doubled; a
// stage's first job may be, which does no harm.
func (p *Pipeline) sweep(ctx context.Context) error {
	unfinished, err := p.rows.UnfinishedAssets(ctx, p.now().Add(-10*time.Minute), 1000)
	if err != nil {
		return err
	}
	uncommitted, err := p.rows.CommitmentsPending(ctx, 1000)
	if err != nil {
		return err
	}
	once := &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}}
	return p.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, a := range unfinished {
			if err := p.queue.Enqueue(ctx, tx, CertifyJob{AssetID: a.ID}, once); err != nil {
				return err
			}
		}
		for _, c := range uncommitted {
			if err := p.queue.Enqueue(ctx, tx, CommitJob{AssetID: c.AssetID}, once); err != nil {
				return err
			}
		}
		return nil
	})
}

// workCommit runs Append. A job from before LogQueue is in everybody's queue: whoever
// does not append puts it off until it comes to the one that does.
func (p *Pipeline) workCommit(ctx context.Context, job *river.Job[CommitJob]) error {
	err := p.Append(ctx, job.Args.AssetID)
	if errors.Is(err, ledger.ErrLocked) {
		return river.JobSnooze(time.Second)
	}
	return err
}

// An outage (of the pictures' store, of the disk) may outlast a job's attempts,
// but is no reason to give an upload up: Certify is put off until the upload is
// giveUp old.
const (
	putOff = 5 * time.Minute
	giveUp = 24 * time.Hour
)

// workCertify runs Certify. When it cannot succeed, or did not within a day, it
// fails the asset instead of leaving it in processing for ever.
func (p *Pipeline) workCertify(ctx context.Context, job *river.Job[CertifyJob]) error {
	id := job.Args.AssetID
	err := p.Certify(ctx, id)
	if err == nil {
		return nil
	}
	reason := "the picture could not be processed"
	var permanent *permanentError
	switch {
	case errors.As(err, &permanent):
		reason = permanent.text
	case job.Attempt < job.MaxAttempts:
		return err
	case p.now().Sub(job.CreatedAt) < giveUp:
		p.logger.Warn("an asset waits for better times", "asset", id, "error", err)
		return river.JobSnooze(putOff)
	}
	p.logger.Error("an asset failed", "asset", id, "error", err)
	if ferr := p.fail(ctx, id, reason); ferr != nil {
		return errors.Join(err, ferr)
	}
	return river.JobCancel(err)
}
