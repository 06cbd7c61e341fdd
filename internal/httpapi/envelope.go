package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/certana/certana/internal/httpapi/gen"
)

// withEnvelope wraps a successful JSON answer as {data, message, timestamp,
// request_id} when the query says envelope=true. The message is what the
// contract calls the answer. Errors keep their own shape.
func withEnvelope(op *operation, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "" || r.URL.Query().Get("envelope") != "true" {
			next.ServeHTTP(w, r)
			return
		}
		e := &enveloper{ResponseWriter: w}
		next.ServeHTTP(e, r)
		if !e.wraps {
			return
		}
		writeJSON(w, e.status, gen.Envelope{
			Data:      json.RawMessage(e.body.Bytes()),
			Message:   op.messages[e.status],
			Timestamp: now(),
			RequestID: exchangeOf(r.Context()).id,
		})
	})
}

// enveloper holds a JSON body back and lets everything else through.
type enveloper struct {
	http.ResponseWriter
	wraps  bool
	status int
	body   bytes.Buffer
}

func (e *enveloper) Unwrap() http.ResponseWriter { return e.ResponseWriter }

func (e *enveloper) WriteHeader(status int) {
	e.status = status
	e.wraps = status >= 200 && status < 300 && e.Header().Get("Content-Type") == "application/json"
	if !e.wraps {
		e.ResponseWriter.WriteHeader(status)
	}
}

func (e *enveloper) Write(p []byte) (int, error) {
	if e.status == 0 {
		e.WriteHeader(http.StatusOK)
	}
	if e.wraps {
		return e.body.Write(p)
	}
	return e.ResponseWriter.Write(p)
}
