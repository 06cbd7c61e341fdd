package main

import (
	"net/http"
	"strings"

	"github.com/certana/certana/internal/httpapi"
	"github.com/certana/certana/internal/oauth"
	"github.com/certana/certana/internal/quota"
	"github.com/certana/certana/internal/sealing"
)

// handler puts the doors side by side. /v1 brings its own frame; the others get
// the same one, and answer their own panics in their own words.
func (a *server) handler() (http.Handler, error) {
	limits, err := quota.New(a.cfg.Quotas, a.rows, nil)
	if err != nil {
		return nil, err
	}
	api, err := httpapi.New(httpapi.Deps{
		Accounts: a.accounts, Rows: a.rows, Pipeline: a.Pipeline, Verifier: a.Verifier, Webhooks: a.Hooks, Limits: limits, Log: a.logger,
		UploadWait: a.cfg.Pipeline.Wait, CommitWait: a.cfg.Pipeline.CommitWait,
	})
	if err != nil {
		return nil, err
	}
	images := sealing.NewHandler(sealing.Deps{
		Config: a.cfg.Sealing, Account: a.accounts, Rows: a.rows, Store: a.Blobs, Limits: limits, Logger: a.logger,
	})
	images = httpapi.Around(a.logger, sealingFailed, images)
	log := httpapi.Around(a.logger, logFailed, http.StripPrefix("/log/", a.Log.Handler()))
	grants, err := oauth.New(oauth.Deps{Accounts: a.accounts, Limits: limits, Log: a.logger, BaseURL: a.cfg.BaseURL})
	if err != nil {
		return nil, err
	}
	grants = httpapi.Around(a.logger, logFailed, grants)
	// Told apart by hand: a ServeMux would answer //v1/assets with a redirect.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/api/"):
			images.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/log/"):
			log.ServeHTTP(w, r)
		case oauth.Owns(r.URL.Path):
			grants.ServeHTTP(w, r)
		default: // /v1, /healthz, /.well-known
			api.ServeHTTP(w, r)
		}
	}), nil
}

func sealingFailed(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write([]byte(`{"error": "Internal server error"}`)) // a client that left is no failure of ours
}

func logFailed(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "internal server error", http.StatusInternalServerError)
}
