package sealing_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/quota"
	"github.com/certana/certana/internal/sealing"
)

const tooMany = `{"error": "Too many requests. Please retry later"}`

// limited is a handler with limits, behind a proxy that it trusts.
func (f *fixture) limited(change func(*quota.Config)) http.Handler {
	f.t.Helper()
	c := quota.DefaultConfig()
	c.TrustedProxies = []string{"192.0.2.0/24"} // httptest's own address
	change(&c)
	limits, err := quota.New(c, f.db, nil)
	must(f.t, err)
	return sealing.NewHandler(sealing.Deps{Config: sealing.DefaultConfig(), Account: f.accounts, Rows: f.db, Store: f.store,
		Limits: limits, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

func answers(t *testing.T, what string, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if w.Code != status || (body != "" && w.Body.String() != body) {
		t.Errorf("%s: %d %s, want %d %s", what, w.Code, w.Body, status, body)
	}
	after, err := strconv.Atoi(w.Header().Get("Retry-After"))
	if (status == 429) != (err == nil && after >= 1 && after <= 3600) {
		t.Errorf("%s: %d with Retry-After %q", what, status, w.Header().Get("Retry-After"))
	}
}

// Who has missed too often is not told of the numbers that are there either;
// another key from another address is.
func TestGuessingSerials(t *testing.T) {
	f := setup(t, "mem://")
	f.put("a.jpg", []byte("jpeg"))
	f.seal(f.org, "SN1", "a.jpg")
	key, other := f.key(f.org, nil, "sealing"), f.key(f.org, nil, "read")
	h := f.limited(func(c *quota.Config) { c.SerialMisses, c.SerialMissesPerKey = 5, 3 })
	ask := func(serial, key, from string) *httptest.ResponseRecorder {
		return get(h, "/api/image?serial_number="+serial+"&api_key="+key, "X-Forwarded-For", from)
	}
	const a, b = "198.51.100.1", "198.51.100.2"
	for range 10 { // those that are there cost nothing
		answers(t, "there", ask("SN1", key, a), 200, "")
	}
	answers(t, "no number", get(h, "/api/image?api_key="+key, "X-Forwarded-For", a), 400, noSerial)
	for i := range 3 {
		answers(t, fmt.Sprint("miss ", i), ask(fmt.Sprint("X", i), key, a), 404, noRow)
	}
	answers(t, "a fourth", ask("X4", key, a), 429, tooMany)
	answers(t, "one that is there", ask("SN1", key, a), 429, tooMany)
	answers(t, "elsewhere", ask("SN1", key, b), 429, tooMany)
	answers(t, "another key", ask("SN1", other, a), 200, "")
	for i := range 2 {
		answers(t, fmt.Sprint("miss ", i), ask("X", other, a), 404, "")
	}
	answers(t, "the address's sixth", ask("SN1", other, a), 429, tooMany)
	answers(t, "from another address", ask("SN1", other, b), 200, "")
	answers(t, "a random one", get(h, "/api/image-random?api_key="+key, "X-Forwarded-For", a), 200, "jpeg")
}

// Keys that nobody has are told less after a while; those that somebody has, work
// or are refused as printed, wherever they come from.
func TestGuessingKeys(t *testing.T) {
	f := setup(t, "mem://")
	f.put("a.jpg", []byte("jpeg"))
	f.seal(f.org, "SN1", "a.jpg")
	key, ended := f.key(f.org, nil, "sealing"), f.key(f.org, nil, "sealing")
	p, err := f.accounts.ValidateAPIKey(t.Context(), ended)
	must(t, err)
	must(t, f.accounts.RevokeOperatorKey(t.Context(), f.org, asset.ID(p.ID)))
	h := f.limited(func(c *quota.Config) { c.KeyFailures = 4 })
	ask := func(key string) *httptest.ResponseRecorder {
		return get(h, "/api/image?serial_number=SN1", "X-API-Key", key)
	}
	for i := range 20 {
		answers(t, "a revoked key", ask(ended), 401, noAccess)
		answers(t, "no key", ask(""), 401, noAccess)
		want := 401
		if i >= 4 {
			want = 429
		}
		answers(t, fmt.Sprint("guess ", i), ask("cert_pk_guess"), want, "")
		answers(t, "a key that works", ask(key), 200, "")
	}
}
