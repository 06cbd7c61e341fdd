package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// sqliteQueue is a Queue in the SQLite file.
type sqliteQueue struct {
	db     *DB
	config QueueConfig
	insert *river.Client[*sql.Tx]

	mu     sync.Mutex
	worker *river.Client[*sql.Tx]
	lock   *workersFile
}

// NewQueue makes the queue of a database. Nothing runs before its Start.
func NewQueue(d *DB, c QueueConfig) (Queue, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	if d.kind == Postgres {
		return newPostgresQueue(d, c)
	}
	insert, err := river.NewClient(riversqlite.New(d.writer.DB), &river.Config{MaxAttempts: c.MaxAttempts})
	if err != nil {
		return nil, err
	}
	return &sqliteQueue{db: d, config: c, insert: insert}, nil
}

func (q *sqliteQueue) Enqueue(ctx context.Context, tx *Tx, args river.JobArgs, opts *river.InsertOpts) error {
	_, err := q.insert.InsertTx(ctx, tx.SQL(), args, opts)
	return err
}

func (q *sqliteQueue) Start(ctx context.Context, workers *river.Workers, periodic ...*river.PeriodicJob) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.worker != nil {
		return errStarted
	}
	client, err := river.NewClient(riversqlite.New(q.db.writer.DB), q.config.riverConfig(q.db, workers, periodic))
	if err != nil {
		return err
	}
	lock, err := openWorkersFile(q.db.target + ".workers.lock")
	if err != nil {
		return err
	}
	_, err = lock.join(ctx, func() error { return q.db.requeueOrphans(ctx, "") })
	if err == nil {
		err = client.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		return fmt.Errorf("start the job queue: %w", errors.Join(err, lock.Close()))
	}
	q.worker, q.lock = client, lock
	return nil
}

func (q *sqliteQueue) Work(ctx context.Context, queue string, spec QueueSpec) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.worker == nil || q.lock == nil {
		return errNotStarted
	}
	if err := q.db.requeueQueue(ctx, queue); err != nil {
		return err
	}
	if _, err := q.lock.join(ctx, func() error { return q.db.requeueOrphans(ctx, q.worker.ID()) }); err != nil {
		return err
	}
	return q.worker.Queues().Add(queue, spec.riverConfig(q.db))
}

func (q *sqliteQueue) Stop(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.worker == nil || q.lock == nil {
		return nil
	}
	err := stopClient(ctx, q.worker.Stop, q.worker.StopAndCancel)
	err = errors.Join(err, q.lock.Close())
	q.lock = nil
	return err
}
