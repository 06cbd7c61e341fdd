package conformance

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/certana/certana/internal/db/dbtest"
)

// program builds the real program, once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "certana")
	out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", path, "github.com/certana/certana/cmd/certana").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// server is a running `certana serve` with a data folder of its own.
type server struct {
	url, data string
	environ   []string
}

// start starts the program with settings of its own, "quotas.free_uploads=1", and
// waits until /healthz answers 200.
func start(t *testing.T, settings ...string) *server {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{data: t.TempDir()}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "CERTANA_") {
			s.environ = append(s.environ, kv)
		}
	}
	for _, setting := range append(settings, "log.level=error",
		// What a password's hash costs is not what is tested.
		"account.argon2.memory_kib=64", "account.argon2.passes=1") {
		name, value, _ := strings.Cut(setting, "=")
		s.environ = append(s.environ, "CERTANA_"+strings.ToUpper(strings.ReplaceAll(name, ".", "_"))+"="+value)
	}
	if c := dbtest.In(t, s.data); os.Getenv("CERTANA_TEST_POSTGRES") != "" {
		s.environ = append(s.environ, "CERTANA_DB_URL="+c.URL)
	}
	cmd := exec.Command(path, "serve", "--addr", "localhost:0", "--data", s.data)
	cmd.Env = s.environ
	log := &bytes.Buffer{}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	t.Cleanup(func() { s.stop(t, cmd, ended, log) })
	lines := bufio.NewScanner(out)
	if lines.Scan() {
		_, s.url, _ = strings.Cut(lines.Text(), "Listening on ")
	}
	go func() {
		for lines.Scan() {
		}
		ended <- cmd.Wait()
	}()
	if s.url == "" {
		t.Fatal("the server did not say where it listens")
	}
	s.healthy(t)
	return s
}

func (s *server) healthy(t *testing.T) {
	t.Helper()
	for range 300 {
		res, err := http.Get(s.url + "/healthz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("/healthz does not answer 200")
}

// stop ends the process that start started, as an operator would.
func (s *server) stop(t *testing.T, cmd *exec.Cmd, ended <-chan error, log *bytes.Buffer) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the server did not end well: %v", err)
		}
	case <-time.After(30 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
		t.Error("the server had to be killed")
	}
	if t.Failed() && log.Len() > 0 {
		t.Logf("its log:\n%s", log)
	}
}

// run runs a command of the program beside the server, on its data.
func (s *server) run(t *testing.T, args ...string) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append(args, "--data", s.data, "--quiet")...)
	cmd.Env = s.environ
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("certana %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
