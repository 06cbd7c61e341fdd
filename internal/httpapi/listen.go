package httpapi

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// ServerConfig bounds what the open internet can hold of the server.
type ServerConfig struct {
	// MaxConnections is how many connections may be open at a time; more wait in
	// the operating system's queue. Default 4096.
	MaxConnections int `yaml:"max_connections"`
	// MaxConnectionsPerAddress is the same for one address (IPv4, or IPv6 /64);
	// more are closed at once, so that one visitor does not hold up the others.
	// Loopback and quotas.trusted_proxies are not counted, for they speak for many. 0
	// is no limit. Default 256.
	MaxConnectionsPerAddress int `yaml:"max_connections_per_address"`
	// HeaderTimeout is how long the head of a request may take. Default 10s.
	HeaderTimeout time.Duration `yaml:"header_timeout"`
}

// DefaultServerConfig is for the open internet.
func DefaultServerConfig() ServerConfig {
	return ServerConfig{MaxConnections: 4096, MaxConnectionsPerAddress: 256, HeaderTimeout: 10 * time.Second}
}

// Validate says what is out of range.
func (c ServerConfig) Validate() error {
	switch {
	case c.MaxConnections < 1 || c.MaxConnectionsPerAddress < 0:
		return errors.New("max_connections is 1 or more, and max_connections_per_address is not negative")
	case c.HeaderTimeout < 100*time.Millisecond:
		return errors.New("header_timeout is 100ms or more")
	}
	return nil
}

// Bound keeps a listener to the limits on connections. proxies are the networks
// whose addresses are not counted.
func (c ServerConfig) Bound(ln net.Listener, proxies []string) (net.Listener, error) {
	b := &boundListener{Listener: ln, most: c.MaxConnectionsPerAddress,
		slots: make(chan struct{}, c.MaxConnections), closed: make(chan struct{}), open: map[netip.Addr]int{}}
	for _, text := range proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("trusted proxy: %w", err)
		}
		b.proxies = append(b.proxies, p)
	}
	return b, nil
}

// boundListener accepts only as many connections as its limits allow.
type boundListener struct {
	net.Listener
	most    int // of one address; 0 is no limit
	proxies []netip.Prefix
	slots   chan struct{} // one for each open connection

	closed chan struct{}
	once   sync.Once

	mu   sync.Mutex
	open map[netip.Addr]int
}

// Accept waits for a free slot and then for a connection whose address has not
// too many.
func (b *boundListener) Accept() (net.Conn, error) {
	select {
	case b.slots <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			<-b.slots
			return nil, err
		}
		visitor := b.visitor(conn)
		if b.enter(visitor) {
			return &boundConn{Conn: conn, leave: func() { b.leave(visitor) }}, nil
		}
		_ = conn.Close() // unread: a refusal in words would cost what the limit saves
	}
}

// Close also ends an Accept that waits for a slot.
func (b *boundListener) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// visitor is whom a connection's address stands for; the zero value where that
// is not counted.
func (b *boundListener) visitor(conn net.Conn) netip.Addr {
	peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if b.most == 0 || err != nil {
		return netip.Addr{}
	}
	a := peer.Addr().Unmap().WithZone("")
	if a.IsLoopback() {
		return netip.Addr{}
	}
	for _, p := range b.proxies {
		if p.Contains(a) {
			return netip.Addr{}
		}
	}
	if a.Is6() { // one customer has a whole /64
		if p, err := a.Prefix(64); err == nil {
			a = p.Addr()
		}
	}
	return a
}

func (b *boundListener) enter(visitor netip.Addr) bool {
	if !visitor.IsValid() {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[visitor] >= b.most {
		return false
	}
	b.open[visitor]++
	return true
}

func (b *boundListener) leave(visitor netip.Addr) {
	<-b.slots
	if !visitor.IsValid() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[visitor]--; b.open[visitor] == 0 {
		delete(b.open, visitor)
	}
}

// boundConn gives its place back when it is closed.
type boundConn struct {
	net.Conn
	once  sync.Once
	leave func()
}

// ReadFrom keeps the operating system's way of sending a file.
func (c *boundConn) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }

func (c *boundConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.leave)
	return err
}
