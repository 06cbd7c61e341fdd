package httpapi

import (
	"errors"
	"net/http"
	"sort"
	"strings"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi/gen"
)

// The routes are those of api/openapi.yaml: the generated code registers each
// with its operation id, and router puts the operation's middlewares around it.
//
//	every request     Around (withExchange → withRecovery) → withOnePath → router
//	every operation   withEnvelope → withOrigin → withCaller → withKeyLimit → withIdempotency
//	                  → withValidation → handler
//
// withKeyLimit stands after withCaller, which knows who asks, and before
// withIdempotency, so that a refusal is not kept.
func (s *server) routes() http.Handler {
	mux := &router{server: s, mux: http.NewServeMux()}
	gen.HandlerWithOptions(
		gen.NewStrictHandlerWithOptions(s, []gen.StrictMiddlewareFunc{withRequest}, gen.StrictHTTPServerOptions{
			RequestErrorHandlerFunc:  s.malformed,
			ResponseErrorHandlerFunc: s.finish,
		}),
		gen.StdHTTPServerOptions{BaseRouter: mux, ErrorHandlerFunc: s.malformed})
	mux.mux.HandleFunc("/", mux.unknown)
	return Around(s.Log, s.panicked, s.withOnePath(mux))
}

func (s *server) operation(op *operation, h http.Handler) http.Handler {
	return withEnvelope(op, s.withOrigin(s.withCaller(op, s.withKeyLimit(s.withIdempotency(op, s.withValidation(op, h))))))
}

// panicked answers where our code panicked; what happened is in the log.
func (s *server) panicked(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, errors.New("panic"))
}

// malformed answers what only the generated code noticed.
func (s *server) malformed(w http.ResponseWriter, r *http.Request, err error) {
	s.fail(w, r, asset.Errorf(asset.PayloadMalformed, err, "the request cannot be read"))
}

// router is the mux that the generated code registers its routes with.
type router struct {
	*server
	mux *http.ServeMux
}

// HandleFunc registers a route of the contract without its trailing slash, which
// the generator writes as /{$}.
func (m *router) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	pattern = trimSlash(strings.TrimSuffix(pattern, "{$}"))
	op := m.contract.byRoute[pattern]
	if op == nil {
		panic("httpapi: the generated code has a route that the contract has not: " + pattern)
	}
	m.mux.Handle(pattern, m.operation(op, http.HandlerFunc(h)))
}

// ServeHTTP also keeps /assets/search from being taken for an asset's id when
// the method is not one of its own.
func (m *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.contract.literals[r.URL.Path] {
		if _, pattern := m.mux.Handler(r); !strings.HasSuffix(pattern, " "+r.URL.Path) {
			m.unknown(w, r)
			return
		}
	}
	m.mux.ServeHTTP(w, r)
}

// unknown answers 405 for a resource that has other methods, 404 otherwise.
func (m *router) unknown(w http.ResponseWriter, r *http.Request) {
	allowed := m.methods(r)
	if len(allowed) == 0 {
		m.fail(w, r, asset.Errorf(asset.NotFound, nil, "there is nothing at this address"))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	m.fail(w, r, asset.Errorf(asset.MethodNotAllowed, nil, "this resource has no method %s", r.Method))
}

// methods lists what a path answers to.
func (m *router) methods(r *http.Request) (all []string) {
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		probe := r.Clone(r.Context())
		probe.Method = method
		_, pattern := m.mux.Handler(probe)
		if pattern == "/" || pattern == "" {
			continue
		}
		if m.contract.literals[r.URL.Path] && !strings.HasSuffix(pattern, " "+r.URL.Path) {
			continue
		}
		all = append(all, method)
	}
	sort.Strings(all)
	return all
}
