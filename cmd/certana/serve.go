package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/config"
	"github.com/certana/certana/internal/httpapi"
)

func newServe(e *env) *cobra.Command {
	var addr string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the API",
		Long: `Serve the API until SIGTERM or an interrupt. With nothing configured it listens
on localhost:8000 and keeps everything in ./certana-data. Prints three lines: where
it listens, where the data lies, how to make a first account.

Several servers may share a data folder, each with an address of its own and all with
the same base_url: one appends to the log, and another takes over when it ends.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			flags := map[string]string{}
			if addr != "" {
				flags["addr"] = addr
			}
			return e.serve(c.Context(), flags)
		},
	}
	c.Flags().StringVar(&addr, "addr", "", "HOST:PORT to listen on (default localhost:8000); port 0 takes a free one")
	return c
}

func (e *env) serve(ctx context.Context, flags map[string]string) error {
	return e.serveBehind(ctx, flags, func(_ *server, h http.Handler) http.Handler { return h })
}

// serveBehind serves with something put before the doors.
func (e *env) serveBehind(ctx context.Context, flags map[string]string, before func(*server, http.Handler) http.Handler) error {
	boundMemory()
	cfg, ln, err := e.listen(ctx, flags)
	if err != nil {
		return err
	}
	defer ln.Close()
	s, err := e.openStore(ctx, cfg, true)
	if err != nil {
		return err
	}
	a, err := newServer(ctx, s)
	if err != nil {
		return err
	}
	if cfg.Mail.SMTPURL == "" {
		a.logger.InfoContext(ctx, "no mail.smtp_url is set: messages are written to this log, the tokens in them too; that is for development")
	}
	err = a.Start(ctx)
	if err == nil {
		err = e.answer(ctx, a, ln, before)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	return errors.Join(err, a.close(last))
}

// listen opens the port first of all: a server that cannot listen must not have
// touched anything, and the base URL of port 0 is known only then.
func (e *env) listen(ctx context.Context, flags map[string]string) (*config.Loaded, net.Listener, error) {
	cfg, err := e.load(flags)
	if err != nil {
		return nil, nil, err
	}
	host, port, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		return nil, nil, inputError(err)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, nil, err
	}
	if port == "0" {
		_, taken, err := net.SplitHostPort(ln.Addr().String())
		if err == nil {
			flags["addr"] = net.JoinHostPort(host, taken)
			cfg, err = config.Load(e.input(flags))
		}
		if err != nil {
			return nil, nil, errors.Join(err, ln.Close())
		}
	}
	return cfg, ln, nil
}

// answer serves until ctx ends, then lets requests under way finish.
func (e *env) answer(ctx context.Context, a *server, ln net.Listener, before func(*server, http.Handler) http.Handler) error {
	h, err := a.handler()
	if err != nil {
		return err
	}
	bound, err := a.cfg.Server.Bound(ln, a.cfg.Quotas.TrustedProxies)
	if err != nil {
		return err
	}
	server := httpapi.NewServer(ln.Addr().String(), before(a, h), a.logger)
	server.ReadHeaderTimeout = a.cfg.Server.HeaderTimeout
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(bound) }()
	if err := e.greet(a.cfg); err != nil {
		return errors.Join(err, server.Close())
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	err = server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // whoever still talks is cut off
	}
	return err
}

// greet prints the three lines.
func (e *env) greet(cfg *config.Loaded) error {
	data, err := filepath.Abs(cfg.Data)
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(cfg.Addr)
	host, _, _ := net.SplitHostPort(cfg.Addr)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	local := "http://" + net.JoinHostPort(host, port)
	if e.json {
		return e.printJSON(map[string]string{"listening": local, "base_url": cfg.BaseURL, "data": data})
	}
	_, err = fmt.Fprintf(e.out, `Listening on %s
Data in %s
First account: curl %s/v1/auth/register -H 'Content-Type: application/json' -d '{"email":"you@example.com","password":"…8 characters at least…","full_name":"You"}'
`, local, data, cfg.BaseURL)
	return err
}
