package adversary

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// send writes bytes to a new connection and reads one answer. An answer without
// status is a connection that was closed instead.
func (s *server) send(t *testing.T, text string) answer {
	t.Helper()
	conn := s.dial(t)
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, text) }() // the server may stop reading
	return read(t, conn, bufio.NewReader(conn))
}

func read(t *testing.T, conn net.Conn, from *bufio.Reader) answer {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(from, nil)
	if err != nil {
		if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
			t.Error("no answer, and the connection hangs")
		}
		return answer{}
	}
	body, _ := io.ReadAll(res.Body) // a refusal may be cut short
	res.Body.Close()
	return answer{res.StatusCode, res.Header, body}
}

// head is a request's head with lines of one's own.
func head(line string, lines ...string) string {
	return line + "\r\nHost: localhost\r\n" + strings.Join(append(lines, "Connection: close"), "\r\n") + "\r\n\r\n"
}

const loginBody = `{"email":"a@b.example","password":"wrong password"}`

// TestMalformedRequests: each is refused, with words or by the end of the
// connection, and the next visitor is served.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	s := start(t)
	post := "POST /v1/auth/login HTTP/1.1"
	long := strings.Repeat("x", 70<<10)
	for _, c := range []struct {
		name, text string
		status     []int
	}{
		{"no length", head(post), []int{400, 411}},
		{"negative length", head(post, "Content-Length: -1") + loginBody, []int{400}},
		{"length with a sign", head(post, "Content-Length: +5") + loginBody, []int{400}},
		{"length in hex", head(post, "Content-Length: 0x10") + loginBody, []int{400}},
		{"length beyond numbers", head(post, "Content-Length: 99999999999999999999") + loginBody, []int{400}},
		{"length that is a text", head(post, "Content-Length: five") + loginBody, []int{400}},
		{"two lengths", head(post, "Content-Length: 5", "Content-Length: 6") + loginBody, []int{400}},
		{"two lengths in one", head(post, "Content-Length: 5, 6") + loginBody, []int{400}},
		{"too long a length", head(post, "Content-Length: 2000000000"), []int{400}},
		{"chunked in another word", head(post, "Transfer-Encoding: xchunked") + "0\r\n\r\n", []int{400, 501}},
		{"chunked with a vertical tab", head(post, "Transfer-Encoding: \x0bchunked") + "0\r\n\r\n", []int{400, 501}},
		{"chunked and identity", head(post, "Transfer-Encoding: chunked, identity") + "0\r\n\r\n", []int{400, 501}},
		{"chunked twice", head(post, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "0\r\n\r\n", []int{400, 501}},
		{"gzip and chunked", head(post, "Transfer-Encoding: gzip, chunked") + "0\r\n\r\n", []int{400, 501}},
		{"chunked with a space before the colon", head(post, "Transfer-Encoding : chunked") + "0\r\n\r\n", []int{400}},
		{"chunk of negative size", head(post, "Transfer-Encoding: chunked") + "-1\r\nx\r\n0\r\n\r\n", []int{400}},
		{"chunk beyond numbers", head(post, "Transfer-Encoding: chunked") + "fffffffffffffffff\r\nx\r\n0\r\n\r\n", []int{400}},
		{"chunk without its end", head(post, "Transfer-Encoding: chunked") + "5\r\nabcdefgh\r\n0\r\n\r\n", []int{400}},
		{"chunk extension without end", head(post, "Transfer-Encoding: chunked") + "5;" + long + "\r\nabcde\r\n0\r\n\r\n", []int{400}},
		{"no host", "GET /healthz HTTP/1.1\r\n\r\n", []int{400}},
		{"two hosts", head("GET /healthz HTTP/1.1", "Host: elsewhere"), []int{400}},
		{"host with a space", "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", []int{400}},
		{"header with NUL", head("GET /healthz HTTP/1.1", "X-A: a\x00b"), []int{400}},
		{"header with CR", head("GET /healthz HTTP/1.1", "X-A: a\rb"), []int{400}},
		{"header name with a space", head("GET /healthz HTTP/1.1", "X A: b"), []int{400}},
		{"header without colon", head("GET /healthz HTTP/1.1", "nothing"), []int{400}},
		{"header without name", head("GET /healthz HTTP/1.1", ": b"), []int{400}},
		{"path with a space", head("GET /health z HTTP/1.1"), []int{400}},
		{"path with NUL", head("GET /healthz\x00 HTTP/1.1"), []int{400}},
		{"bad escape", head("GET /v1/assets/%zz HTTP/1.1"), []int{400}},
		{"method with a space", head(" GET /healthz HTTP/1.1"), []int{400}},
		{"HTTP/9.9", head("GET /healthz HTTP/9.9"), []int{400, 505}},
		{"HTTP/0.9", "GET /healthz\r\n\r\n", []int{400, 505}},
		{"HTTP/2 without its upgrade", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{0, 400, 404, 405, 505}},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", []int{0, 400}},
		{"noise", "\xff\xfe\xfd\r\n\r\n", []int{0, 400}},
		{"long header", head("GET /healthz HTTP/1.1", "X-A: "+long), []int{431}},
		{"long header name", head("GET /healthz HTTP/1.1", long+": x"), []int{431}},
		{"many headers", head("GET /healthz HTTP/1.1", strings.Split(strings.Repeat("X-A: b\n", 20000), "\n")[:20000]...), []int{431}},
		{"long path", head("GET /" + long + " HTTP/1.1"), []int{431, 414}},
		{"long method", head(long + " / HTTP/1.1"), []int{400, 431}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.send(t, c.text)
			if !slices.Contains(c.status, a.status) {
				t.Errorf("%v, want %v", a, c.status)
			}
		})
	}
	s.want(t, 200, call{method: "GET", path: "/healthz"})
}

// TestSmuggling: where a request says both Content-Length and Transfer-Encoding,
// the latter counts alone (RFC 9112 section 6.3), and nothing of the one body is
// taken for another request.
func TestSmuggling(t *testing.T) {
	s := start(t)
	conn := s.dial(t)
	inner := "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
	_, err := io.WriteString(conn, "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"+
		"2a\r\n"+inner+"\r\n0\r\n\r\nGET /v1/usage HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(inner) != 0x2a {
		t.Fatalf("the chunk is %x", len(inner))
	}
	from := bufio.NewReader(conn)
	if a := read(t, conn, from); a.status != 400 || a.code() != "PAYLOAD_MALFORMED" {
		t.Errorf("the request is answered %v", a)
	}
	if a := read(t, conn, from); a.status != 401 {
		t.Errorf("the next request is answered %v", a)
	}
}

// TestRequestIDs: what a client calls its request neither makes a header nor a
// line of the log.
func TestRequestIDs(t *testing.T) {
	s := start(t)
	for id, kept := range map[string]bool{
		"req_12345678": true, strings.Repeat("a", 128): true,
		"short": false, strings.Repeat("a", 129): false, "a%0d%0aSet-Cookie:%20x=1": false, "a b c d e f g h": false,
		"\"quoted-quoted\"": false, "ünïcode-ünïcode": false, "x\tinjected=1 level=ERROR": false, "<script>alert(1)</script>": false,
		"line\\nfeed=injected": false, "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f": false, "$(reboot)-------": false,
	} {
		a := s.send(t, head("GET /v1/usage HTTP/1.1", "X-Request-Id: "+id))
		got := a.header.Get("X-Request-Id")
		switch {
		case a.status == 400 && !kept: // net/http refused the bytes
		case (got == id) != kept || a.header.Get("Set-Cookie") != "":
			t.Errorf("%q became %q, %v", id, got, a.header)
		case !kept && (!strings.HasPrefix(got, "req_") || strings.Contains(s.Log.String(), id)):
			t.Errorf("%q became %q and may be in the log", id, got)
		}
	}
	a := s.send(t, head("GET /v1/usage HTTP/1.1", "X-Request-Id: req_first-of-two", "X-Request-Id: req_second-of-two"))
	if n := len(a.header.Values("X-Request-Id")); n != 1 {
		t.Errorf("%d ids", n)
	}
}

// TestOddMethods: nothing is echoed, tunnelled or redirected.
func TestOddMethods(t *testing.T) {
	s := start(t)
	for _, line := range []string{
		"TRACE / HTTP/1.1", "TRACE /v1/usage HTTP/1.1", "TRACK /v1/usage HTTP/1.1", "DEBUG / HTTP/1.1", "CONNECT example.com:443 HTTP/1.1",
		"CONNECT /v1/usage HTTP/1.1", "OPTIONS * HTTP/1.1", "OPTIONS /v1/usage HTTP/1.1", "get /v1/usage HTTP/1.1", "PROPFIND / HTTP/1.1",
		"PUT /v1/usage HTTP/1.1", "DELETE /healthz HTTP/1.1", "TRACE /log/checkpoint HTTP/1.1", "POST /log/checkpoint HTTP/1.1",
		"TRACE /api/image HTTP/1.1", "DELETE /api/image HTTP/1.1",
	} {
		a := s.send(t, head(line, "X-Canary: canary-value", "X-HTTP-Method-Override: GET"))
		if a.status < 400 || a.status >= 500 {
			if !strings.HasPrefix(line, "OPTIONS *") || a.status != 200 || len(a.body) > 0 { // net/http's own answer
				t.Errorf("%s: %v", line, a)
			}
		}
		if strings.Contains(string(a.body), "canary-value") {
			t.Errorf("%s echoes: %v", line, a)
		}
	}
}

// TestOddPaths: no spelling of a path reaches what another spelling guards, or a
// file of the data folder.
func TestOddPaths(t *testing.T) {
	s := start(t)
	p := s.newPerson(t, "user")
	for _, path := range []string{
		"/../v1/usage", "/%2e%2e/v1/usage", "//v1/usage", "/v1//usage", "/v1/./usage", "/v1/%2e/usage", "/v1/assets/../usage",
		"/v1/assets/%2e%2e/usage", "/v1/assets/..%2fusage", "/v1%2fusage", "/v1/usage%2f", "/v1/usage%00", "/v1/usage%00.json", "/v1/usage%20",
		"/V1/USAGE", "/v1/usage;a=b", "/v1/usage//", "/v1/usage/.", "/v1/usage/..", "/v1/usage/x", "/%76%31//usage", "/v1\\usage", "/v1/%5c/usage",
		"/log/../master.key", "/log/%2e%2e/master.key", "/log/..%2fmaster.key", "/log/..%2f..%2f..%2f..%2fetc%2fpasswd", "/log/....//master.key",
		"/log/%252e%252e/master.key", "/log//etc/passwd", "/log/%2fetc%2fpasswd", "/log/..\\master.key", "/log/tile/../../master.key",
		"/log/checkpoint/../../certana.db", "/log/", "/log/.state", "/log/.state/treeState", "/log/key", "/log/%00", "/log",
		"/api/../v1/usage", "/api//image", "/api/image/../../v1/usage", "/api/image%2f..", "/api/", "/api",
		"/master.key", "/certana.db", "/certana-data/master.key", "/.git/config", "/.env", "/debug/pprof/", "/debug/vars", "/metrics", "/server-status",
	} {
		a := s.send(t, head("GET "+path+" HTTP/1.1", "Authorization: Bearer "+p.token))
		if a.status < 400 || a.status >= 500 {
			t.Errorf("%s: %v", path, a)
		}
	}
	// An absolute URI names this server, whatever host it says; nothing is fetched.
	for _, line := range []string{"GET http://evil.example/v1/usage HTTP/1.1", "GET https://169.254.169.254/v1/usage HTTP/1.1", "GET ftp://evil.example/v1/usage HTTP/1.1"} {
		if a := s.send(t, head(line)); a.status != 401 && a.status != 400 && a.status != 404 {
			t.Errorf("%s: %v", line, a)
		}
	}
}
