// Package db keeps certana's rows and its job queue, in SQLite or PostgreSQL.
//
// Every method exists on DB and on Tx alike (both embed Queries): on a DB each
// call stands alone, on a Tx it is part of the transaction. A method that needs
// several statements makes its own transaction when it is called on a DB.
//
// On SQLite there is one writing connection in the process, whose transactions
// are immediate: a transaction that began as a reader and wants to write later
// would fail whenever another process wrote in between. Reads outside a
// transaction use connections of their own and see the last commit. Inside the
// function given to DB.Tx use the Tx alone: a write through the DB would wait
// for the connection that the transaction itself holds.
//
// Errors for the caller's eyes are *asset.Error; everything else is a failure of
// the database. Times are UTC with microseconds.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the "sqlite" driver
)

// Queries is the set of typed methods over one executor.
type Queries struct {
	w    bun.IDB // writes
	r    bun.IDB // reads; the same as w in a transaction
	kind Kind
	now  func() time.Time
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	Queries
	writer *bun.DB
	reader *bun.DB // the same as writer on PostgreSQL
	target string  // file path or connection URL
	logger *slog.Logger

	epochs   *epochs
	frequent frequent
}

// Tx is one transaction.
type Tx struct {
	Queries
	tx bun.Tx
}

// SQL is the transaction as database/sql knows it.
func (t *Tx) SQL() *sql.Tx { return t.tx.Tx }

// Open opens the database, making and migrating it first where needed. Several
// processes may open one SQLite file at the same time.
func Open(ctx context.Context, c Config) (*DB, error) {
	c.fill()
	kind, target, err := c.parse()
	if err != nil {
		return nil, err
	}
	d := &DB{target: target, logger: c.Logger}
	if kind == SQLite {
		err = d.openSQLite(c)
	} else {
		err = d.openPostgres(c)
	}
	if err != nil {
		return nil, err
	}
	d.Queries = Queries{w: d.writer, r: d.reader, kind: kind, now: func() time.Time {
		return c.Now().UTC().Truncate(time.Microsecond)
	}}
	if err := d.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate the database: %w", err), d.Close())
	}
	return d, nil
}

func (d *DB) openSQLite(c Config) error {
	if err := os.MkdirAll(filepath.Dir(d.target), 0o700); err != nil {
		return err
	}
	// Made here so that nobody else on the machine may read it: SQLite would
	// follow the umask, and gives its -wal and -shm the mode of this file.
	f, err := os.OpenFile(d.target, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the database file: %w", err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	writer, err := sql.Open("sqlite", sqliteDSN(d.target, c.BusyTimeout, "_txlock=immediate", "_pragma=foreign_keys(1)",
		// FULL: a commit that was answered survives the loss of power.
		"_pragma=synchronous(FULL)", "_pragma=secure_delete(FAST)"))
	if err != nil {
		return err
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", sqliteDSN(d.target, c.BusyTimeout, "_pragma=query_only(1)"))
	if err != nil {
		return err
	}
	reader.SetMaxOpenConns(c.Readers)
	reader.SetMaxIdleConns(c.Readers)
	d.writer = bun.NewDB(writer, sqlitedialect.New())
	d.reader = bun.NewDB(reader, sqlitedialect.New())
	d.epochs = &epochs{driver: reader.Driver(), dsn: sqliteDSN(d.target, c.BusyTimeout, "_pragma=query_only(1)")}
	return nil
}

func sqliteDSN(path string, busy time.Duration, options ...string) string {
	// busy_timeout comes first: the switch to WAL may itself have to wait.
	options = append([]string{fmt.Sprintf("_pragma=busy_timeout(%d)", busy.Milliseconds()), "_pragma=journal_mode(WAL)"}, options...)
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: strings.Join(options, "&")}).String()
}

func (d *DB) openPostgres(c Config) error {
	pool, err := sql.Open("pgx", d.target)
	if err != nil {
		return errors.New("db.url is not a connection string that PostgreSQL understands")
	}
	pool.SetMaxOpenConns(c.Readers + 1)
	pool.SetMaxIdleConns(c.Readers + 1)
	d.writer = bun.NewDB(pool, pgdialect.New())
	d.reader = d.writer
	d.epochs = &epochs{pool: pool}
	return nil
}

// Close ends every connection. A Queue that was started must be stopped first.
func (d *DB) Close() error {
	err := d.writer.Close()
	if d.reader != d.writer {
		err = errors.Join(err, d.reader.Close())
	}
	return errors.Join(err, d.epochs.Close())
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.reader.PingContext(ctx) }

// Kind is which database this is.
func (d *DB) Kind() Kind { return d.kind }

// inTx is the context key that holds the handle of the transaction under way.
type inTx struct{}

// errNested is a mistake in the calling code, told instead of a deadlock.
var errNested = errors.New("db: a transaction was begun on the DB within a transaction; use its Tx")

// Tx runs f in a transaction: committed when f returns nil, rolled back on an
// error or a panic. Keep it short and free of work on pixels: on SQLite nobody
// else writes meanwhile. On PostgreSQL f runs again, up to three times, when the
// database asks for that (deadlock).
func (d *DB) Tx(ctx context.Context, f func(context.Context, *Tx) error) error {
	if ctx.Value(inTx{}) == d.writer {
		return errNested
	}
	ctx = context.WithValue(ctx, inTx{}, d.writer)
	for attempt := 1; ; attempt++ {
		err := d.writer.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			return f(ctx, &Tx{Queries: d.Queries.over(tx), tx: tx})
		})
		if err == nil || attempt == 3 || !isDeadlock(err) {
			return err
		}
	}
}

func (q Queries) over(tx bun.Tx) Queries {
	return Queries{w: tx, r: tx, kind: q.kind, now: q.now}
}

// atomically runs f in the transaction at hand, or in one of its own.
func (q Queries) atomically(ctx context.Context, f func(context.Context, Queries) error) error {
	db, alone := q.w.(*bun.DB)
	if !alone {
		return f(ctx, q)
	}
	if ctx.Value(inTx{}) == db {
		return errNested
	}
	return db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error { return f(ctx, q.over(tx)) })
}
