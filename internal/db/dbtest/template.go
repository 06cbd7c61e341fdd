package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/certana/certana/internal/db"
)

// template is a database that has the tables already, for others to be copies of:
// making the tables takes longer than most tests. It is named after the
// migrations and stays on the server for the next run.
func template(tb testing.TB) string {
	tb.Helper()
	name, err := makeTemplate()
	if err != nil {
		tb.Fatal(err)
	}
	return name
}

// templateLock is the advisory lock under which one process makes the template.
const templateLock = 0x63657274ff

var makeTemplate = sync.OnceValues(func() (name string, err error) {
	if name, err = templateName(); err != nil {
		return "", err
	}
	ctx := context.Background()
	admin, err := sql.Open("pgx", server())
	if err != nil {
		return "", err
	}
	defer admin.Close()
	conn, err := admin.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close() // and with it the lock goes, as admin does
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(templateLock)); err != nil {
		return "", err
	}
	var there bool
	err = conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
	if err != nil || there {
		return name, err
	}
	// Renamed when it is complete: what a killed process left is not taken for it.
	const half = "certana_template_half"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + half, "CREATE DATABASE " + half} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return "", err
		}
	}
	d, err := db.Open(ctx, db.Config{URL: named(half)})
	if err != nil {
		return "", err
	}
	if err := d.Close(); err != nil {
		return "", err
	}
	_, err = conn.ExecContext(ctx, "ALTER DATABASE "+half+" RENAME TO "+name)
	return name, err
})

func templateName() (string, error) {
	_, here, _, _ := runtime.Caller(0)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(here), "..", "migrations", "postgres", "*.sql"))
	if err != nil || len(files) == 0 {
		return "", errors.Join(err, errors.New("dbtest: no migrations beside it"))
	}
	h := sha256.New()
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		h.Write(text)
	}
	return "certana_template_" + hex.EncodeToString(h.Sum(nil)[:8]), nil
}
