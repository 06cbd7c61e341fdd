package httpapi

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/certana/certana/internal/asset"
)

// Around puts around a door what every door has: request id, common headers,
// access log, and an answer where its code panicked. That answer is failed's to
// write, in the door's own words; its status is 500. A door may replace the
// headers.
func Around(log *slog.Logger, failed http.HandlerFunc, next http.Handler) http.Handler {
	if log == nil {
		log = slog.Default()
	}
	return withExchange(log, withRecovery(log, failed, next))
}

// withExchange is the outermost middleware: it gives the request its id, the
// answer its common headers, and writes the access log.
func withExchange(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		x, r := newExchange(w, r)
		h := x.Header()
		h.Set("X-Request-Id", x.id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(x, r)
		level := slog.LevelInfo
		if r.URL.Path == "/healthz" {
			level = slog.LevelDebug
		}
		log.Log(r.Context(), level, "request", "method", r.Method, "path", logged(r.URL.Path), "status", x.status,
			"bytes", x.sent, "ms", time.Since(start).Milliseconds(), "remote", remoteHost(r), "request_id", x.id)
	})
}

// loggedPath is how much of a path the access log tells, in bytes; none of ours is as
// long, and a header may be a mebibyte.
const loggedPath = 512

func logged(path string) string {
	if len(path) <= loggedPath {
		return path
	}
	return strings.ToValidUTF8(path[:loggedPath], "") + "…"
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// withRecovery turns a panic into a 500, or breaks the connection when the
// answer has begun: half an answer must not look like a whole one.
func withRecovery(log *slog.Logger, failed http.HandlerFunc, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { // bare: net/http compares it so too
				panic(v)
			}
			log.ErrorContext(r.Context(), "panic", "value", fmt.Sprint(v), "stack", string(debug.Stack()),
				"request_id", exchangeOf(r.Context()).id)
			if exchangeOf(r.Context()).status != 0 {
				panic(http.ErrAbortHandler)
			}
			failed(w, r)
		}()
		next.ServeHTTP(w, r)
	})
}

// withOnePath makes a path with a trailing slash the same as the one without,
// and refuses paths that the mux would answer with a redirect.
func (s *server) withOnePath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		encoded := strings.HasSuffix(r.URL.Path, "/") && !strings.HasSuffix(r.URL.EscapedPath(), "/") // %2F is no separator
		if !plainPath(r.URL.Path) || encoded || r.Method == http.MethodConnect {
			s.fail(w, r, asset.Errorf(asset.NotFound, nil, "there is nothing at this address"))
			return
		}
		if len(r.URL.Path) > 1 && strings.HasSuffix(r.URL.Path, "/") {
			r2 := *r
			u := *r.URL
			u.Path = strings.TrimSuffix(u.Path, "/")
			u.RawPath = strings.TrimSuffix(u.RawPath, "/")
			r2.URL = &u
			r = &r2
		}
		next.ServeHTTP(w, r)
	})
}

// plainPath reports whether a path has no empty, "." or ".." segment.
func plainPath(path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	for _, segment := range strings.Split(strings.TrimSuffix(path[1:], "/"), "/") {
		if (segment == "" && path != "/") || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
