package s3test

import (
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

var started atomic.Int64

// through reaches a server that runs already by way of a relay of its own, which
// stop can cut, and below a prefix of its own, so that each Start finds an empty
// bucket. The credentials are those of the environment.
func through(t *testing.T, rawURL string) (string, func()) {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	endpoint, err := url.Parse(q.Get("endpoint"))
	if err != nil || endpoint.Scheme != "http" || endpoint.Port() == "" {
		t.Fatalf("%s: the endpoint is http://host:port, not %q", Env, q.Get("endpoint"))
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l, target: endpoint.Host}
	go r.serve()
	q.Set("endpoint", "http://"+l.Addr().String())
	q.Set("prefix", "test-"+strconv.Itoa(os.Getpid())+"-"+strconv.FormatInt(started.Add(1), 10)+"/")
	u.RawQuery = q.Encode()
	return u.String(), r.stop
}

// relay copies connections to target until it is stopped.
type relay struct {
	listener net.Listener
	target   string

	mu      sync.Mutex
	stopped bool
	open    []net.Conn
}

func (r *relay) serve() {
	for {
		in, err := r.listener.Accept()
		if err != nil {
			return
		}
		out, err := new(net.Dialer).DialContext(context.Background(), "tcp", r.target)
		if err != nil {
			_ = in.Close()
			continue
		}
		r.mu.Lock()
		r.open = append(r.open, in, out)
		stopped := r.stopped
		r.mu.Unlock()
		if stopped {
			r.stop()
			return
		}
		for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1]) // ends when either side is closed
				_ = pair[0].Close()
			}()
		}
	}
}

func (r *relay) stop() {
	_ = r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	for _, c := range r.open {
		_ = c.Close()
	}
}
