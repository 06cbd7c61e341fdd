package oauth_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/oauth2"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/oauth"
)

// safe is a buffer that several write to.
type safe struct {
	mu sync.Mutex
	bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.Write(p)
}

// What lets somebody in is written down nowhere: not in the database, which keeps
// hashes, nor in the log, whatever fails.
func TestSecretsStaySecret(t *testing.T) {
	var log safe
	w := newWorld(t)
	if w.rows.Kind() != db.SQLite {
		t.Skip("searches the file of an SQLite database; PostgreSQL has none here")
	}
	door, err := oauth.New(oauth.Deps{Accounts: w.Service, BaseURL: w.url, Log: slog.New(slog.NewJSONHandler(&log, nil))})
	must(t, err)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read")
	verifier := oauth2.GenerateVerifier()
	b := w.browser()
	code := b.let(w.request(config, verifier), "john@example.com").Query().Get("code")
	token, err := config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	must(t, err)
	secrets := map[string]string{"client secret": config.ClientSecret, "code": code, "verifier": verifier,
		"access token": token.AccessToken, "refresh token": token.RefreshToken, "ID token": token.Extra("id_token").(string), "password": password}
	at, err := url.Parse(w.url)
	must(t, err)
	for _, c := range b.Jar.Cookies(at) {
		secrets["cookie "+c.Name] = c.Value
	}

	must(t, w.rows.Close()) // everything fails from now on
	for _, form := range []url.Values{
		{"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier}, "redirect_uri": {callback}},
		{"grant_type": {"refresh_token"}, "refresh_token": {token.RefreshToken}},
		{"grant_type": {"client_credentials"}},
	} {
		r, err := http.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader(form.Encode()))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(config.ClientID, config.ClientSecret)
		res := serve(door, r)
		if body := read(t, res); res.StatusCode != http.StatusInternalServerError || !strings.Contains(body, "server_error") || strings.Contains(body, "sql") {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	}
	r, err := http.NewRequest(http.MethodGet, w.request(config, verifier), nil)
	must(t, err)
	if res := serve(door, r); res.StatusCode != http.StatusInternalServerError {
		t.Errorf("%d", res.StatusCode)
	}
	if log.Len() == 0 {
		t.Error("our own failures are not in the log")
	}
	files, err := filepath.Glob(filepath.Join(w.dir, "*"))
	must(t, err)
	stored := []byte{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		must(t, err)
		stored = append(stored, text...)
	}
	if !bytes.Contains(stored, []byte(config.ClientID)) {
		t.Fatal("this is not the database")
	}
	for name, secret := range secrets {
		if len(secret) < 16 {
			t.Errorf("%s: %q", name, secret)
		}
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log", name)
		}
		if bytes.Contains(stored, []byte(secret)) {
			t.Errorf("%s is in the database", name)
		}
	}
}

// FuzzAuthorize asks with anything: nobody is sent anywhere but to the client's
// own address, and nothing breaks.
func FuzzAuthorize(f *testing.F) {
	for _, seed := range []string{"", "client_id=CLIENT", "client_id=CLIENT&redirect_uri=https%3A%2F%2Fclient.example%2Fdone",
		"client_id=CLIENT&redirect_uri=https%3A%2F%2Fclient.example%2Fdone&response_type=code&scope=read&state=%0d%0aX:1",
		"client_id=CLIENT&redirect_uri=https%3A%2F%2Fclient.example%2Fdone%40evil.example", "client_id=CLIENT&client_id=x", "%zz", "client_id=%00", ";", "&&=",
		"client_id=CLIENT&redirect_uri=https%3A%2F%2Fclient.example%2Fdone&prompt=none&max_age=99999999999999999999"} {
		f.Add(seed)
	}
	w := newWorld(f)
	c, _ := w.client(w.user("john@example.com"), account.ConfidentialClient, "read")
	h := w.handler()
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/oauth2/authorize", nil)
		r.URL.RawQuery = strings.ReplaceAll(query, "CLIENT", c.ID.String())
		res := serve(h, r)
		at := res.Header.Get("Location")
		switch {
		case res.StatusCode == http.StatusSeeOther && (strings.HasPrefix(at, callback+"?") || strings.HasPrefix(at, "/oauth2/login?")):
			if strings.ContainsAny(at, "\r\n") || strings.Contains(at, "code=cert_ac_") {
				t.Errorf("%q: sent to %q", query, at)
			}
		case res.StatusCode == http.StatusBadRequest && at == "":
		default:
			t.Errorf("%q: %d, sent to %q", query, res.StatusCode, at)
		}
	})
}
