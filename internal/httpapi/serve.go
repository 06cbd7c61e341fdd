package httpapi

import (
	"log/slog"
	"net/http"
	"time"
)

// NewServer is an HTTP server with limits for the open internet. A request's
// head must come within 10 s and be no more than 64 KiB; its body may take ten
// minutes, which is 25 MiB at 44 KiB/s; an answer may take half an hour, for a
// batch of a hundred pictures is long work.
func NewServer(addr string, h http.Handler, log *slog.Logger) *http.Server {
	if log == nil {
		log = slog.Default()
	}
	return &http.Server{
		Addr:              addr,
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       10 * time.Minute,
		WriteTimeout:      30 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
