package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi/gen"
)

// rangeNotSatisfiable is HTTP's own 416: no other room can mean it.
const rangeNotSatisfiable asset.Code = "RANGE_NOT_SATISFIABLE"

// statusOf is the HTTP status of every error code. A code that is not here is a
// mistake of ours: 500.
var statusOf = map[asset.Code]int{
	asset.InvalidCredentials: http.StatusUnauthorized,
	asset.TokenExpired:       http.StatusUnauthorized,
	asset.InvalidAPIKey:      http.StatusUnauthorized,
	asset.QuotaExceeded:      http.StatusForbidden,
	asset.AssetNotFound:      http.StatusNotFound,
	asset.FileTooLarge:       http.StatusBadRequest,
	asset.InvalidFileType:    http.StatusBadRequest,
	asset.ProcessingFailed:   http.StatusInternalServerError,
	asset.BlockchainError:    http.StatusInternalServerError,
	asset.RateLimited:        http.StatusTooManyRequests,

	asset.SecondFactorRequired: http.StatusUnauthorized,

	asset.ValidationError:    http.StatusUnprocessableEntity,
	asset.Unauthorized:       http.StatusUnauthorized,
	asset.Forbidden:          http.StatusForbidden,
	asset.InsufficientScope:  http.StatusForbidden,
	asset.NotFound:           http.StatusNotFound,
	asset.MethodNotAllowed:   http.StatusMethodNotAllowed,
	asset.Conflict:           http.StatusConflict,
	asset.PayloadMalformed:   http.StatusBadRequest,
	asset.ServiceUnavailable: http.StatusServiceUnavailable,
	asset.Internal:           http.StatusInternalServerError,
	rangeNotSatisfiable:      http.StatusRequestedRangeNotSatisfiable,
}

// fail answers a request with an error, in the one shape that errors have, and
// logs what the caller does not see.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := asset.AsError(err)
	status, known := statusOf[e.Code]
	if !known {
		status = http.StatusInternalServerError
	}
	s.logFailure(r, e, status)
	h := w.Header()
	h.Del("Content-Length")
	h.Del("ETag")
	h.Del("Content-Disposition")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if status == http.StatusServiceUnavailable && h.Get("Retry-After") == "" {
		h.Set("Retry-After", "5")
	}
	if status == http.StatusTooManyRequests && h.Get("Retry-After") == "" {
		h.Set("Retry-After", exchangeOf(r.Context()).retryAfter())
	}
	writeJSON(w, status, errorBody(r.Context(), e))
}

func (s *server) logFailure(r *http.Request, e *asset.Error, status int) {
	level := slog.LevelDebug
	switch {
	case errors.Is(r.Context().Err(), context.Canceled): // nobody is left to read the answer
	case status >= 500:
		level = slog.LevelError
	}
	s.Log.Log(r.Context(), level, "request failed", "request_id", exchangeOf(r.Context()).id,
		"method", r.Method, "path", r.URL.Path, "error_code", string(e.Code), "detail", e.Detail, "cause", e.Cause)
}

func errorBody(ctx context.Context, e *asset.Error) gen.Error {
	body := gen.Error{Detail: e.Detail, ErrorCode: gen.ErrorCode(e.Code), Timestamp: now()}
	if id := exchangeOf(ctx).id; id != "" {
		body.RequestID = &id
	}
	for _, f := range e.Fields {
		body.Errors = append(body.Errors, gen.FieldError{Loc: place(f.Loc), Msg: f.Msg})
	}
	if id, err := uuid.Parse(e.AssetID); err == nil {
		body.AssetID = &id
	}
	return body
}

// place says where a field is. Rooms behind the door know bodies only, and name
// a field by its path in one.
func place(loc []string) []string {
	if len(loc) > 0 && slices.Contains([]string{"body", "query", "path", "header"}, loc[0]) {
		return loc
	}
	return append([]string{"body"}, loc...)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // only a value that cannot be JSON gets here, and none of ours is one
		http.Error(w, `{"detail":"the answer could not be written","error_code":"INTERNAL_ERROR"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

// now is the time as answers print it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
