package account

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
)

// rememberSessions is how long a session that ran out is still known, so that its
// refresh token is told that it has expired and not that there never was one.
const rememberSessions = 7 * 24 * time.Hour

// Rows is what Forgetting deletes from; *db.DB has it. All tell how many went.
type Rows interface {
	DeleteSessions(ctx context.Context, before time.Time) (int, error)
	DeleteOAuth(ctx context.Context, before time.Time) (int, error)
	ExpireIdempotency(ctx context.Context) (int, error)
	DeleteMailTokens(ctx context.Context, before time.Time) (int, error)
	ExpireCounters(ctx context.Context) (int, error)
}

// Forgetting deletes, every hour, what only matters for a while: sessions that
// ran out a week ago, with their refresh tokens, what OAuth2 clients were granted
// until then, the tokens of messages that ran out, the answers that were kept for
// an Idempotency-Key, and the counts of windows that are over.
type Forgetting struct{ Rows Rows }

// ForgetJob runs Forgetting.
type ForgetJob struct{}

// Kind names the job in the queue's table; it never changes.
func (ForgetJob) Kind() string { return "account_forget" }

// InsertOpts keep the processes on one database from each enqueueing it.
func (ForgetJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Hour}}
}

type forgetter struct {
	river.WorkerDefaults[ForgetJob]
	Forgetting
}

// Work implements river.Worker.
func (w *forgetter) Work(ctx context.Context, _ *river.Job[ForgetJob]) error { return w.Run(ctx) }

// Timeout implements river.Worker.
func (w *forgetter) Timeout(*river.Job[ForgetJob]) time.Duration { return 5 * time.Minute }

// Workers registers what works the job.
func (f Forgetting) Workers(w *river.Workers) { river.AddWorker(w, &forgetter{Forgetting: f}) }

// Periodic returns what the queue runs by the clock: every hour, because access tokens
// of clients end within one and each is a row. It runs at the start too, for a server
// that is restarted more often.
func (f Forgetting) Periodic() []*river.PeriodicJob {
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(time.Hour),
		func() (river.JobArgs, *river.InsertOpts) { return ForgetJob{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true})}
}

// Run forgets now. What one of them fails at does not keep the others from it.
func (f Forgetting) Run(ctx context.Context) error {
	_, sessions := f.Rows.DeleteSessions(ctx, time.Now().Add(-rememberSessions))
	_, granted := f.Rows.DeleteOAuth(ctx, time.Now().Add(-rememberSessions))
	_, tokens := f.Rows.DeleteMailTokens(ctx, time.Now())
	_, answers := f.Rows.ExpireIdempotency(ctx)
	_, counts := f.Rows.ExpireCounters(ctx)
	return errors.Join(sessions, granted, tokens, answers, counts)
}
