package httpapi

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// from is a connection that comes from an address.
type from struct {
	net.Conn
	addr string
}

func (f from) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.addr)) }

// visitors is a listener that others come to from the addresses sent into it.
type visitors chan from

func (v visitors) Accept() (net.Conn, error) {
	c, ok := <-v
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (v visitors) Close() error   { return nil }
func (v visitors) Addr() net.Addr { return &net.TCPAddr{} }

// visit comes from an address, and answers the client's end.
func (v visitors) visit(t *testing.T, addr string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { client.Close(); server.Close() })
	v <- from{server, addr}
	return client
}

// cut reports whether the other end closed the connection.
func cut(t *testing.T, c net.Conn) bool {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, err := c.Read(make([]byte, 1))
	return err == io.EOF
}

func TestConnectionsPerAddress(t *testing.T) {
	ln := make(visitors, 1)
	b, err := ServerConfig{MaxConnections: 100, MaxConnectionsPerAddress: 2}.Bound(ln, []string{"192.0.2.0/24"})
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 100)
	go func() {
		for {
			c, err := b.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	defer close(ln)
	var refused []string
	come := func(addr string) {
		if cut(t, ln.visit(t, addr)) {
			refused = append(refused, addr)
		}
	}
	for _, addr := range []string{
		"203.0.113.7:1", "203.0.113.7:2", "203.0.113.7:3", "[::ffff:203.0.113.7]:4", "203.0.113.8:1", // IPv4 alone and mapped
		"[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::ffff]:1", "[2001:db8:0:1::1]:1", // a /64 is one visitor
		"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "[::1]:1", "[::1]:2", "[::1]:3", // loopback speaks for many
		"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", // and so does a proxy
	} {
		come(addr)
	}
	if want := []string{"203.0.113.7:3", "[::ffff:203.0.113.7]:4", "[2001:db8::ffff]:1"}; !slices.Equal(refused, want) {
		t.Errorf("refused %q, want %q", refused, want)
	}
	// Whoever goes leaves a place, once.
	first := <-accepted
	first.Close()
	first.Close()
	refused = nil
	come("203.0.113.7:5")
	come("203.0.113.7:6")
	if want := []string{"203.0.113.7:6"}; !slices.Equal(refused, want) {
		t.Errorf("then refused %q, want %q", refused, want)
	}
}

func TestConnectionsAltogether(t *testing.T) {
	ln := make(visitors, 10)
	b, err := ServerConfig{MaxConnections: 2}.Bound(ln, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		ln.visit(t, "203.0.113.7:1")
	}
	var open []net.Conn
	for range 2 {
		c, err := b.Accept()
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	third := make(chan error, 1)
	accept := func() {
		_, err := b.Accept()
		third <- err
	}
	go accept()
	select {
	case <-third:
		t.Fatal("a third connection was accepted")
	case <-time.After(50 * time.Millisecond):
	}
	open[0].Close()
	if err := <-third; err != nil {
		t.Error(err)
	}
	// A listener that is closed waits no longer.
	go accept()
	b.Close()
	if err := <-third; err == nil {
		t.Error("accepted after the end")
	}
}

func TestBoundConnectionSendsFiles(t *testing.T) {
	client, server := net.Pipe()
	go func() {
		_, _ = (&boundConn{Conn: server, leave: func() {}}).ReadFrom(bytes.NewReader([]byte("file")))
		server.Close()
	}()
	if b, err := io.ReadAll(client); err != nil || string(b) != "file" {
		t.Errorf("%q %v", b, err)
	}
}

func TestServerConfig(t *testing.T) {
	if err := DefaultServerConfig().Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []ServerConfig{
		{MaxConnections: 0, HeaderTimeout: time.Second}, {MaxConnections: 1, MaxConnectionsPerAddress: -1, HeaderTimeout: time.Second},
		{MaxConnections: 1, HeaderTimeout: time.Millisecond},
	} {
		if c.Validate() == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
	if _, err := DefaultServerConfig().Bound(nil, []string{"10.0.0.1"}); err == nil {
		t.Error("an address was taken for a network")
	}
}
