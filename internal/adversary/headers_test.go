package adversary

import (
	"net/http"
	"strings"
	"testing"
)

// everyAddress is one address of each path, and those beside the OpenAPI document.
func everyAddress(t *testing.T) (all []operation) {
	for _, op := range operations(t) {
		op.path = parameter.ReplaceAllString(op.path, "0193c1f2-8e1b-7a3c-9d4e-000000000000")
		all = append(all, op)
	}
	for _, path := range []string{"/", "/nothing", "/v1/nothing", "/api/image", "/api/image-random", "/api/image?api_key=x", "/api/nothing", "/log/checkpoint", "/log/nothing"} {
		all = append(all, operation{"", "GET", path})
	}
	return all
}

// TestNoOtherOrigin: browsers are not let in from other sites, by any route but
// those of the public log, which anybody audits and which takes no credentials.
func TestNoOtherOrigin(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.newPerson(t, "user")
	for _, op := range everyAddress(t) {
		for _, origin := range []string{"https://evil.example", "null", "http://localhost", s.URL + ".evil.example"} {
			for _, h := range []http.Header{
				{"Origin": {origin}},
				{"Origin": {origin}, "Authorization": {"Bearer " + p.token}},
			} {
				if op.method != "GET" && h.Get("Authorization") != "" {
					continue
				}
				sameOrigin(t, op, s.do(t, call{method: op.method, path: op.path, header: h}))
			}
			preflight := s.do(t, call{method: "OPTIONS", path: op.path, header: http.Header{
				"Origin": {origin}, "Access-Control-Request-Method": {op.method}, "Access-Control-Request-Headers": {"authorization,x-api-key"}}})
			if preflight.status < 400 {
				t.Errorf("the preflight of %s is answered %v", op.route(), preflight)
			}
			sameOrigin(t, op, preflight)
		}
	}
}

func sameOrigin(t *testing.T, op operation, a answer) {
	t.Helper()
	for name := range a.header {
		public := strings.HasPrefix(op.path, "/log/") && name == "Access-Control-Allow-Origin" && a.header.Get(name) == "*"
		if strings.HasPrefix(name, "Access-Control-") && !public || strings.HasPrefix(name, "Timing-Allow") {
			t.Errorf("%s answers %s: %s", op.route(), name, a.header.Get(name))
		}
	}
}

// TestSecurityHeaders: on every answer, refusals included.
func TestSecurityHeaders(t *testing.T) {
	s := start(t)
	for _, op := range everyAddress(t) {
		a := s.do(t, call{method: op.method, path: op.path})
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", op.route(), name, got, want)
			}
		}
		policy := a.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: Content-Security-Policy %q has no %s", op.route(), policy, part)
			}
		}
		for _, name := range []string{"Server", "X-Powered-By", "Set-Cookie", "Via"} {
			if got := a.header.Get(name); got != "" {
				t.Errorf("%s: %s is %q", op.route(), name, got)
			}
		}
		if kind := a.header.Get("Content-Type"); kind == "" && len(a.body) > 0 {
			t.Errorf("%s: a body without Content-Type", op.route())
		}
		if keep := a.header.Get("Cache-Control"); a.status >= 400 && keep != "no-store" && keep != "private, no-cache" {
			t.Errorf("%s: a refusal may be given to others: %q", op.route(), keep)
		}
	}
}
