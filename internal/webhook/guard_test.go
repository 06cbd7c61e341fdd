package webhook

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// hidden lists spellings of addresses that no webhook may reach, as a host of a
// URL. Those that are names to Go are resolved here as inet_aton would, which
// some systems' resolvers do.
var hidden = []struct{ host, resolves string }{
	// loopback and this host
	{"127.0.0.1", ""}, {"127.0.0.2", ""}, {"127.255.255.254", ""}, {"0.0.0.0", ""}, {"0.1.2.3", ""},
	{"[::1]", ""}, {"[0:0:0:0:0:0:0:1]", ""}, {"[::]", ""},
	{"localhost", "127.0.0.1"}, {"LOCALHOST", "127.0.0.1"}, {"localhost.", "127.0.0.1"},
	{"api.localhost", "127.0.0.1"}, {"localhost.localdomain", "127.0.0.1"},
	// other spellings of 127.0.0.1: decimal, octal, hex, short, padded, mixed
	{"2130706433", "127.0.0.1"}, {"017700000001", "127.0.0.1"}, {"0x7f000001", "127.0.0.1"}, {"0X7F000001", "127.0.0.1"},
	{"127.1", "127.0.0.1"}, {"127.0.1", "127.0.0.1"}, {"0177.0.0.1", "127.0.0.1"}, {"0177.0.0.01", "127.0.0.1"},
	{"0x7f.0x0.0x0.0x1", "127.0.0.1"}, {"0x7f.1", "127.0.0.1"}, {"127.0.0.0x1", "127.0.0.1"},
	{"0000127.0.0.1", "127.0.0.1"}, {"127.0.0.1.", "127.0.0.1"}, {"0", "0.0.0.0"}, {"0x0", "0.0.0.0"},
	{"12%37.0.0.1", ""}, // the parser unescapes it
	// other spellings of the metadata address
	{"169.254.169.254", ""}, {"2852039166", "169.254.169.254"}, {"0xa9fea9fe", "169.254.169.254"},
	{"0251.0376.0251.0376", "169.254.169.254"}, {"169.254.43518", "169.254.169.254"},
	{"metadata.google.internal", "169.254.169.254"}, {"[fd00:ec2::254]", ""}, {"[fd20:ce::254]", ""},
	{"100.100.100.200", ""}, {"192.0.0.192", ""}, {"168.63.129.16", ""},
	// private, link-local, CGNAT
	{"10.0.0.1", ""}, {"10.255.255.255", ""}, {"172.16.0.1", ""}, {"172.31.255.255", ""}, {"192.168.0.1", ""},
	{"192.168.255.255", ""}, {"169.254.0.1", ""}, {"100.64.0.1", ""}, {"100.127.255.255", ""},
	{"[fc00::1]", ""}, {"[fdff:ffff::1]", ""}, {"[fe80::1]", ""}, {"[fe80::1%25eth0]", ""}, {"[febf::1]", ""}, {"[fec0::1]", ""},
	// documentation, benchmarking, reserved, multicast, broadcast
	{"192.0.2.1", ""}, {"198.51.100.1", ""}, {"203.0.113.1", ""}, {"198.18.0.1", ""}, {"198.19.255.255", ""},
	{"192.88.99.1", ""}, {"192.31.196.1", ""}, {"192.52.193.1", ""}, {"192.175.48.1", ""},
	{"224.0.0.1", ""}, {"239.255.255.255", ""}, {"240.0.0.1", ""}, {"255.255.255.255", ""},
	{"[2001:db8::1]", ""}, {"[3fff::1]", ""}, {"[2001:2::1]", ""}, {"[2001:10::1]", ""}, {"[100::1]", ""},
	{"[ff02::1]", ""}, {"[ff0e::1]", ""}, {"[5f00::1]", ""}, {"[3ffe::1]", ""}, {"[4000::1]", ""},
	// an IPv4 address within an IPv6 one
	{"[::ffff:127.0.0.1]", ""}, {"[::ffff:7f00:1]", ""}, {"[0:0:0:0:0:ffff:10.0.0.1]", ""}, {"[::ffff:169.254.169.254]", ""},
	{"[::127.0.0.1]", ""}, {"[::7f00:1]", ""}, {"[::ffff:0:127.0.0.1]", ""},
	{"[64:ff9b::127.0.0.1]", ""}, {"[64:ff9b::a9fe:a9fe]", ""}, {"[64:ff9b:1::7f00:1]", ""}, {"[64:ff9b:1:ffff::10.0.0.1]", ""},
	{"[2002:7f00:1::1]", ""}, {"[2002:a9fe:a9fe::]", ""}, {"[2001:0:7f00:1::1]", ""}, {"[2001:0:4136:e378:8000:63bf:80ff:fffe]", ""},
	{"[2a00:1450::5efe:10.0.0.1]", ""}, {"[2a00:1450::200:5efe:10.0.0.1]", ""},
	// names
	{"printer.local", "192.168.1.9"}, {"db.internal", "10.0.0.5"}, {"router.home.arpa", "192.168.1.1"}, {"intranet", "10.0.0.5"},
}

// rebinding names look public and lead elsewhere; only the dial can tell.
var rebinding = []struct{ host, resolves string }{
	{"rebind.example.com", "127.0.0.1"}, {"a.rebind.example.com", "10.0.0.1"}, {"b.rebind.example.com", "169.254.169.254"},
	{"c.rebind.example.com", "::1"}, {"d.rebind.example.com", "::ffff:127.0.0.1"}, {"e.rebind.example.com", "64:ff9b::7f00:1"},
	{"f.rebind.example.com", "fd00:ec2::254"}, {"127.0.0.1.nip.example.com", "127.0.0.1"}, {"g.rebind.example.com", "0.0.0.0"},
	{"h.rebind.example.com", "::"}, {"i.rebind.example.com", "fe80::1"}, {"j.rebind.example.com", "100.64.0.1"},
}

// TestHiddenAddressesAreRefused puts every form to both looks: to the text, when
// a webhook is made, and to the address, when it is dialled. A server listens on
// loopback on the port in question, and must hear nothing.
func TestHiddenAddressesAreRefused(t *testing.T) {
	if len(hidden)+len(rebinding) < 60 {
		t.Fatalf("the table has %d forms", len(hidden)+len(rebinding))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("a request for %s came through", r.Host)
	}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	names := map[string]string{}
	for _, h := range append(hidden[:len(hidden):len(hidden)], rebinding...) {
		if h.resolves != "" {
			names[strings.ToLower(strings.TrimSuffix(h.host, "."))] = h.resolves
		}
	}
	s := newSender(DefaultConfig())
	s.dialer.Resolver = dns(t, names)
	// Go itself asks no resolver for a name of digits and dots alone.
	var notFound *net.DNSError
	dial := func(host, resolves string) {
		got := s.send(t.Context(), "http://"+host+":"+port+"/", nil, nil)
		switch {
		case got.status == 0 && errors.Is(got.cause, errNotPublic):
		case got.status == 0 && errors.As(got.cause, &notFound) && strings.Trim(host, "0123456789.") == "":
		case got.status == 0 && isParseError(got.cause) && strings.Contains(host, "%"):
		default:
			t.Errorf("%s: dialled: status %d, %v", host, got.status, got.cause)
		}
		if resolves != "" {
			if err := (guard{net.InterfaceAddrs}).control("tcp", net.JoinHostPort(resolves, port), nil); err == nil {
				t.Errorf("%s: %s was not refused", host, resolves)
			}
		}
	}
	for _, h := range hidden {
		if msg := checkURL("https://"+h.host+"/hook", false); msg == "" {
			t.Errorf("%s: the text was accepted", h.host)
		}
		dial(h.host, h.resolves)
	}
	for _, h := range rebinding {
		if msg := checkURL("https://"+h.host+"/hook", false); msg != "" {
			t.Errorf("%s: the text was refused: %s", h.host, msg)
		}
		dial(h.host, h.resolves)
	}
}

func isParseError(err error) bool {
	var e *url.Error
	return errors.As(err, &e) && e.Op == "parse"
}

// TestSpellingsReachLoopback shows that the table's names and literals would get
// through without the guard: the refusals above are its work.
func TestSpellingsReachLoopback(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	c := DefaultConfig()
	c.AllowPrivate = true
	s := newSender(c)
	s.dialer.Resolver = dns(t, map[string]string{"0x7f.1": "127.0.0.1", "rebind.example.com": "127.0.0.1"})
	for _, host := range []string{"127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "0x7f.1", "rebind.example.com"} {
		if got := s.send(t.Context(), "http://"+host+":"+port+"/", nil, nil); got.status != 200 {
			t.Errorf("%s: %d %v", host, got.status, got.cause)
		}
	}
}

// dns is a resolver that knows these names alone, by a server on loopback.
func dns(t *testing.T, names map[string]string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			b, err := reply(m, names).Pack()
			if err == nil {
				_, _ = conn.WriteTo(b, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func reply(m dnsmessage.Message, names map[string]string) *dnsmessage.Message {
	q := m.Questions[0]
	m.Header = dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true, RecursionAvailable: true}
	m.Additionals = nil
	ip, err := netip.ParseAddr(names[strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))])
	h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
	switch {
	case err != nil:
		m.RCode = dnsmessage.RCodeNameError
	case ip.Is4() && q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.AResource{A: ip.As4()}}}
	case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
		m.Answers = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}}}
	}
	return &m
}

func TestPublicAddresses(t *testing.T) {
	for _, text := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255",
		"192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "203.0.114.0", "223.255.255.255", "168.63.129.15",
		"2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700:4700::1111", "2a00:1450:4001::200e", "2400:cb00::1",
	} {
		if !public(netip.MustParseAddr(text)) {
			t.Errorf("%s is public", text)
		}
		if err := (guard{own: func() ([]net.Addr, error) { return nil, nil }}).control("tcp", net.JoinHostPort(text, "443"), nil); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestOwnPublicAddressIsRefused(t *testing.T) {
	own := func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.ParseIP("8.8.4.4"), Mask: net.CIDRMask(24, 32)}, &net.IPNet{IP: net.ParseIP("2a00:1450::1"), Mask: net.CIDRMask(64, 128)}}, nil
	}
	for address, refused := range map[string]bool{"8.8.4.4:443": true, "8.8.4.5:443": false, "[2a00:1450::1]:443": true, "[2a00:1450::2]:443": false, "8.8.4.5": true} {
		if err := (guard{own}).control("tcp", address, nil); (err != nil) != refused {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := (guard{func() ([]net.Addr, error) { return nil, errors.New("no list") }}).control("tcp", "8.8.8.8:443", nil); err == nil {
		t.Error("an unknown list of own addresses let an address through")
	}
}

// TestGuardAgainstNetip holds public to the standard library's own predicates:
// whatever they call special is not public.
func TestGuardAgainstNetip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	special := 0
	for range 200_000 {
		var b [16]byte
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if r.IntN(2) == 0 { // most special blocks are rare among random addresses
			b[0] = []byte{0, 10, 127, 169, 172, 192, 224, 0xfc, 0xfd, 0xfe, 0xff}[r.IntN(11)]
			b[1] = []byte{0, 16, 31, 168, 254, 0x80, 0xbf}[r.IntN(7)]
		}
		for _, ip := range []netip.Addr{netip.AddrFrom4([4]byte(b[:4])), netip.AddrFrom16(b)} {
			if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() {
				special++
				if public(ip) {
					t.Fatalf("%s counts as public", ip)
				}
			}
		}
	}
	if special < 10_000 {
		t.Fatalf("only %d special addresses were tried", special)
	}
}

func TestCheckURL(t *testing.T) {
	long := "https://example.com/" + strings.Repeat("a", maxURL)
	for _, c := range []struct {
		url          string
		public, priv bool // accepted without and with allow_private
	}{
		{"https://your-domain.com/webhook", true, true},
		{"https://example.com", true, true},
		{"https://example.com:8443/a?b=c", true, true},
		{"https://8.8.8.8/", true, true},
		{"https://[2606:4700::1111]:443/", true, true},
		{"https://xn--bcher-kva.example.com/", true, true},
		{"HTTPS://EXAMPLE.COM/", true, true},
		{long[:maxURL], true, true},
		{"http://example.com/", false, true},
		{"http://127.0.0.1:9000/", false, true},
		{"https://localhost/", false, true},
		{"http://receiver:9000/", false, true},
		{"http://2130706433/", false, false},
		{"https://0x7f.1/", false, false},
		{"https://1.2.3/", false, false},
		{"https://1.2.3.4.5/", false, false},
		{"https://1.2.3.256/", false, false},
		{long, false, false},
		{"", false, false},
		{"example.com/hook", false, false},
		{"//example.com/hook", false, false},
		{"https://", false, false},
		{"https:///hook", false, false},
		{"https:example.com", false, false},
		{"ftp://example.com/", false, false},
		{"file:///etc/passwd", false, false},
		{"gopher://example.com/", false, false},
		{"javascript:alert(1)", false, false},
		{"https://user@example.com/", false, false},
		{"https://user:secret@example.com/", false, false},
		{"https://@example.com/", false, false},
		{"https://example.com@127.0.0.1/", false, false},
		{"https://example.com/#part", false, false},
		{"https://example.com/#", false, false},
		{"https://example.com:0/", false, false},
		{"https://example.com:65536/", false, false},
		{"https://example.com:/", false, false},
		{"https://example.com:port/", false, false},
		{"https://exa mple.com/", false, false},
		{"https://exa%20mple.com/", false, false},
		{"https://bücher.example.com/", false, false},
		{"https://１２７.0.0.1/", false, false},
		{"https://127。0。0。1/", false, false},
		{"https://example.com/\r\nX-Evil: 1", false, false},
		{"https://example.com\\@127.0.0.1/", false, false},
		{" https://example.com/", false, false},
	} {
		if msg := checkURL(c.url, false); (msg == "") != c.public {
			t.Errorf("%q: %q", c.url, msg)
		}
		if msg := checkURL(c.url, true); (msg == "") != c.priv {
			t.Errorf("%q with allow_private: %q", c.url, msg)
		}
	}
}

// FuzzCheckURL: whatever is accepted parses to an https URL whose host, where it
// is an address, is a public one.
func FuzzCheckURL(f *testing.F) {
	for _, h := range hidden {
		f.Add("https://" + h.host + "/")
	}
	f.Add("https://8.8.8.8:443/a?b#c")
	f.Fuzz(func(t *testing.T, text string) {
		if checkURL(text, false) != "" {
			return
		}
		req, err := http.NewRequest(http.MethodPost, text, nil)
		if err != nil {
			t.Fatalf("%q was accepted and makes no request: %v", text, err)
		}
		if req.URL.Scheme != "https" || req.URL.User != nil || req.URL.Fragment != "" || req.Host == "" {
			t.Fatalf("%q was accepted", text)
		}
		if ip, err := netip.ParseAddr(req.URL.Hostname()); err == nil && !public(ip) {
			t.Fatalf("%q was accepted", text)
		}
	})
}
