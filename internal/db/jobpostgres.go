package db

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// postgresQueue enqueues on bun's transaction and works on a pool of its own,
// which hears of new jobs by LISTEN. Jobs of a node that died are rescued by
// another after QueueConfig.RescueAfter.
type postgresQueue struct {
	db     *DB
	config QueueConfig
	insert *river.Client[*sql.Tx]

	mu     sync.Mutex
	pool   *pgxpool.Pool
	worker *river.Client[pgx.Tx]
}

func newPostgresQueue(d *DB, c QueueConfig) (Queue, error) {
	insert, err := river.NewClient(riverdatabasesql.New(d.writer.DB), &river.Config{MaxAttempts: c.MaxAttempts})
	if err != nil {
		return nil, err
	}
	return &postgresQueue{db: d, config: c, insert: insert}, nil
}

func (q *postgresQueue) Enqueue(ctx context.Context, tx *Tx, args river.JobArgs, opts *river.InsertOpts) error {
	_, err := q.insert.InsertTx(ctx, tx.SQL(), args, opts)
	return err
}

func (q *postgresQueue) Start(ctx context.Context, workers *river.Workers, periodic ...*river.PeriodicJob) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.worker != nil {
		return errStarted
	}
	pool, err := pgxpool.New(ctx, q.db.target)
	if err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	client, err := river.NewClient(riverpgxv5.New(pool), q.config.riverConfig(q.db, workers, periodic))
	if err == nil {
		err = client.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		pool.Close()
		return fmt.Errorf("start the job queue: %w", err)
	}
	q.pool, q.worker = pool, client
	return nil
}

func (q *postgresQueue) Stop(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pool == nil {
		return nil
	}
	err := stopClient(ctx, q.worker.Stop, q.worker.StopAndCancel)
	q.pool.Close()
	q.pool = nil
	return err
}
