package adversary

import (
	"context"
	"database/sql"
	"encoding/json"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/realrun"
	_ "modernc.org/sqlite" // the driver that looks into the database file
)

// root is the repository's.
const root = "../.."

func TestMain(m *testing.M) { realrun.Main(m) }

// server is a running program under attack.
type server struct {
	*realrun.Server
	Addr string // HOST:PORT
}

// start serves a new deployment on a free port of loopback. settings are
// environment variables without CERTANA_; limits are off but for those named.
func start(t *testing.T, settings ...string) *server {
	t.Helper()
	return startIn(t, t.TempDir(), settings...)
}

func startIn(t *testing.T, dir string, settings ...string) *server {
	t.Helper()
	path, err := realrun.Program()
	if err != nil {
		t.Fatal(err)
	}
	base := append(unlimited(t, path), "ACCOUNT_ARGON2_MEMORY_KIB=8", "ACCOUNT_ARGON2_PASSES=1",
		"LOG_LEVEL=debug", "WEBHOOKS_ALLOW_PRIVATE=true", "PIPELINE_WAIT=1m", "PIPELINE_COMMIT_WAIT=1m")
	var environ []string
	for _, pair := range append(base, settings...) {
		environ = append(environ, "CERTANA_"+pair)
	}
	s := realrun.Start(t, dir, environ...)
	return &server{Server: s, Addr: strings.TrimPrefix(s.URL, "http://")}
}

// unlimited sets every limit that the program knows to none.
func unlimited(t *testing.T, path string) (off []string) {
	t.Helper()
	text, err := exec.Command(path, "--json", "config", "print").Output()
	if err != nil {
		t.Fatal(err)
	}
	var printed struct {
		Settings []struct {
			Key, Env string
			Value    any
		}
	}
	if err := json.Unmarshal(text, &printed); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	for _, s := range printed.Settings {
		if _, number := s.Value.(float64); number && strings.HasPrefix(s.Key, "quotas.") {
			off = append(off, strings.TrimPrefix(s.Env, "CERTANA_")+"=0")
		}
	}
	if len(off) < 10 {
		t.Fatalf("only %d limits were found in %s", len(off), text)
	}
	return off
}

// sql changes the database behind the server's back: what only time or an
// operator brings about.
func (s *server) sql(t *testing.T, query string, args ...any) {
	t.Helper()
	db := s.db(t)
	defer db.Close()
	result, err := db.Exec(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		t.Fatalf("%s: no row", query)
	}
}

func (s *server) db(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, "certana.db")+"?_pragma=busy_timeout(15000)")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// dial opens a bare connection to the server.
func (s *server) dial(t *testing.T) net.Conn {
	t.Helper()
	var d net.Dialer
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// client never follows a redirect.
var client = &http.Client{
	Timeout:       2 * time.Minute,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}
