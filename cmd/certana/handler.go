package main

import (
	"net/http"

	"github.com/certana/certana/internal/httpapi"
	"github.com/certana/certana/internal/sealing"
)

// handler puts the doors side by side.
func (a *server) handler() (http.Handler, error) {
	api, err := httpapi.New(httpapi.Deps{
		Accounts: a.accounts, Rows: a.rows, Pipeline: a.Pipeline, Verifier: a.Verifier, Log: a.logger,
		UploadWait: a.cfg.Pipeline.Wait, CommitWait: a.cfg.Pipeline.CommitWait,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", api) // /v1, /healthz, /.well-known
	mux.Handle("/api/", sealing.NewHandler(sealing.Deps{
		Config: a.cfg.Sealing, Account: a.accounts, Rows: a.rows, Store: a.Blobs, Logger: a.logger,
	}))
	mux.Handle("/log/", http.StripPrefix("/log/", a.Log.Handler()))
	return mux, nil
}
