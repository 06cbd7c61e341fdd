package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"
)

// epochs tells whether anything was committed, by whatever process, since it was
// asked last.
//
// SQLite says so by PRAGMA data_version, on a connection of its own, without
// database/sql around it because every request asks. PostgreSQL says which
// transactions are over by its snapshot: the same one twice means that none ended
// in between, in any database of the server.
type epochs struct {
	pool *sql.DB // PostgreSQL; nil on SQLite, where the rest is needed

	driver driver.Driver
	dsn    string
	line   coalescer[struct{}, uint64]

	mu      sync.Mutex
	closed  bool
	conn    driver.Conn
	pragma  driver.StmtQueryContext
	version [1]driver.Value // nil: no connection said anything yet
	epoch   uint64
}

// now is a number that is another one, and higher, when anything was committed
// since an earlier call. It is looked for after the call began.
func (e *epochs) now(ctx context.Context) (uint64, error) {
	return e.line.do(ctx, struct{}{}, func(context.Context) (uint64, error) { return e.read() })
}

func (e *epochs) read() (uint64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return 0, sql.ErrConnDone
	}
	last := e.version
	if err := e.ask(); err != nil {
		return 0, errors.Join(err, e.close()) // another connection's versions are no comparison
	}
	if e.version != last {
		e.epoch++
	}
	return e.epoch, nil
}

func (e *epochs) ask() error {
	if e.pool != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		var snapshot string
		err := e.pool.QueryRowContext(ctx, "SELECT pg_current_snapshot()::text").Scan(&snapshot)
		e.version[0] = snapshot
		return err
	}
	if e.conn == nil {
		if err := e.open(); err != nil {
			return err
		}
	}
	rows, err := e.pragma.QueryContext(context.Background(), nil) // what callers give up, the next one needs
	if err != nil {
		return err
	}
	return errors.Join(rows.Next(e.version[:]), rows.Close())
}

func (e *epochs) open() (err error) {
	if e.conn, err = e.driver.Open(e.dsn); err != nil {
		return err
	}
	stmt, err := e.conn.Prepare("PRAGMA data_version")
	if err != nil {
		return err
	}
	var ok bool
	if e.pragma, ok = stmt.(driver.StmtQueryContext); !ok {
		return fmt.Errorf("a %T cannot query", stmt)
	}
	return nil
}

// close lets the connection go; the next one begins another epoch.
func (e *epochs) close() error {
	conn := e.conn
	e.conn, e.version = nil, [1]driver.Value{}
	e.epoch++
	if conn == nil {
		return nil
	}
	return conn.Close()
}

// Close ends it.
func (e *epochs) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return e.close()
}
