package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/bench"
	"github.com/certana/certana/internal/httpapi"
)

func newBenchHTTP(e *env) *cobra.Command {
	o := bench.HTTPOptions{Connections: 64, Runs: 5, Duration: 5 * time.Second}
	c := &cobra.Command{
		Use:   "http",
		Short: "Compare authenticated reads with a static answer of the same server, by wrk",
		Long: `Compare how often a server answers GET /v1/assets/{id}, asked with an API key
and with an access token, with how often it answers the same bytes from memory to
anybody. All limits are on. Needs wrk (Debian: apt-get install wrk). Uses a
deployment of its own in a temporary folder, or in the database of CERTANA_DB_URL.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.benchHTTP(c.Context(), o) },
	}
	c.Flags().IntVar(&o.Runs, "runs", o.Runs, "runs of each, of which the median counts")
	c.Flags().DurationVar(&o.Duration, "duration", o.Duration, "of a run")
	c.Flags().IntVar(&o.Connections, "connections", o.Connections, "at the same time")
	c.AddCommand(newBenchServe(e))
	return c
}

func (e *env) benchHTTP(ctx context.Context, o bench.HTTPOptions) (err error) {
	dir, err := os.MkdirTemp("", "certana-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := startBenchServer(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	asset, token, key, err := s.fill(ctx)
	if err != nil {
		return err
	}
	o.Targets = []bench.Target{
		{Name: "the same bytes, static", URL: s.url + staticPath},
		{Name: "GET /v1/assets/{id}, API key", URL: s.url + asset, Header: []string{"X-API-Key: " + key}},
		{Name: "GET /v1/assets/{id}, access token", URL: s.url + asset, Header: []string{"Authorization: Bearer " + token}},
	}
	o.Runs, o.Connections, o.Progress = max(o.Runs, 1), max(o.Connections, 1), e.progress("runs")
	out, err := bench.HTTP(ctx, o)
	if err != nil {
		return err
	}
	if e.json {
		return e.printJSON(map[string]any{"results": out})
	}
	return bench.WriteThroughput(e.out, out)
}

// staticPath is answered by the server of the benchmark alone, with staticFile of
// its data folder.
const (
	staticPath = "/static.json"
	staticFile = "static.json"
)

// newBenchServe is the server of the benchmark: serve, and one static answer in
// the frame that every door has.
func newBenchServe(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "serve", Hidden: true, Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return e.serveBehind(c.Context(), map[string]string{"addr": "127.0.0.1:0"}, withStatic)
		},
	}
}

func withStatic(a *server, next http.Handler) http.Handler {
	text := sync.OnceValues(func() ([]byte, error) { return os.ReadFile(filepath.Join(a.cfg.Data, staticFile)) })
	static := httpapi.Around(a.logger, logFailed, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := text()
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(b) // a client that left is no failure of ours
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == staticPath {
			static.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
