package adversary

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// call is a request: json is marshalled, form is written as multipart.
type call struct {
	method, path string
	header       http.Header
	json         any
	form         []part
}

// part of a form: a file when it has a filename.
type part struct {
	name, filename string
	body           []byte
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// object is the answer's JSON object; nil when it is none.
func (a answer) object() (o map[string]any) {
	_ = json.Unmarshal(a.body, &o)
	return o
}

// code is the error_code.
func (a answer) code() string {
	code, _ := a.object()["error_code"].(string)
	return code
}

// text is a field of the answer that must be there.
func (a answer) text(t *testing.T, name string) string {
	t.Helper()
	s, ok := a.object()[name].(string)
	if !ok {
		t.Fatalf("%s has no %s", a.body, name)
	}
	return s
}

func (s *server) do(t *testing.T, c call) answer {
	t.Helper()
	r := c.request(t, s.URL)
	res, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", c.method, c.path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", c.method, c.path, err)
	}
	return answer{res.StatusCode, res.Header, body}
}

func (c call) request(t *testing.T, base string) *http.Request {
	t.Helper()
	var body io.Reader
	kind := ""
	switch {
	case c.form != nil:
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for _, p := range c.form {
			create := w.CreateFormField
			if p.filename != "" {
				create = func(name string) (io.Writer, error) { return w.CreateFormFile(name, p.filename) }
			}
			dst, err := create(p.name)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = dst.Write(p.body)
		}
		w.Close()
		body, kind = &b, w.FormDataContentType()
	case c.json != nil:
		text, ok := c.json.(string)
		if !ok {
			b, err := json.Marshal(c.json)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		body, kind = strings.NewReader(text), "application/json"
	}
	r, err := http.NewRequest(c.method, base+c.path, body)
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for name, values := range c.header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	return r
}

// want is do with an expected status.
func (s *server) want(t *testing.T, status int, c call) answer {
	t.Helper()
	a := s.do(t, c)
	if a.status != status {
		t.Fatalf("%s %s: %v, want %d", c.method, c.path, a, status)
	}
	return a
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }
func apiKey(key string) http.Header   { return http.Header{"X-Api-Key": {key}} }

// within names the organization in force.
func within(h http.Header, org string) http.Header {
	h = h.Clone()
	h.Set("X-Organization-Id", org)
	return h
}

// String is short and printable, for messages.
func (a answer) String() string {
	text := string(a.body[:min(len(a.body), 300)])
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) && !strings.HasSuffix(text, "}\n") {
		text = strconv.Quote(text)
	}
	return strconv.Itoa(a.status) + " " + strings.TrimSpace(text)
}
