package adversary

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver that looks into the database file
)

// root is the repository's.
const root = "../.."

// program builds the program once for all tests.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "certana")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/certana")
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, text)
	}
	return path, nil
})

var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "adversary")
	if err != nil {
		panic(err)
	}
	scratch = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// server is a running `certana serve` and what it has written.
type server struct {
	URL, Addr, Dir string

	env []string
	cmd *exec.Cmd
	log *buffer
}

// buffer is a bytes.Buffer that may be read while a process writes to it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start serves a new deployment on a free port of loopback. settings are
// environment variables without CERTANA_; limits are off but for those named.
func start(t *testing.T, settings ...string) *server {
	t.Helper()
	return startIn(t, t.TempDir(), settings...)
}

func startIn(t *testing.T, dir string, settings ...string) *server {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Dir: dir, log: &buffer{}}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "CERTANA_") {
			s.env = append(s.env, pair)
		}
	}
	base := append(unlimited(t, path), "ACCOUNT_ARGON2_MEMORY_KIB=8", "ACCOUNT_ARGON2_PASSES=1",
		"LOG_LEVEL=debug", "WEBHOOKS_ALLOW_PRIVATE=true", "PIPELINE_WAIT=1m", "PIPELINE_COMMIT_WAIT=1m")
	for _, pair := range append(base, settings...) {
		s.env = append(s.env, "CERTANA_"+pair)
	}
	s.serve(t)
	return s
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

// serve starts the process and waits until it answers; it is ended with the test.
func (s *server) serve(t *testing.T) {
	t.Helper()
	path, _ := program()
	var out buffer
	s.cmd = exec.Command(path, "--json", "--data", s.Dir, "serve", "--addr", "localhost:0")
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.env, &out, s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd := s.cmd
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { s.end(t, cmd, ended) })
	var greeting struct{ Listening string }
	for json.Unmarshal([]byte(out.String()), &greeting) != nil {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the server ended: %v\n%s", err, s.log)
		case <-time.After(20 * time.Millisecond):
		}
	}
	s.URL = greeting.Listening
	s.Addr = strings.TrimPrefix(s.URL, "http://")
}

func (s *server) end(t *testing.T, cmd *exec.Cmd, ended chan error) {
	t.Helper()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the server ended with %v\n%s", err, tail(s.log.String()))
		}
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		t.Errorf("the server did not end\n%s", tail(s.log.String()))
	}
	if strings.Contains(s.log.String(), "msg=panic") {
		t.Errorf("the server panicked\n%s", tail(s.log.String()))
	}
	if left, _ := filepath.Glob(filepath.Join(s.Dir, "tmp", "*")); len(left) > 0 {
		t.Errorf("left in the spool folder: %v", left)
	}
}

func tail(s string) string { return s[max(0, len(s)-4000):] }

// certana runs a command on the deployment, beside the server, and answers what
// it printed.
func (s *server) certana(t *testing.T, args ...string) string {
	t.Helper()
	path, _ := program()
	cmd := exec.Command(path, append([]string{"--data", s.Dir, "--quiet"}, args...)...)
	cmd.Env = s.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("certana %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return strings.TrimSpace(string(out))
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
