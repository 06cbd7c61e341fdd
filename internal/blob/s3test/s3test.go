// Package s3test gives tests an S3 server on loopback. CERTANA_TEST_S3 says which:
//
//	(empty)                          one in the test's own process, gofakes3
//	versitygw                        a real one, started for each test over a
//	                                 temporary folder; the program is .tools/bin/versitygw
//	                                 of the repository, or on PATH
//	s3://bucket?endpoint=http://…    one that runs already, with credentials in AWS_…
package s3test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Env is the environment variable that chooses the server.
const Env = "CERTANA_TEST_S3"

const (
	bucket = "certana-test"
	access = "certana"
	secret = "certana-secret"
)

// Start runs a server with one empty bucket and returns the bucket's URL for
// blob.Open. It sets AWS_… variables in the environment, so the test cannot be
// parallel. stop takes the server down, as an outage would, and may be
// called more than once; it is called at the test's end in any case.
func Start(t *testing.T) (rawURL string, stop func()) {
	t.Helper()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true") // nothing but the server is asked
	kind := os.Getenv(Env)
	if strings.HasPrefix(kind, "s3://") {
		rawURL, stop = through(t, kind)
		t.Cleanup(stop)
		return rawURL, stop
	}
	t.Setenv("AWS_ACCESS_KEY_ID", access)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_SESSION_TOKEN", "")
	var endpoint string
	switch kind {
	case "":
		endpoint, stop = startFake(t)
	case "versitygw":
		endpoint, stop = startVersity(t)
	default:
		t.Fatalf("%s=%q: want nothing, versitygw or an s3 URL", Env, kind)
	}
	t.Cleanup(stop)
	return "s3://" + bucket + "?" + url.Values{"endpoint": {endpoint}}.Encode(), stop
}

func startFake(t *testing.T) (endpoint string, stop func()) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	return srv.URL, func() {
		srv.CloseClientConnections()
		srv.Close()
	}
}

func startVersity(t *testing.T) (endpoint string, stop func()) {
	t.Helper()
	program := find(t, "versitygw")
	dir := t.TempDir()
	for _, d := range []string{"iam", "data/" + bucket} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(d)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	address := freeAddress(t)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program,
		"--access", access, "--secret", secret, "--port", address, "--quiet",
		"--iam-dir", filepath.Join(dir, "iam"), "posix", filepath.Join(dir, "data"))
	cmd.Dir = dir
	out, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	stop = func() { cancel(); <-ended } // the process that was started, by its own id
	if !answers(ctx, address, ended) {
		stop()
		said, _ := os.ReadFile(out.Name())
		t.Fatalf("versitygw does not serve:\n%s", said)
	}
	return "http://" + address, stop
}

// find looks in .tools/bin of the repository, then on PATH.
func find(t *testing.T, program string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, ".tools", "bin", program)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is not there: GOBIN=$PWD/.tools/bin go install github.com/versity/versitygw/cmd/versitygw@v1.8.0", program)
	}
	return path
}

// freeAddress returns a loopback address that nobody listens on just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// answers waits until the server takes connections, at most 30 s.
func answers(ctx context.Context, address string, ended <-chan struct{}) bool {
	for range 600 {
		if c, err := new(net.Dialer).DialContext(ctx, "tcp", address); err == nil {
			return c.Close() == nil
		}
		select {
		case <-ended:
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false
}
