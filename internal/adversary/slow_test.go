package adversary

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSlowClients: a thousand connections that never finish their request cost
// little, hold up nobody, and are cut.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	s := start(t, "SERVER_HEADER_TIMEOUT=4s")
	s.want(t, 200, call{method: "GET", path: "/healthz"})
	before := s.memory(t)
	conns := s.slow(t, 1000)
	for range 50 {
		s.want(t, 200, call{method: "GET", path: "/healthz"})
	}
	if during := s.memory(t); during-before > 128<<20 {
		t.Errorf("a thousand slow connections take %d MiB", (during-before)>>20)
	}
	cut(t, conns)
	until(t, "the connections' end", func() bool { return s.files(t) < 200 })
	s.want(t, 200, call{method: "GET", path: "/healthz"})
}

// TestMostConnections: beyond the bound connections wait; they are not held by
// the process, and whoever waits is served when the slow ones are cut.
func TestMostConnections(t *testing.T) {
	t.Parallel()
	s := start(t, "SERVER_HEADER_TIMEOUT=2s", "SERVER_MAX_CONNECTIONS=40")
	conns := s.slow(t, 300)
	if n := s.files(t); n > 150 {
		t.Errorf("%d files are open", n)
	}
	for _, c := range conns[40:] {
		c.Close()
	}
	s.want(t, 200, call{method: "GET", path: "/healthz"})
	cut(t, conns[:40])
}

// slow opens connections and begins a request on each.
func (s *server) slow(t *testing.T, n int) (conns []net.Conn) {
	t.Helper()
	for i := range n {
		c := s.dial(t)
		if _, err := fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow-%d: ", i); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	return conns
}

// cut waits until the server has ended each connection.
func cut(t *testing.T, conns []net.Conn) {
	t.Helper()
	var all sync.WaitGroup
	for _, c := range conns {
		all.Go(func() {
			_ = c.SetReadDeadline(time.Now().Add(time.Minute))
			b := make([]byte, 4096)
			for {
				if _, err := c.Read(b); err != nil {
					if e, ok := err.(net.Error); ok && e.Timeout() {
						t.Error("a slow connection was not cut")
					}
					return
				}
			}
		})
	}
	all.Wait()
}

// memory is the server's resident memory, in bytes.
func (s *server) memory(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID))
	if err != nil {
		t.Skipf("needs /proc to look into a process: %v", err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// files is how many the server has open.
func (s *server) files(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.PID))
	if err != nil {
		t.Skipf("needs /proc to look into a process: %v", err)
	}
	return len(all)
}
