package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// What is read of an answer, in bytes: of its body for the log, and of its
// headers at all.
const (
	maxAnswer        = 4 << 10
	maxAnswerHeaders = 32 << 10
)

// sender makes one request at a time of many, to addresses that it does not
// trust.
type sender struct {
	client  *http.Client
	dialer  *net.Dialer
	tls     *tls.Config
	timeout time.Duration
}

func newSender(c Config) *sender {
	d := &net.Dialer{Timeout: c.Timeout}
	if !c.AllowPrivate {
		d.Control = guard{own: net.InterfaceAddrs}.control
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	return &sender{dialer: d, tls: t, timeout: c.Timeout, client: &http.Client{
		// A redirect would lead to an address that nobody registered.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would dial unguarded
			DialContext:            d.DialContext,
			TLSClientConfig:        t,
			TLSHandshakeTimeout:    c.Timeout,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxAnswerHeaders,
			MaxIdleConns:           64,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        30 * time.Second,
		},
	}}
}

// answer is what came of one request.
type answer struct {
	status int    // 0 without an answer
	body   string // its beginning
	err    string // why there is no answer; safe to show
	cause  error
}

// send POSTs once. It always answers; whether ctx ended is the caller's to ask.
func (s *sender) send(ctx context.Context, url string, headers map[string]string, body []byte) answer {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return answer{err: "the URL cannot be used", cause: err}
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{err: s.explain(err), cause: err}
	}
	defer resp.Body.Close()
	// The status is the answer. A body that breaks off changes nothing about it.
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return answer{status: resp.StatusCode, body: strings.ToValidUTF8(string(text), "\uFFFD")}
}

// explain puts a failure into words that help the receiver's author and tell
// nothing of this side's network: not what a name led to, not even whether a
// name without public address exists.
func (s *sender) explain(err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var slow net.Error
	switch {
	case errors.Is(err, errNotPublic), errors.As(err, &name) && name.IsNotFound:
		return errNotPublic.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "no answer within " + s.timeout.String()
	case errors.As(err, &name):
		return "the host's name could not be looked up"
	case errors.As(err, &certificate):
		return "the certificate is not valid: " + strings.TrimPrefix(certificate.Err.Error(), "x509: ")
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "the server does not speak TLS"
	case errors.As(err, &alert):
		return "the server ended the TLS handshake"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed without an answer"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "the host cannot be reached"
	}
	return "the request failed"
}
