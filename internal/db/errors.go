package db

import (
	"database/sql"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/certana/certana/internal/asset"
)

// isDeadlock reports whether PostgreSQL asks to run the transaction again.
func isDeadlock(err error) bool {
	var p *pgconn.PgError
	return errors.As(err, &p) && (p.Code == "40P01" || p.Code == "40001")
}

// isUnique reports whether a write would have doubled what must be unique.
func isUnique(err error) bool {
	var p *pgconn.PgError
	if errors.As(err, &p) {
		return p.Code == "23505"
	}
	var s *sqlite.Error
	return errors.As(err, &s) && s.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}

// notFound turns "no such row" into the error that the caller may show.
func notFound(err error, code asset.Code, detail string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return asset.Errorf(code, nil, "%s", detail)
	}
	return err
}

// affected is the number of rows that a write changed.
func affected(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// text drops NUL, which neither database holds in a text.
func text(s string) string { return strings.ReplaceAll(s, "\x00", "") }
