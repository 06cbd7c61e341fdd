package adversary

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// TestHostileJSON: each body is refused with a 4xx; none costs the server its
// stack, its memory or its wits.
func TestHostileJSON(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.newPerson(t, "user")
	login := func(field string) string { return `{"email":"` + p.email + `","password":` + field + `}` }
	for name, body := range map[string]string{
		"deep lists":            strings.Repeat("[", 500_000) + strings.Repeat("]", 500_000),
		"deep objects":          strings.Repeat(`{"a":`, 150_000) + "1" + strings.Repeat("}", 150_000),
		"deep in a field":       login(strings.Repeat("[", 400_000) + strings.Repeat("]", 400_000)),
		"lists that never end":  strings.Repeat("[", 1_000_000),
		"a huge number":         login("1e999999999"),
		"a long number":         login(strings.Repeat("9", 1_000_000)),
		"a number of many bits": login("1" + strings.Repeat("0", 500_000) + ".5"),
		"a tiny number":         login("1e-999999999"),
		"not a number":          login("NaN"),
		"a lone surrogate":      login(`"\ud800"`),
		"surrogates reversed":   login(`"\udc00\ud800"`),
		"NUL":                   login(`"a\u0000b"`),
		"a raw line feed":       login("\"a\nb\""),
		"a byte order mark":     "\ufeff" + login(`"x"`),
		"UTF-16":                "\xff\xfe{\x00}\x00",
		"overlong UTF-8":        login("\"\xc0\xaf\""),
		"a second password":     `{"email":"` + p.email + `","password":"` + p.password + `","password":"wrong password"}`,
		"another spelling":      `{"email":"` + p.email + `","password":"wrong password","PASSWORD":"` + p.password + `"}`,
		"a prototype":           `{"__proto__":{"admin":true},"email":"` + p.email + `","password":"x"}`,
		"a comment":             "/* */" + login(`"x"`),
		"a trailing comma":      `{"email":"` + p.email + `","password":"x",}`,
		"a second value":        login(`"x"`) + login(`"x"`),
		"many fields":           "{" + strings.Repeat(`"a":1,`, 150_000) + `"b":1}`,
		"a query operator":      login(`{"$ne":null}`),
		"longer than allowed":   login(`"` + strings.Repeat("x", 2<<20) + `"`),
	} {
		a := s.do(t, call{method: "POST", path: "/v1/auth/login", json: body})
		if a.status < 400 || a.status >= 500 {
			t.Errorf("%s: %v", name, a)
		}
	}
	s.login(t, p)
}

// TestHostileForms: parts without number, without end, without sense. The spool
// folder is empty afterwards.
func TestHostileForms(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.newPerson(t, "user")
	_, key := s.newKey(t, bearer(p.token), "key", "write", "verify")
	const open = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n"
	photo := string(picture(t))
	for name, body := range map[string]string{
		"10,000 fields":            strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nx\r\n", 10_000) + "--b--\r\n",
		"10,000 unknown fields":    strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nx\r\n", 10_000) + "--b--\r\n",
		"10,000 files":             strings.Repeat(open+"x\r\n", 10_000) + "--b--\r\n",
		"10,000 nameless parts":    strings.Repeat("--b\r\n\r\nx\r\n", 10_000) + "--b--\r\n",
		"no end":                   open + photo,
		"no end of the head":       "--b\r\nContent-Disposition: form-data; name=\"file\"",
		"a head of 1 MiB":          "--b\r\nContent-Disposition: form-data; name=\"file\"; x=\"" + strings.Repeat("x", 1<<20) + "\"\r\n\r\nx\r\n--b--\r\n",
		"a head of 100,000 lines":  "--b\r\n" + strings.Repeat("X-A: b\r\n", 100_000) + "\r\nx\r\n--b--\r\n",
		"a field of 1 MiB":         "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n" + strings.Repeat("x", 1<<20) + "\r\n--b--\r\n",
		"a preamble of 1 MiB":      strings.Repeat("x\r\n", 300_000) + open + "x\r\n--b--\r\n",
		"an epilogue of 3 MiB":     open + "x\r\n--b--\r\n" + strings.Repeat("x\r\n", 1_000_000),
		"a form in a form":         "--b\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
		"base64":                   "--b\r\nContent-Disposition: form-data; name=\"title\"\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--\r\n",
		"quoted-printable":         "--b\r\nContent-Disposition: form-data; name=\"title\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=\r\n--b--\r\n",
		"a path for a name":        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../../../tmp/evil.jpg\"\r\n\r\nno picture\r\n--b--\r\n",
		"NUL for a name":           "--b\r\nContent-Disposition: form-data; name=\"file\x00\"; filename=\"a\x00.jpg\"\r\n\r\nx\r\n--b--\r\n",
		"a header for a name":      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\\\r\nX-Evil: 1\"\r\n\r\nx\r\n--b--\r\n",
		"nothing but boundaries":   strings.Repeat("--b\r\n", 100_000),
		"nothing":                  "",
		"the end alone":            "--b--\r\n",
		"another boundary":         "--c\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\nx\r\n--c--\r\n",
		"a picture and two titles": open + photo + "\r\n" + strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nx\r\n", 2) + "--b--\r\n",
	} {
		for _, path := range []string{"/v1/assets/", "/v1/verify/", "/v1/verify/batch"} {
			h := apiKey(key)
			h.Set("Content-Type", "multipart/form-data; boundary=b")
			a := s.do(t, call{method: "POST", path: path, header: h, json: strings.ReplaceAll(body, `name="file"`, `name="`+fileField(path)+`"`)})
			// A batch keeps what is wrong with a file to that file.
			if (a.status < 400 && path != "/v1/verify/batch") || a.status >= 500 || strings.Contains(fmt.Sprint(a.header), "X-Evil") {
				t.Errorf("%s to %s: %v", name, path, a)
			}
		}
	}
	for _, kind := range []string{
		"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + strings.Repeat("b", 100),
		"multipart/form-data; boundary=\"a\nb\"", "multipart/mixed; boundary=b", "multipart/form-data; boundary=b; boundary=c", "application/json", "x", "",
	} {
		h := apiKey(key)
		h.Set("Content-Type", strings.ReplaceAll(kind, "\n", ""))
		if a := s.do(t, call{method: "POST", path: "/v1/assets/", header: h, json: open + photo + "\r\n--b--\r\n"}); a.status < 400 || a.status >= 500 {
			t.Errorf("Content-Type %q: %v", kind, a)
		}
	}
	if stray, _ := filepath.Glob("/tmp/evil.jpg"); len(stray) > 0 {
		t.Error("a file name of a form was a path")
	}
}

func fileField(path string) string {
	if strings.HasSuffix(path, "batch") {
		return "files"
	}
	return "file"
}

// TestHangUp: whoever leaves in the middle of an upload leaves nothing behind.
func TestHangUp(t *testing.T) {
	s := start(t)
	p := s.newPerson(t, "user")
	photo := picture(t)
	for _, sent := range []int{0, 10, 200, 1000, len(photo)} {
		conn := s.dial(t)
		_, err := io.WriteString(conn, "POST /v1/assets/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+p.token+
			"\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 10000000\r\n\r\n"+
			"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n"+string(photo[:sent]))
		if err != nil {
			t.Fatal(err)
		}
		if sent > 1000 {
			until(t, "the spool", func() bool { return len(s.spooled(t)) > 0 })
		}
		conn.Close()
	}
	until(t, "an empty spool", func() bool { return len(s.spooled(t)) == 0 })
	if a := s.want(t, 200, call{method: "GET", path: "/v1/assets/", header: bearer(p.token)}); fmt.Sprint(a.object()["total"]) != "0" {
		t.Errorf("there are assets: %v", a)
	}
}

func (s *server) spooled(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Dir, "tmp", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestContinue: a client that asks first is told no before it sends its body.
func TestContinue(t *testing.T) {
	s := start(t)
	p := s.newPerson(t, "user")
	ask := []string{"Content-Length: 10000000", "Content-Type: multipart/form-data; boundary=b", "Expect: 100-continue"}
	if a := s.send(t, head("POST /v1/assets/ HTTP/1.1", ask...)); a.status != 401 {
		t.Errorf("without credentials: %v", a)
	}
	if a := s.send(t, head("POST /v1/assets/ HTTP/1.1", append(ask, "Authorization: Bearer "+p.token)...)); a.status != 100 {
		t.Errorf("with credentials: %v", a)
	}
	if a := s.send(t, head("POST /v1/assets/ HTTP/1.1", "Content-Length: 1", "Expect: 200-ok")); a.status != 417 && a.status != 401 {
		t.Errorf("another expectation: %v", a)
	}
}

// TestCompressedBodies: what is compressed is not unpacked, so that there are no
// bombs.
func TestCompressedBodies(t *testing.T) {
	s := start(t)
	p := s.newPerson(t, "user")
	pack := func(b []byte) string {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, _ = w.Write(b)
		w.Close()
		return out.String()
	}
	for name, body := range map[string]string{"a login": pack([]byte(loginBody)), "a bomb": pack(make([]byte, 100<<20))} {
		h := http.Header{"Content-Encoding": {"gzip"}}
		if a := s.do(t, call{method: "POST", path: "/v1/auth/login", header: h, json: body}); a.status != 400 {
			t.Errorf("%s: %v", name, a)
		}
		h = bearer(p.token)
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Type", "multipart/form-data; boundary=b")
		if a := s.do(t, call{method: "POST", path: "/v1/assets/", header: h, json: body}); a.status != 400 {
			t.Errorf("%s as an upload: %v", name, a)
		}
	}
}

// TestOddQueries: parameters without number, length or sense.
func TestOddQueries(t *testing.T) {
	s := start(t)
	p := s.newPerson(t, "user")
	for _, query := range []string{
		"page=" + strings.Repeat("9", 60_000), strings.Repeat("a=b&", 10_000), "page=1&page=2", "page=-1", "page=1e9", "page=0x1", "page=9223372036854775808",
		"page=1;page_size=2", "%zz", "page=%00", "page=%ff", "sort=asc%27--", "order=(SELECT+1)", "order=created_at;DROP+TABLE+users", "tags=" + strings.Repeat("a,", 5000),
		"start_date=%F0%9F%92%A9", "page[]=1", "page[$gt]=1", "__proto__=1", "=", "&&&", "envelope=true&envelope=false", "start_date=" + strings.Repeat("2024-", 2000),
	} {
		for _, path := range []string{"/v1/assets/", "/v1/assets/search/", "/v1/verify/history", "/v1/webhooks/"} {
			a := s.do(t, call{method: "GET", path: path + "?" + query, header: bearer(p.token)})
			if a.status >= 500 {
				t.Errorf("%s?%.60s: %v", path, query, a)
			}
		}
	}
}
