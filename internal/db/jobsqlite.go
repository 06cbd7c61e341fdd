package db

import (
	"context"
	"database/sql"
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
	unlock func() // lets go of the file that says "somebody works these jobs"
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
	// One process at a time holds this lock, and the kernel lets go of it when
	// the process dies: whoever gets it knows that no other worker lives.
	unlock, alone, err := tryLockFile(q.db.target + ".workers.lock")
	if err != nil {
		return err
	}
	if alone {
		err = q.db.requeueOrphans(ctx)
	} else {
		unlock = func() {}
		q.db.logger.WarnContext(ctx, "another process works this database's jobs; what it leaves behind when it dies waits for the rescue", "after", q.config.RescueAfter)
	}
	if err == nil {
		err = client.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		unlock()
		return fmt.Errorf("start the job queue: %w", err)
	}
	q.worker, q.unlock = client, unlock
	return nil
}

func (q *sqliteQueue) Work(ctx context.Context, queue string, spec QueueSpec) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.worker == nil || q.unlock == nil {
		return errNotStarted
	}
	if err := q.db.requeueQueue(ctx, queue); err != nil {
		return err
	}
	return q.worker.Queues().Add(queue, spec.riverConfig(q.db))
}

func (q *sqliteQueue) Stop(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.worker == nil || q.unlock == nil {
		return nil
	}
	err := stopClient(ctx, q.worker.Stop, q.worker.StopAndCancel)
	q.unlock()
	q.unlock = nil
	return err
}
