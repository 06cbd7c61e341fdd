package issuer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Tokens that anybody can forge make the verifier look for new keys; so often it
// does at most, and a failure is remembered as long.
const fetchEvery = 10 * time.Second

// maxDocument bounds what an issuer publishes, in bytes.
const maxDocument = 1 << 20

// newClient fetches metadata and keys: without redirects, each address at most
// every ten seconds.
func newClient(now func() time.Time) *http.Client {
	return &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &sparing{now: now, next: http.DefaultTransport, seen: map[string]*fetched{}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("an issuer's documents do not redirect") },
	}
}

// sparing answers from memory what it was asked a moment ago.
type sparing struct {
	now  func() time.Time
	next http.RoundTripper

	mu   sync.Mutex
	seen map[string]*fetched // by URL, of which configured issuers have two each
}

type fetched struct {
	at     time.Time
	status int
	header http.Header
	body   []byte
	err    error
}

// RoundTrip implements http.RoundTripper. Several at a time wait for one fetch.
func (s *sparing) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.seen[r.URL.String()]
	if age := time.Duration(0); known != nil {
		if age = s.now().Sub(known.at); age >= 0 && age < fetchEvery {
			return known.answer(r)
		}
	}
	known = s.fetch(r)
	s.seen[r.URL.String()] = known
	return known.answer(r)
}

func (s *sparing) fetch(r *http.Request) *fetched {
	f := &fetched{at: s.now()}
	res, err := s.next.RoundTrip(r)
	if err != nil {
		f.err = err
		return f
	}
	defer res.Body.Close()
	f.status, f.header = res.StatusCode, res.Header
	if f.body, f.err = io.ReadAll(io.LimitReader(res.Body, maxDocument+1)); len(f.body) > maxDocument {
		f.err = fmt.Errorf("%s is longer than %d bytes", r.URL, maxDocument)
	}
	return f
}

func (f *fetched) answer(r *http.Request) (*http.Response, error) {
	if f.err != nil {
		return nil, f.err
	}
	return &http.Response{StatusCode: f.status, Status: fmt.Sprintf("%d %s", f.status, http.StatusText(f.status)), Header: f.header.Clone(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(f.body)), Body: io.NopCloser(bytes.NewReader(f.body))}, nil
}
