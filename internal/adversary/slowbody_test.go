package adversary

import (
	"bufio"
	"fmt"
	"io"
	"testing"
	"time"
)

// TestSlowBody: a JSON body that never ends is answered when its time is over, and
// the connection is closed; one that is late but whole is answered, and the
// connection serves the next request.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := start(t)
	conn := s.dial(t)
	if _, err := io.WriteString(conn, "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	late := s.dial(t)
	from := bufio.NewReader(late)
	for range 2 {
		fmt.Fprintf(late, "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(loginBody), loginBody[:10])
		time.Sleep(200 * time.Millisecond)
		fmt.Fprint(late, loginBody[10:])
		if a := read(t, late, from); a.status != 401 {
			t.Errorf("a late body: %v", a)
		}
	}
	until(t, "the answer", func() bool {
		_ = conn.SetReadDeadline(time.Now().Add(45 * time.Second))
		a, err := io.ReadAll(conn) // ends with the connection
		return err == nil && len(a) > 12 && string(a[:12]) == "HTTP/1.1 400"
	})
}
