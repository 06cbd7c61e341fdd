package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// postgresQueue enqueues on bun's transaction and works on a pool of its own,
// which hears of new jobs by LISTEN. Jobs of a node that died are taken up at
// once by the next that starts when no other node works, and otherwise rescued by
// another after QueueConfig.RescueAfter.
type postgresQueue struct {
	db     *DB
	config QueueConfig
	insert *river.Client[*sql.Tx]

	mu      sync.Mutex
	pool    *pgxpool.Pool
	working *pgx.Conn // holds workersLock
	worker  *river.Client[pgx.Tx]
}

// workersLock is the advisory lock that every working node shares for as long as
// its connection lives: whoever gets it alone knows that no other node works. A
// node that lost its connection and works on may have its jobs run beside it,
// which every worker must bear.
const workersLock = 0x6365727403

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
	var working *pgx.Conn
	if err == nil {
		working, err = q.join(ctx)
	}
	if err == nil {
		err = client.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		pool.Close()
		if working != nil {
			err = errors.Join(err, working.Close(ctx))
		}
		return fmt.Errorf("start the job queue: %w", err)
	}
	q.pool, q.working, q.worker = pool, working, client
	return nil
}

// join says that this node works, and gives back the jobs of dead ones when it is
// the only one.
func (q *postgresQueue) join(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, q.db.target)
	if err != nil {
		return nil, err
	}
	var alone bool
	err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(workersLock)).Scan(&alone)
	if err == nil && alone {
		err = q.db.requeueOrphans(ctx, "")
	}
	if err == nil {
		_, err = conn.Exec(ctx, "SELECT pg_advisory_lock_shared($1)", int64(workersLock))
	}
	if err == nil && alone {
		_, err = conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", int64(workersLock))
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

func (q *postgresQueue) Work(ctx context.Context, queue string, spec QueueSpec) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pool == nil {
		return errNotStarted
	}
	if err := q.db.requeueQueue(ctx, queue); err != nil {
		return err
	}
	if err := q.giveBack(ctx); err != nil {
		// The connection may have been lost; the rescue does the same, later.
		q.db.logger.WarnContext(ctx, "jobs of dead nodes are left to the rescue", "error", err)
	}
	return q.worker.Queues().Add(queue, spec.riverConfig(q.db))
}

// giveBack gives back the jobs of dead nodes when this is the only one left: a
// session's own shared lock does not stand in its way.
func (q *postgresQueue) giveBack(ctx context.Context) error {
	var alone bool
	err := q.working.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(workersLock)).Scan(&alone)
	if err != nil || !alone {
		return err
	}
	err = q.db.requeueOrphans(ctx, q.worker.ID())
	_, unlocked := q.working.Exec(ctx, "SELECT pg_advisory_unlock($1)", int64(workersLock))
	return errors.Join(err, unlocked)
}

func (q *postgresQueue) Stop(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pool == nil {
		return nil
	}
	err := stopClient(ctx, q.worker.Stop, q.worker.StopAndCancel)
	err = errors.Join(err, q.working.Close(context.WithoutCancel(ctx)))
	q.pool.Close()
	q.pool = nil
	return err
}
