package httpapi

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/certana/certana/internal/quota"
)

// What is read of a refused request's body before the refusal is sent. A client
// that is still sending would otherwise meet a closed connection and never see
// why.
const (
	drainBytes = 64 << 20
	drainTime  = 10 * time.Second
)

// exchange is one request and its answer as the middlewares see it: the answer's
// writer, which knows what was sent, and the request's body, which knows how
// much of it was read.
type exchange struct {
	http.ResponseWriter
	id     string // request id
	body   *countedBody
	expect bool // the client waits for 100 Continue before it sends the body
	status int  // 0 until the header is written
	sent   int64
	limits []*quota.Grant // that govern this request

	who     *caller                // nil before withCaller, and where nobody is asked for
	again   func() (caller, error) // asks who once more; nil where there is no body to wait for
	request *http.Request          // nil before withRequest
}

// countedBody remembers whether the body was begun, whether it ended, and whether
// that was before its end.
type countedBody struct {
	io.ReadCloser
	begun, ended, broken bool
}

func (b *countedBody) Read(p []byte) (int, error) {
	b.begun = true
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.ended, b.broken = true, err != io.EOF
	}
	return n, err
}

// newExchange wraps both sides of a request; the returned request carries the
// exchange in its context.
func newExchange(w http.ResponseWriter, r *http.Request) (*exchange, *http.Request) {
	x := &exchange{
		ResponseWriter: w,
		id:             requestID(r.Header.Get("X-Request-Id")),
		expect:         strings.EqualFold(r.Header.Get("Expect"), "100-continue"),
	}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	if r.Body != nil && r.Body != http.NoBody {
		x.body = &countedBody{ReadCloser: r.Body}
		r.Body = x.body
	}
	return x, r
}

type exchangeKey struct{}

// exchangeOf finds the exchange of a request that came through the middlewares.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	if x == nil {
		return &exchange{}
	}
	return x
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// WriteHeader reads the rest of the body before it sends a refusal.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		if status >= 400 {
			x.drain()
		}
		if status >= 200 {
			x.status = status
		}
	}
	x.ResponseWriter.WriteHeader(status)
}

func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	n, err := x.ResponseWriter.Write(p)
	x.sent += int64(n)
	return n, err
}

// ReadFrom keeps the server's way of sending a file without copying it.
func (x *exchange) ReadFrom(r io.Reader) (int64, error) {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	n, err := io.Copy(x.ResponseWriter, r)
	x.sent += n
	return n, err
}

// drain reads what the client still sends, within bounds, unless it has not
// begun and waits to be told to.
func (x *exchange) drain() {
	if x.body != nil && x.body.broken { // nothing more will come in time; net/http would wait for it
		x.Header().Set("Connection", "close")
		return
	}
	if x.body == nil || x.body.ended || (x.expect && !x.body.begun) {
		return
	}
	ctl := http.NewResponseController(x.ResponseWriter)
	bounded := ctl.SetReadDeadline(time.Now().Add(drainTime)) == nil
	_, _ = io.CopyN(io.Discard, x.body, drainBytes)
	if !x.body.ended || x.body.broken { // the deadline stays, for net/http reads on
		x.Header().Set("Connection", "close")
	} else if bounded {
		_ = ctl.SetReadDeadline(time.Time{})
	}
}
