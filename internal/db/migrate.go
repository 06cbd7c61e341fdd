package db

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*/*.sql
var migrations embed.FS

// migrationLock is the PostgreSQL advisory lock under which one process
// migrates and the others wait.
const migrationLock = 0x6365727401

// migrate brings the tables, ours and the queue's, to this program's version.
// Each migration is its own transaction: a crash in between leaves the earlier
// ones done, and the next start goes on.
func (d *DB) migrate(ctx context.Context) error {
	unlock, err := d.lockMigrations(ctx)
	if err != nil {
		return err
	}
	defer unlock()

	dialect := goose.DialectSQLite3
	if d.kind == Postgres {
		dialect = goose.DialectPostgres
	}
	files, err := fs.Sub(migrations, "migrations/"+string(d.kind))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, d.writer.DB, files, goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return err
	}
	return d.migrateQueue(ctx)
}

func (d *DB) migrateQueue(ctx context.Context) error {
	if d.kind == Postgres {
		return riverUp(ctx, riverdatabasesql.New(d.writer.DB))
	}
	return riverUp(ctx, riversqlite.New(d.writer.DB))
}

func riverUp[T any](ctx context.Context, driver riverdriver.Driver[T]) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	// When nothing is missing this reads one small table, so that a command
	// beside a busy server does not queue for its write lock.
	if check, err := m.Validate(ctx); err == nil && check.OK {
		return nil
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// lockMigrations keeps other processes from migrating at the same time. The
// kernel, or the server, lets go of the lock of a process that dies.
func (d *DB) lockMigrations(ctx context.Context) (unlock func(), err error) {
	if d.kind == SQLite {
		return lockFile(ctx, d.target+".lock")
	}
	conn, err := d.writer.DB.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() {
		// The lock belongs to the connection, which goes back to the pool alive.
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
		_ = conn.Close()
	}, nil
}

// lockFile waits for an exclusive lock on a file, which it makes if needed.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	for {
		unlock, ok, err := tryLockFile(path)
		if ok || err != nil {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s: %w", path, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func tryLockFile(path string) (unlock func(), ok bool, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, false, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if err == syscall.EWOULDBLOCK {
			return nil, false, nil
		}
		return nil, false, err
	}
	return func() { f.Close() }, true, nil
}
