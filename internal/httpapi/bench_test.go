package httpapi_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/httpapi"
	"github.com/certana/certana/internal/quota"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/vault"
)

// nowhere keeps nothing of an answer but its status.
type nowhere struct {
	header http.Header
	status int
}

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(status int)      { n.status = status }

// BenchmarkGetAsset measures an authenticated read beside the same number of
// bytes in the same frame, without a network. What clients see of it is told by
// certana bench http.
func BenchmarkGetAsset(b *testing.B) {
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	d := apptest.Start(b)
	secrets, err := vault.LoadOrCreate(filepath.Join(d.Dir, "master.key"))
	must(err)
	c := account.DefaultConfig("http://localhost")
	c.Argon2 = account.Argon2{MemoryKiB: 8, Passes: 1, Lanes: 1}
	accounts, err := account.New(b.Context(), c, d.Rows, secrets, d.Keys)
	must(err)
	q := quota.DefaultConfig()
	q.KeyPerHour, q.KeyPerDay = 1e9, 1e9
	limits, err := quota.New(q, d.Rows, nil)
	must(err)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	h, err := httpapi.New(httpapi.Deps{Accounts: accounts, Rows: d.Rows, Pipeline: d.Pipeline, Verifier: d.Verifier,
		Webhooks: d.Hooks, Limits: limits, Log: log})
	must(err)
	who := account.Registration{Email: "bench@example.com", Password: "SecurePassword123!", FullName: "Bench"}
	_, err = accounts.Register(b.Context(), who)
	must(err)
	tokens, err := accounts.Login(b.Context(), account.SignIn{Email: who.Email, Password: who.Password})
	must(err)
	p, err := accounts.Authenticate(b.Context(), account.Credentials{Bearer: tokens.AccessToken})
	must(err)
	_, key, err := accounts.CreateAPIKey(b.Context(), p, account.NewAPIKey{Name: "bench", Scopes: []string{"read"}})
	must(err)
	a := d.Register(b, p.OrganizationID, apptest.JPEG(b, synth.Photo(320, 240, 1), 90))
	body := bytes.Repeat([]byte("x"), 900)
	static := httpapi.Around(log, nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
	for _, one := range []struct {
		name, header, value string
		http.Handler
	}{
		{"static", "Accept", "*/*", static},
		{"key", "X-API-Key", key, h},
		{"token", "Authorization", "Bearer " + tokens.AccessToken, h},
	} {
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest(http.MethodGet, "/v1/assets/"+a.ID.String(), nil)
			r.Header.Set(one.header, one.value)
			w := &nowhere{}
			for b.Loop() {
				w.header = http.Header{}
				one.ServeHTTP(w, r)
				if w.status != http.StatusOK {
					b.Fatal(w.status)
				}
			}
		})
	}
}
