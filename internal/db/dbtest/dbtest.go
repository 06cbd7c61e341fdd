// Package dbtest gives tests an empty database: a SQLite file always, and one in
// a PostgreSQL when CERTANA_TEST_POSTGRES holds the URL of a server on which
// databases may be made, such as postgres://postgres@localhost:5432/postgres.
// scripts/test-postgres.sh starts such a server and runs the tests over it.
package dbtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver

	"github.com/certana/certana/internal/db"
)

// Each runs a test over every database at hand. It is for the suites to which a
// database is what is tested.
func Each(t *testing.T, f func(t *testing.T, c db.Config)) {
	each(t, f, func(t *testing.T) string { return " TEMPLATE " + template(t) })
}

// EachEmpty is Each with databases that have no tables yet.
func EachEmpty(t *testing.T, f func(t *testing.T, c db.Config)) {
	each(t, f, func(*testing.T) string { return "" })
}

func each(t *testing.T, f func(*testing.T, db.Config), from func(*testing.T) string) {
	t.Run("sqlite", func(t *testing.T) { f(t, db.DefaultConfig(t.TempDir())) })
	t.Run("postgres", func(t *testing.T) {
		if server() == "" {
			t.Skip("make test-postgres runs this over PostgreSQL; CERTANA_TEST_POSTGRES names no server")
		}
		f(t, create(t, "certana_test_"+strings.ToLower(rand.Text()), from(t)))
	})
}

// In is the database of a deployment in a folder, the same whenever the folder
// is: a file in it, or where CERTANA_TEST_POSTGRES is set one of that server's.
// It is for the suites to which a database is what they stand on; those run over
// either, as the environment says.
func In(tb testing.TB, dir string) db.Config {
	tb.Helper()
	if server() == "" {
		return db.DefaultConfig(dir)
	}
	sum := sha256.Sum256([]byte(dir))
	return create(tb, "certana_test_"+hex.EncodeToString(sum[:12]), " TEMPLATE "+template(tb))
}

func server() string { return os.Getenv("CERTANA_TEST_POSTGRES") }

// named is the URL of a database of the server.
func named(name string) string {
	before, options, found := strings.Cut(server(), "?")
	if found {
		options = "?" + options
	}
	return before[:strings.LastIndex(before, "/")+1] + name + options
}

// create makes a database unless it is there, and drops what it made when the
// test ends, whoever is still connected.
func create(tb testing.TB, name, from string) db.Config {
	tb.Helper()
	c := db.Config{URL: named(name)}
	admin, err := sql.Open("pgx", server())
	if err != nil {
		tb.Fatal(err)
	}
	ctx := context.Background() // the test's own is over when it is cleaned up
	_, err = admin.ExecContext(ctx, "CREATE DATABASE "+name+from)
	if there := (*pgconn.PgError)(nil); errors.As(err, &there) && there.Code == "42P04" {
		_ = admin.Close()
		return c
	}
	if err != nil {
		tb.Fatal(errors.Join(err, admin.Close()))
	}
	tb.Cleanup(func() {
		_, err := admin.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		if err = errors.Join(err, admin.Close()); err != nil {
			tb.Error(err)
		}
	})
	return c
}
