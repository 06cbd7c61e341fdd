package httpapi_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/certana/certana/internal/httpapi"
	"github.com/certana/certana/internal/quota"
)

// Messages that are asked for are few a minute, of each webhook, and repeated
// deliveries count with the tests.
func TestWebhookTestLimit(t *testing.T) {
	c := quota.DefaultConfig()
	c.WebhookTests = 2
	w := newWorld(t, limited(t, c))
	token := w.register(t, "user@example.com")
	var id [2]string
	for i := range id {
		id[i] = w.want(t, 201, call{method: "POST", path: "/v1/webhooks/", token: token,
			json: map[string]any{"url": "https://hooks.example.com/x", "events": []string{"asset.processed"}}})["id"].(string)
	}
	test := func(i int) call { return call{method: "POST", path: "/v1/webhooks/" + id[i] + "/test", token: token} }
	delivery := w.want(t, 202, test(0))["id"].(string)
	again := call{method: "POST", path: "/v1/webhooks/" + id[0] + "/deliveries/" + delivery + "/redeliver", token: token}
	w.want(t, 202, again)
	w.refused(t, 429, "RATE_LIMITED", test(0))
	w.refused(t, 429, "RATE_LIMITED", again)
	w.want(t, 202, test(1))
	other := w.register(t, "other@example.com")
	for range 2 {
		w.refused(t, 404, "NOT_FOUND", call{method: "POST", path: test(1).path, token: other})
	}
	w.want(t, 202, test(1)) // whom a stranger's tries do not concern
}

// A path is as long in the access log as ours are, and no longer.
func TestLoggedPath(t *testing.T) {
	var log bytes.Buffer
	h := httpapi.Around(slog.New(slog.NewJSONHandler(&log, nil)), func(http.ResponseWriter, *http.Request) {},
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	for _, c := range []struct{ path, logged string }{
		{"/" + strings.Repeat("x", 511), "/" + strings.Repeat("x", 511)},
		{"/" + strings.Repeat("x", 512), "/" + strings.Repeat("x", 511) + "…"},
		{"/" + strings.Repeat("é", 400), "/" + strings.Repeat("é", 255) + "…"},
	} {
		log.Reset()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path = c.path
		h.ServeHTTP(httptest.NewRecorder(), r)
		if !strings.Contains(log.String(), `"path":"`+c.logged+`"`) {
			t.Errorf("%.20s…: %s", c.path, log.String())
		}
	}
}
