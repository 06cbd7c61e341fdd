package main

import "net/http"

// handler puts the doors side by side.
func (a *app) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.Handle("/log/", http.StripPrefix("/log/", a.log.Handler()))
	return mux
}

// healthz answers 200 when requests can be served: the database answers too.
func (a *app) healthz(w http.ResponseWriter, r *http.Request) {
	if err := a.rows.Ping(r.Context()); err != nil {
		a.logger.Error("the database does not answer", "error", err)
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}
