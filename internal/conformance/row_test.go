package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/realrun"
)

// row is one example of a page: what is asked and what must come.
type row struct {
	part  string // the page's heading, and after a colon what of it
	on    string // the server: "" is the one with nothing set, see servers
	ask   string // the request, as printed
	want  string // the answer: status line, headers, empty line, body
	exact bool   // the body is meant byte for byte
	keep  string // what later rows call values of the answer: "asset_id=id token=access_token"
	times int    // how often it is asked; 0 is once

	before func(t *testing.T, w *world)
	after  func(t *testing.T, w *world, a *answer)
}

// heading is the page's heading.
func (r row) heading() string {
	h, _, _ := strings.Cut(r.part, ":")
	return h
}

// world is what the rows share: the servers, and the names that rows use for
// what earlier answers said.
type world struct {
	servers map[string]*realrun.Server
	names   map[string]string
	files   map[string][]byte // by the name that stands for the file
	hooks   *receiver
	damaged chan error // what came of damaging a file
}

type answer struct {
	status int
	header http.Header
	body   []byte
	json   any
}

var name = regexp.MustCompile(`<([a-z0-9_]+)>|\{([a-z_]+)\}`)

// fill puts names in: <name> anywhere, {name} in a request's first line. The
// name of a file stands for itself.
func (w *world) fill(t *testing.T, text string) string {
	t.Helper()
	return name.ReplaceAllStringFunc(text, func(s string) string {
		key := s[1 : len(s)-1]
		if value, ok := w.names[key]; ok {
			return value
		}
		if _, file := w.files[key]; !file {
			t.Fatalf("no row before this one keeps %q", key)
		}
		return s
	})
}

func (r row) run(t *testing.T, w *world) {
	if r.before != nil {
		r.before(t, w)
	}
	for range max(r.times, 1) {
		a := w.send(t, w.servers[r.on], r.ask)
		r.check(t, w, a)
		if r.after != nil {
			r.after(t, w, a)
		}
	}
}

// send makes the request of a text as the pages print one.
func (w *world) send(t *testing.T, s *realrun.Server, text string) *answer {
	t.Helper()
	head, body, _ := strings.Cut(strings.Trim(text, "\n"), "\n\n")
	lines := strings.Split(head, "\n")
	method, path, _ := strings.Cut(w.fill(t, lines[0]), " ")
	if !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/.well-known/") && !strings.HasPrefix(path, "/oauth2/") {
		path = "/v1" + path
	}
	header := http.Header{}
	for _, line := range lines[1:] {
		k, v, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("no header: %q", line)
		}
		header.Set(k, w.fill(t, v))
	}
	var content io.Reader
	switch {
	case header.Get("Content-Type") == "multipart/form-data":
		b, kind := w.form(t, body)
		content = b
		header.Set("Content-Type", kind)
	case body != "":
		content = strings.NewReader(w.fillAngles(t, body))
	}
	req, err := http.NewRequest(method, s.URL+path, content)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	return w.do(t, req)
}

func (w *world) do(t *testing.T, req *http.Request) *answer {
	t.Helper()
	client := http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	a := &answer{status: res.StatusCode, header: res.Header}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(a.body, &a.json) // what is not JSON is compared otherwise
	return a
}

var angled = regexp.MustCompile(`<[a-z0-9_]+>`)

// fillAngles fills only <name>, for braces in a body are its own.
func (w *world) fillAngles(t *testing.T, text string) string {
	return angled.ReplaceAllStringFunc(text, func(s string) string { return w.fill(t, s) })
}

// form reads fields as the page prints them, name=value, on lines or joined by &;
// the value <binary> is a file.
func (w *world) form(t *testing.T, text string) (*bytes.Buffer, string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, field := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '&' }) {
		key, value, _ := strings.Cut(field, "=")
		if file, ok := w.files[strings.Trim(value, "<>")]; ok && strings.HasPrefix(value, "<") {
			part, err := m.CreateFormFile(key, strings.Trim(value, "<>"))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = part.Write(file) // into memory
			continue
		}
		if err := m.WriteField(key, w.fillAngles(t, value)); err != nil {
			t.Fatal(err)
		}
	}
	_ = m.Close() // into memory
	return &b, m.FormDataContentType()
}

// check holds an answer against the row.
func (r row) check(t *testing.T, w *world, a *answer) {
	t.Helper()
	head, body, _ := strings.Cut(strings.Trim(r.want, "\n"), "\n\n")
	lines := strings.Split(head, "\n")
	code, _, _ := strings.Cut(lines[0], " ")
	if strconv.Itoa(a.status) != code {
		t.Fatalf("%d, not %s: %s", a.status, lines[0], a.body[:min(len(a.body), 500)])
	}
	if a.header.Get("X-Request-Id") == "" {
		t.Error("no X-Request-Id")
	}
	for _, line := range lines[1:] {
		k, v, _ := strings.Cut(line, ": ")
		if problem := headerProblem(w.fillAngles(t, v), a.header.Get(k)); problem != "" {
			t.Errorf("header %s %s", k, problem)
		}
	}
	body = w.fillAngles(t, body)
	switch {
	case r.exact:
		if string(a.body) != body {
			t.Errorf("the body is %q, not %q", a.body[:min(len(a.body), 500)], body)
		}
	case body != "":
		var want any
		if err := json.Unmarshal([]byte(body), &want); err != nil {
			t.Fatalf("the row's own body: %v\n%s", err, body)
		}
		for _, d := range differences(want, a.json, "body") {
			t.Error(d)
		}
	case a.status == http.StatusNoContent && len(a.body) > 0:
		t.Errorf("204 with a body: %q", a.body)
	}
	w.keep(t, r.keep, a)
}

// headerProblem compares a header's value; 1705334400 stands for a second to
// come, and 30 (in Retry-After's place) is written (seconds).
func headerProblem(want, got string) string {
	n, err := strconv.ParseInt(got, 10, 64)
	switch want {
	case got:
		return ""
	case "1705334400":
		if err == nil && n >= time.Now().Unix() && n < time.Now().AddDate(0, 1, 1).Unix() {
			return ""
		}
	case "(seconds)":
		if err == nil && n > 0 {
			return ""
		}
	case "(any)":
		if got != "" {
			return ""
		}
	}
	return fmt.Sprintf("is %q, not %q", got, want)
}

// keep remembers values of an answer under the names of its list.
func (w *world) keep(t *testing.T, list string, a *answer) {
	t.Helper()
	for _, pair := range strings.Fields(list) {
		key, field, _ := strings.Cut(pair, "=")
		value := a.json
		for _, part := range strings.Split(field, ".") {
			switch v := value.(type) {
			case map[string]any:
				value = v[part]
			case []any:
				i, err := strconv.Atoi(part)
				if err != nil || i >= len(v) {
					t.Fatalf("%s is not in the answer", field)
				}
				value = v[i]
			}
		}
		switch v := value.(type) {
		case string:
			w.names[key] = v
		case float64:
			w.names[key] = strconv.FormatFloat(v, 'f', -1, 64)
		default:
			t.Fatalf("%s is not in the answer", field)
		}
	}
}
