package httpapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/httpapi/gen"
)

// bare is a server without rooms behind it, for what needs none.
func bare(t *testing.T, also func(*server, *http.ServeMux)) *httptest.Server {
	t.Helper()
	c, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Deps: Deps{Log: slog.New(slog.DiscardHandler)}, contract: c}
	h := s.routes()
	if also != nil {
		mux := http.NewServeMux()
		also(s, mux)
		h = Around(s.Log, s.panicked, mux)
	}
	ts := httptest.NewServer(h)
	t.Cleanup(ts.Close)
	return ts
}

// send writes a request in full before it looks for an answer, as most clients
// do, and so sees no answer when the server closes early.
func send(t *testing.T, addr, head string, body int64) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 64<<10)
	for sent := int64(0); sent < body; sent += int64(len(chunk)) {
		if _, err := conn.Write(chunk[:min(int64(len(chunk)), body-sent)]); err != nil {
			t.Fatalf("after %d bytes: %v", sent, err)
		}
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func decodeError(t *testing.T, res *http.Response) gen.Error {
	t.Helper()
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var e gen.Error
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatalf("%d: %q is not an error body: %v", res.StatusCode, text, err)
	}
	return e
}

// A refusal reaches a client that sends all of a large body first.
func TestRefusalReachesASendingClient(t *testing.T) {
	ts := bare(t, nil)
	addr := ts.Listener.Addr().String()
	const size = 32 << 20
	for _, head := range []string{
		fmt.Sprintf("POST /v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", size),
		fmt.Sprintf("POST /v1/assets/ HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n", size),
		fmt.Sprintf("POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", size),
	} {
		res := send(t, addr, head, size)
		e := decodeError(t, res)
		if res.StatusCode < 400 || e.Detail == "" || e.RequestID == nil {
			t.Errorf("%s: %d %+v", strings.SplitN(head, " HTTP", 2)[0], res.StatusCode, e)
		}
	}
}

// A client that waits to be told to send is answered at once, and not told to.
func TestRefusalInsteadOfContinue(t *testing.T) {
	ts := bare(t, nil)
	res := send(t, ts.Listener.Addr().String(),
		"POST /v1/nothing HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 33554432\r\n\r\n", 0)
	if res.StatusCode != 404 {
		t.Errorf("status %d", res.StatusCode)
	}
	decodeError(t, res)
}

// The connection serves on after a refusal whose body was read to its end.
func TestConnectionSurvivesARefusal(t *testing.T) {
	ts := bare(t, nil)
	conn, err := net.Dial("tcp", ts.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	r := bufio.NewReader(conn)
	for range 3 {
		fmt.Fprintf(conn, "POST /v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n%s", strings.Repeat("x", 1<<20))
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if e := decodeError(t, res); e.ErrorCode != gen.ErrorCodeNOTFOUND || res.Close {
			t.Errorf("%+v, close %v", e, res.Close)
		}
	}
}

func TestPanicIsAnError(t *testing.T) {
	ts := bare(t, func(_ *server, mux *http.ServeMux) {
		mux.HandleFunc("/before", func(http.ResponseWriter, *http.Request) { panic("secret") })
		mux.HandleFunc("/after", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic("secret")
		})
	})
	res, err := http.Get(ts.URL + "/before")
	if err != nil {
		t.Fatal(err)
	}
	if e := decodeError(t, res); res.StatusCode != 500 || e.ErrorCode != gen.ErrorCodeINTERNALERROR || strings.Contains(e.Detail, "secret") {
		t.Errorf("%d %+v", res.StatusCode, e)
	}
	res, err = http.Get(ts.URL + "/after")
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if err == nil {
		t.Error("half an answer looks like a whole one")
	}
}

func TestEnvelope(t *testing.T) {
	ts := bare(t, func(_ *server, mux *http.ServeMux) {
		op := &operation{messages: map[int]string{201: "Thing made"}}
		mux.Handle("/json", withEnvelope(op, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, 201, map[string]int{"a": 1})
		})))
		mux.Handle("/error", withEnvelope(op, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, 409, gen.Error{Detail: "no"})
		})))
		mux.Handle("/none", withEnvelope(op, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })))
		mux.Handle("/image", withEnvelope(op, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = io.WriteString(w, "PNG")
		})))
	})
	for path, want := range map[string]string{
		"/json":                `201 {"a":1}`,
		"/json?envelope=false": `201 {"a":1}`,
		"/json?envelope=true":  `201 {"data":{"a":1},"message":"Thing made","request_id":R,"timestamp":T}`,
		"/error?envelope=true": `409 {"detail":"no","error_code":"","timestamp":"0001-01-01T00:00:00Z"}`,
		"/none?envelope=true":  `204 `,
		"/image?envelope=true": `200 PNG`,
	} {
		res, err := http.Get(ts.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		got := fmt.Sprintf("%d %s", res.StatusCode, strings.TrimSpace(string(text)))
		if strings.Contains(want, ":T") {
			var e gen.Envelope
			if err := json.Unmarshal(text, &e); err != nil {
				t.Fatal(err)
			}
			at, _ := json.Marshal(e.Timestamp)
			want = strings.NewReplacer(":T", ":"+string(at), ":R", `:"`+res.Header.Get("X-Request-Id")+`"`).Replace(want)
			if time.Since(e.Timestamp) > time.Hour {
				t.Errorf("timestamp %v", e.Timestamp)
			}
		}
		if got != want {
			t.Errorf("%s: %s\nwant %s", path, got, want)
		}
	}
}

// Whatever is not there, is not there in our shape: never a redirect, a text
// page or an empty body.
func TestNothingAtAnAddress(t *testing.T) {
	ts := bare(t, nil)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, tt := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/v1/nothing", 404, ""},
		{"GET", "/v1", 404, ""},
		{"GET", "/v1/", 404, ""},
		{"GET", "/", 404, ""},
		{"GET", "/v1//assets", 404, ""},
		{"GET", "/v1/assets//", 404, ""},
		{"GET", "/v1/x/../assets", 404, ""},
		{"POST", "/v1/assets/x/y/z", 404, ""},
		{"PUT", "/v1/assets/", 405, "GET, HEAD, POST"},
		{"PUT", "/v1/assets", 405, "GET, HEAD, POST"},
		{"DELETE", "/v1/assets/search/", 405, "GET, HEAD"},
		{"PATCH", "/v1/assets/search", 405, "GET, HEAD"},
		{"GET", "/v1/api-keys/validate", 405, "POST"},
		{"DELETE", "/v1/api-keys/validate", 405, "POST"},
		{"GET", "/v1/auth/login/", 405, "POST"},
		{"OPTIONS", "/v1/verify/", 405, "POST"},
		{"GET", "/v1/verify", 405, "POST"},
		{"POST", "/v1/verify/history", 405, "GET, HEAD"},
		{"POST", "/v1/assets/0193c1f2-8e1b-7a3c-9d4e-000000000000/", 405, "DELETE, GET, HEAD, PATCH"},
		{"POST", "/healthz", 405, "GET, HEAD"},
		{"BREW", "/v1/openapi.json", 405, "GET, HEAD"},
	} {
		req, _ := http.NewRequest(tt.method, ts.URL+tt.path, nil)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		e := decodeError(t, res)
		code := gen.ErrorCodeNOTFOUND
		if tt.status == 405 {
			code = gen.ErrorCodeMETHODNOTALLOWED
		}
		if res.StatusCode != tt.status || e.ErrorCode != code || res.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d %s, Allow %q", tt.method, tt.path, res.StatusCode, e.ErrorCode, res.Header.Get("Allow"))
		}
		if e.RequestID == nil || *e.RequestID != res.Header.Get("X-Request-Id") || e.Timestamp.IsZero() {
			t.Errorf("%s %s: %+v", tt.method, tt.path, e)
		}
	}
}

func TestRequestIDAndHeaders(t *testing.T) {
	ts := bare(t, nil)
	for own, kept := range map[string]bool{"my-request-0001": true, "bad id with spaces": false, "": false} {
		req, _ := http.NewRequest("GET", ts.URL+"/v1/openapi.json", nil)
		req.Header.Set("X-Request-Id", own)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		got := res.Header.Get("X-Request-Id")
		if (got == own) != kept || len(got) < 8 {
			t.Errorf("%q became %q", own, got)
		}
		if res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Error("the type of an answer may be guessed")
		}
	}
}

// Other doors get the same frame, and answer panics in their own words.
func TestAroundAnotherDoor(t *testing.T) {
	var log bytes.Buffer
	h := Around(slog.New(slog.NewTextHandler(&log, nil)), func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "own words", http.StatusInternalServerError)
	}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("why") }))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/api/image?api_key=hidden", nil))
	id := w.Header().Get("X-Request-Id")
	if w.Code != 500 || w.Body.String() != "own words\n" || id == "" {
		t.Errorf("%d %q, id %q", w.Code, w.Body, id)
	}
	for _, part := range []string{"panic", "why", "path=/api/image", "status=500", id} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log has no %q:\n%s", part, log.String())
		}
	}
	if strings.Contains(log.String(), "hidden") {
		t.Error("the log holds the query")
	}
}
