// Package realrun runs the real program in tests: it builds certana once for all
// tests of a package, serves deployments on free ports of loopback, and ends them
// as an operator would.
package realrun

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Program builds the program, once, and answers where it is.
var Program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "certana-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "certana")
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", path, "github.com/certana/certana/cmd/certana")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build certana: %w\n%s", err, text)
	}
	built = dir
	return path, nil
})

var built string

// Main is TestMain of a package that uses Program: it runs the tests and takes
// the program away.
func Main(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// Server is a running `certana serve`.
type Server struct {
	URL string // http://localhost:PORT
	Dir string // its data folder
	Env []string
	Log *Log // what it wrote to stderr
	PID int

	killed bool
	ended  chan error // holds how it ended
}

// Start serves the deployment in a folder and ends it with the test. settings are
// environment variables, CERTANA_LOG_LEVEL=debug; others of that prefix do not
// get through.
func Start(t *testing.T, dir string, settings ...string) *Server {
	t.Helper()
	path := program(t)
	s := &Server{Dir: dir, Log: &Log{}}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "CERTANA_") {
			s.Env = append(s.Env, pair)
		}
	}
	s.Env = append(s.Env, settings...)
	var out Log
	// The server outlives the test's context: it is ended as an operator would.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), path, "--json", "--data", s.Dir, "serve", "--addr", "localhost:0")
	cmd.Env, cmd.Stdout, cmd.Stderr = s.Env, &out, s.Log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.PID = cmd.Process.Pid
	s.ended = make(chan error, 1)
	go func() { s.ended <- cmd.Wait() }()
	t.Cleanup(func() { s.end(t, cmd) })
	s.URL = s.greeting(t, &out)
	return s
}

// Kill ends the server as a crash does.
func (s *Server) Kill(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(s.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.killed = true
	<-s.ended
}

// greeting waits until the server serves, and answers where.
func (s *Server) greeting(t *testing.T, out *Log) string {
	t.Helper()
	var said struct{ Listening string }
	for json.Unmarshal([]byte(out.String()), &said) != nil {
		select {
		case err := <-s.ended:
			s.ended <- err
			t.Fatalf("the server ended: %v\n%s", err, s.Log)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return said.Listening
}

func (s *Server) end(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if s.killed {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.ended:
		if err != nil {
			t.Errorf("the server did not end well: %v\n%s", err, s.Log.Tail())
		}
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		<-s.ended
		t.Errorf("the server had to be killed\n%s", s.Log.Tail())
	}
	if strings.Contains(s.Log.String(), "msg=panic") {
		t.Errorf("the server panicked\n%s", s.Log.Tail())
	}
	if left, _ := filepath.Glob(filepath.Join(s.Dir, "tmp", "*")); len(left) > 0 { // the pattern is valid
		t.Errorf("left in the spool folder: %v", left)
	}
}

// Certana runs a command on the deployment, beside the server, and answers what
// it printed.
func (s *Server) Certana(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t), append([]string{"--data", s.Dir, "--quiet"}, args...)...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = s.Env, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("certana %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

func program(t *testing.T) string {
	t.Helper()
	path, err := Program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Log is what a process writes, readable while it does.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all of it so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Tail is the end of it, for messages.
func (l *Log) Tail() string {
	s := l.String()
	return s[max(0, len(s)-4000):]
}
