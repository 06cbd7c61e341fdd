package app_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/app"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
	"github.com/certana/certana/internal/ledger"
	"github.com/certana/certana/internal/realrun"
)

func TestMain(m *testing.M) { realrun.Main(m) }

// serve starts a server over a database.
func serve(t *testing.T, dir string, c db.Config, settings ...string) *realrun.Server {
	t.Helper()
	return realrun.Start(t, dir, environ(c, settings...)...)
}

func environ(c db.Config, settings ...string) []string {
	return append(settings, "CERTANA_DB_URL="+c.URL, "CERTANA_LOG_LEVEL=warn",
		// What a password's hash costs is not what is tested.
		"CERTANA_ACCOUNT_ARGON2_MEMORY_KIB=64", "CERTANA_ACCOUNT_ARGON2_PASSES=1")
}

// refusedStart serves a folder over a database, which must not work, and answers
// what was said.
func refusedStart(t *testing.T, dir string, c db.Config) string {
	t.Helper()
	program, err := realrun.Program()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "--data", dir, "serve", "--addr", "localhost:0")
	cmd.Env, cmd.Stderr = append(os.Environ(), environ(c)...), &said
	err = cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("serve on %s: %v, want exit code 3\n%s", dir, err, &said)
	}
	return said.String()
}

// neighbour makes a data folder with the master key of another.
func neighbour(t *testing.T, dir string) string {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "master.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	return other
}

// A server whose data folder is its own, on a database whose log lies elsewhere, is
// refused before it makes a log; so is one that has a log from before. Commands go
// on working beside the server that was there first.
func TestAnotherLogIsRefused(t *testing.T) {
	dir := t.TempDir()
	c := dbtest.In(t, dir)
	a := serve(t, dir, c)
	ours, err := ledger.OpenReader(app.LogDir(dir))
	if err != nil {
		t.Fatal(err)
	}

	empty := neighbour(t, dir)
	text := refusedStart(t, empty, c)
	for _, part := range []string{ours.VerifierKey(), app.LogDir(empty), "holds none", "db.url"} {
		if !strings.Contains(text, part) {
			t.Errorf("nothing of %q in: %s", part, text)
		}
	}
	if _, err := ledger.OpenReader(app.LogDir(empty)); !errors.Is(err, ledger.ErrNoLog) {
		t.Errorf("a log was made all the same: %v", err)
	}

	full := neighbour(t, dir)
	t.Run("with a log from before", func(t *testing.T) { serve(t, full, dbtest.In(t, full)) })
	theirs, err := ledger.OpenReader(app.LogDir(full))
	if err != nil {
		t.Fatal(err)
	}
	if text := refusedStart(t, full, c); !strings.Contains(text, "holds "+theirs.VerifierKey()) {
		t.Errorf("the folder's own log is not named in: %s", text)
	}
	a.Certana(t, "fsck")
}

// A deployment from before rows remembered their log adopts the one it has, and no
// other: what is committed must be in it.
func TestLogIsAdopted(t *testing.T) {
	dir := t.TempDir()
	c := dbtest.In(t, dir)
	t.Run("first", func(t *testing.T) {
		v := visitor{T: t, Server: serve(t, dir, c, "CERTANA_PIPELINE_WAIT=1m", "CERTANA_PIPELINE_COMMIT_WAIT=1m")}.register("someone@example.com")
		up, _ := v.upload(1)
		v.commit(up)
	})
	rows, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rows.Close() })
	err = rows.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.SQL().ExecContext(ctx, "DELETE FROM app_settings WHERE key = 'ledger/log'")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	empty := neighbour(t, dir)
	if text := refusedStart(t, empty, c); !strings.Contains(text, "entry 0") {
		t.Errorf("what is missing is not named in: %s", text)
	}
	full := neighbour(t, dir)
	t.Run("with a log from before", func(t *testing.T) { serve(t, full, dbtest.In(t, full)) })
	refusedStart(t, full, c)

	serve(t, dir, c)
	ours, err := ledger.OpenReader(app.LogDir(dir))
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := rows.Setting(t.Context(), "ledger/log"); err != nil || string(kept) != ours.VerifierKey() {
		t.Errorf("the rows remember %q, %v; the log is %s", kept, err, ours.VerifierKey())
	}
}
