package main

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/certana/certana/internal/app"
	"github.com/certana/certana/internal/ledger"
)

// server is a store and the deployment that is opened on it to serve.
type server struct {
	*store
	*app.App
}

// newServer opens the deployment. Nothing runs yet; Start does that.
func newServer(ctx context.Context, s *store) (*server, error) {
	a, err := app.Open(ctx, s.options())
	if errors.Is(err, app.ErrOtherLog) {
		err = inputError(err)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return &server{s, a}, nil
}

// options are the settings, in the terms of the rooms.
func (s *store) options() app.Options {
	return app.Options{
		Data: s.cfg.Data, Blobs: s.cfg.Blobs, Origin: s.logOrigin(), Rows: s.rows, Vault: s.vault,
		Pipeline: s.cfg.Pipeline, Tracks: s.cfg.Tracks, Webhooks: s.cfg.Webhooks, Mail: s.mail, Logger: s.logger,
	}
}

// logOrigin names a new log after the public address, where there is one.
func (s *store) logOrigin() string {
	u, err := url.Parse(s.cfg.BaseURL)
	if err != nil || s.cfg.Source("base_url") == "derived" {
		return ledger.DefaultOrigin
	}
	return strings.TrimSuffix(u.Host+u.Path, "/") + "/log"
}

// close ends the deployment and then its store.
func (a *server) close(ctx context.Context) error {
	return errors.Join(a.App.Close(ctx), a.store.close())
}

// closeWithin is how long an orderly end may take.
const closeWithin = 15 * time.Second
