package oauth_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/net/html"
	"golang.org/x/oauth2"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/quota"
)

// code is what an authenticator shows (RFC 6238).
func code(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	must(t, err)
	h := hmac.New(sha1.New, key)
	binary.Write(h, binary.BigEndian, uint64(at.Unix()/30))
	sum := h.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1000000)
}

// secondFactor switches one on; it answers the secret and the recovery codes.
func (w *world) secondFactor(p account.Principal) (secret string, recovery []string) {
	w.t.Helper()
	begun, err := w.BeginTOTP(w.t.Context(), p, password)
	must(w.t, err)
	recovery, err = w.ConfirmTOTP(w.t.Context(), p, code(w.t, begun.Secret, w.now()))
	must(w.t, err)
	w.later(time.Minute) // the code is used up
	return begun.Secret, recovery
}

// A second factor is asked for on a page of its own, and half a login is worth
// nothing.
func TestSecondFactor(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	secret, recovery := w.secondFactor(u)
	_, config := w.client(u, account.ConfidentialClient, "read")
	verifier := oauth2.GenerateVerifier()
	address := w.request(config, verifier)
	b := w.browser()
	v := b.submit(b.open(address), "email", "john@example.com", "password", password)
	if !v.fields.Has("code") || v.fields.Has("password") {
		t.Fatalf("%d %s", v.status, v.body)
	}
	for _, path := range []string{"/oauth2/authorize", "/oauth2/consent"} { // around it
		if got := b.open(w.url + path + "?" + v.url.RawQuery); got.sent != nil || !got.fields.Has("code") {
			t.Errorf("%s with half a login: %d, sent to %v", path, got.status, got.sent)
		}
	}
	if got := b.submit(&view{action: strings.Replace(v.action, "login", "consent", 1), fields: v.fields}, "decision", "allow",
		"organization", u.OrganizationID.String()); got.sent != nil {
		t.Errorf("consent by half a login: %d, sent to %v", got.status, got.sent)
	}
	for _, wrong := range []string{"000000", "", "x", strings.Repeat("9", 100)} {
		if v = b.submit(v, "code", wrong); v.status/100 != 4 || !v.fields.Has("code") || !strings.Contains(v.body, `role="alert"`) {
			t.Fatalf("the code %q: %d %s", wrong, v.status, v.body)
		}
	}
	now := code(t, secret, w.now())
	consent := b.submit(v, "code", now)
	back := b.submit(consent, "decision", "allow").sent
	if back == nil {
		t.Fatalf("%d %s", consent.status, consent.body)
	}
	token, err := config.Exchange(t.Context(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
	must(t, err)
	provider, err := oidc.NewProvider(t.Context(), w.url)
	must(t, err)
	id, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(t.Context(), token.Extra("id_token").(string))
	must(t, err)
	var claims struct {
		Methods []string `json:"amr"`
	}
	must(t, id.Claims(&claims))
	if !slices.Contains(claims.Methods, "mfa") {
		t.Errorf("amr is %v", claims.Methods)
	}

	another := w.browser()
	v = another.submit(another.open(w.request(config, verifier)), "email", "john@example.com", "password", password)
	if v = another.submit(v, "code", now); v.status != http.StatusUnauthorized {
		t.Errorf("a code works twice: %d", v.status)
	}
	if v = another.submit(v, "code", recovery[0]); v.sent == nil || !v.sent.Query().Has("code") { // agreed to before
		t.Errorf("a recovery code: %d %s", v.status, v.body)
	}
	stale := w.browser()
	v = stale.submit(stale.open(w.request(config, verifier)), "email", "john@example.com", "password", password)
	w.later(11 * time.Minute)
	if v = stale.submit(v, "code", code(t, secret, w.now())); v.fields.Has("code") || !v.fields.Has("password") {
		t.Errorf("half a login after eleven minutes: %d %s", v.status, v.body)
	}
}

// When somebody is asked to log in, or to agree, and when not.
func TestPrompts(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read", "write")
	_, native := w.client(u, account.PublicClient, "read")
	verifier := oauth2.GenerateVerifier()
	b := w.browser()
	few := *config
	few.Scopes = []string{"openid", "offline_access", "read"}
	b.let(w.request(&few, verifier), "john@example.com")
	exchange := func(back *url.URL) {
		t.Helper()
		_, err := few.Exchange(t.Context(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
		must(t, err)
	}
	exchange(b.let(w.request(&few, verifier), "john@example.com"))
	what := func(v *view) string {
		switch {
		case v.sent != nil && v.sent.Query().Has("code"):
			return "code"
		case v.sent != nil:
			return v.sent.Query().Get("error")
		case v.fields.Has("password"):
			return "login"
		case strings.Contains(v.body, `name="decision"`):
			return "consent"
		}
		return v.body
	}
	for name, test := range map[string]struct {
		client *oauth2.Config
		change []string
		want   string
	}{
		"agreed before":               {&few, nil, "code"},
		"agreed before, silently":     {&few, []string{"prompt", "none"}, "code"},
		"more than was agreed to":     {config, nil, "consent"},
		"more, silently":              {config, []string{"prompt", "none"}, "consent_required"},
		"asked to ask":                {&few, []string{"prompt", "consent"}, "consent"},
		"asked to log in":             {&few, []string{"prompt", "login"}, "login"},
		"asked for another user":      {&few, []string{"prompt", "select_account"}, "login"},
		"a login not older than now":  {&few, []string{"max_age", "0"}, "login"},
		"silently, and not older":     {&few, []string{"prompt", "none", "max_age", "0"}, "login_required"},
		"a login not older than this": {&few, []string{"max_age", "3600"}, "code"},
		"public, agreed or not":       {native, nil, "consent"},
		"public, silently":            {native, []string{"prompt", "none"}, "consent_required"},
	} {
		t.Run(name, func(t *testing.T) {
			v := b.open(w.request(test.client, verifier, test.change...))
			if got := what(v); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
	t.Run("after logging in again", func(t *testing.T) {
		v := b.open(w.request(&few, verifier, "prompt", "login", "max_age", "0"))
		v = b.submit(v, "email", "john@example.com", "password", password)
		if got := what(v); got != "code" {
			t.Errorf("%s", got)
		}
	})
	t.Run("by form", func(t *testing.T) { // OpenID Connect Core, section 3.1.2.1
		address, _ := url.Parse(w.request(&few, verifier))
		if got := what(b.submit(&view{action: "/oauth2/authorize", fields: address.Query()})); got != "code" {
			t.Errorf("%s", got)
		}
	})
	t.Run("as another user", func(t *testing.T) {
		v := b.open(w.request(config, verifier))
		if v = b.submit(v, "decision", "other"); what(v) != "login" {
			t.Errorf("%s", what(v))
		}
	})
	t.Run("logged out", func(t *testing.T) {
		b.let(w.request(config, verifier), "john@example.com")
		v := b.submit(b.open(w.url + "/oauth2/logout"))
		if v.status != 200 || what(b.open(w.request(&few, verifier))) != "login" {
			t.Errorf("%d %s", v.status, v.body)
		}
	})
	t.Run("eight hours later", func(t *testing.T) {
		b.let(w.request(config, verifier), "john@example.com")
		w.later(8*time.Hour + time.Second)
		if got := what(b.open(w.request(&few, verifier))); got != "login" {
			t.Errorf("%s", got)
		}
	})
}

// A wrong password says nothing of whether the address is known, and cannot be
// guessed for long; neither can a client's secret.
func TestGuessing(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read")
	b := w.browser()
	v := b.open(w.request(config, oauth2.GenerateVerifier()))
	known := b.submit(v, "email", "john@example.com", "password", "wrong password")
	unknown := b.submit(v, "email", "jane@example.com", "password", "wrong password")
	if known.status != 401 || strings.ReplaceAll(known.body, "john@", "jane@") != unknown.body {
		t.Errorf("they differ:\n%s\n%s", known.body, unknown.body)
	}
	if known.header.Get("Set-Cookie") != "" {
		t.Error("a failed login sets a cookie")
	}
	tries := 0
	for ; tries < 200 && v.status != http.StatusTooManyRequests; tries++ {
		v = b.submit(v, "email", "john@example.com", "password", fmt.Sprint("wrong ", tries))
	}
	seconds, err := strconv.Atoi(v.header.Get("Retry-After"))
	if v.status != http.StatusTooManyRequests || err != nil || seconds <= 60 || tries > 20 {
		t.Errorf("after %d wrong passwords: %d, Retry-After %q", tries, v.status, v.header.Get("Retry-After"))
	}
	if v = b.submit(v, "email", "john@example.com", "password", password); v.status != http.StatusTooManyRequests {
		t.Errorf("the right one then: %d", v.status)
	}
	wrong := *config
	wrong.ClientSecret = "cert_cs_wrong"
	status := 0
	for tries = 0; tries < 2000 && status != http.StatusTooManyRequests; tries++ {
		status, _ = w.post("/oauth2/token", &wrong, url.Values{"grant_type": {"client_credentials"}})
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("after %d wrong secrets: %d", tries, status)
	}
}

// Codes cannot be guessed either, whatever the door, and the answer tells when there
// are tries again.
func TestGuessingCodes(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	secret, _ := w.secondFactor(u)
	_, config := w.client(u, account.ConfidentialClient, "read")
	half := func() (*browser, *view) {
		b := w.browser()
		return b, b.submit(b.open(w.request(config, oauth2.GenerateVerifier())), "email", "john@example.com", "password", password)
	}
	b, v := half()
	if got := b.submit(v, "code", code(t, secret, w.now())); got.status != http.StatusOK {
		t.Fatalf("the right one: %d", got.status)
	}
	w.later(time.Minute)                                           // it is used up
	limits, err := quota.New(quota.DefaultConfig(), w.rows, w.now) // another process, where somebody else's login asks
	must(t, err)
	for range 2 {
		_, err = limits.Attempt(t.Context(), quota.TOTP, netip.MustParseAddr("192.0.2.7"), u.UserID.String())
		must(t, err)
	}
	b, v = half()
	for i := range 3 {
		if i == 2 {
			b, v = half() // another browser has no tries of its own
		}
		if v = b.submit(v, "code", fmt.Sprintf("00000%d", i)); v.status != http.StatusUnauthorized {
			t.Fatalf("the wrong code %d: %d", i+1, v.status)
		}
	}
	now := code(t, secret, w.now())
	v = b.submit(v, "code", now)
	seconds, err := strconv.Atoi(v.header.Get("Retry-After"))
	if v.status != http.StatusTooManyRequests || err != nil || seconds <= 60 || seconds > 15*60 || !v.fields.Has("code") {
		t.Fatalf("the right one then: %d, Retry-After %q", v.status, v.header.Get("Retry-After"))
	}
	w.later(time.Duration(seconds) * time.Second)
	b, v = half()
	if v = b.submit(v, "code", code(t, secret, w.now())); v.status != http.StatusOK {
		t.Errorf("after Retry-After: %d", v.status)
	}
}

// Cookies cannot be read by scripts, planted by neighbours or sent along by other
// sites' forms.
func TestCookies(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read")
	for _, base := range []string{"http://localhost:8000", "https://certana.example/app"} {
		w.config.Issuer = base
		h := w.handler()
		form := &view{fields: url.Values{}}
		jar := map[string]string{}
		ask := func(method, target, body string) *http.Response {
			r, err := http.NewRequest(method, target, strings.NewReader(body))
			must(t, err)
			if method == http.MethodPost {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			for name, value := range jar {
				r.AddCookie(&http.Cookie{Name: name, Value: value})
			}
			r.RemoteAddr = "192.0.2.1:1234"
			res := serve(h, r)
			for _, c := range res.Cookies() {
				jar[c.Name] = c.Value
				secure := strings.HasPrefix(base, "https")
				if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != secure ||
					strings.HasPrefix(c.Name, "__Host-") != secure {
					t.Errorf("%s: %+v", base, c)
				}
			}
			return res
		}
		query := strings.SplitN(w.request(config, oauth2.GenerateVerifier()), "?", 2)[1]
		res := ask(http.MethodGet, "/oauth2/login?"+query, "")
		form.body = read(t, res)
		form.read(t)
		if root := strings.TrimSuffix(strings.TrimPrefix(base, "https://certana.example"), "http://localhost:8000"); strings.HasPrefix(base, "https") &&
			!strings.HasPrefix(form.action, root+"/oauth2/login?") {
			t.Errorf("%s: the form goes to %s", base, form.action)
		}
		form.fields.Set("email", "john@example.com")
		form.fields.Set("password", password)
		before := len(jar)
		res = ask(http.MethodPost, "/oauth2/login?"+query, form.fields.Encode())
		if res.StatusCode != http.StatusSeeOther || len(jar) != before+1 {
			t.Errorf("%s: %d %v", base, res.StatusCode, jar)
		}
	}
}

// The pages can be used without sight, mouse or script: each field has a label,
// each page a language, a title and one heading, and a problem is announced.
func TestAccessible(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read")
	b := w.browser()
	login := b.open(w.request(config, oauth2.GenerateVerifier(), "login_hint", "john@example.com"))
	wrong := b.submit(login, "password", "wrong")
	consent := b.submit(wrong, "password", password)
	lost := b.open(w.url + "/oauth2/authorize")
	for name, v := range map[string]*view{"login": login, "wrong": wrong, "consent": consent, "logout": b.open(w.url + "/oauth2/logout"), "lost": lost} {
		root, err := html.Parse(strings.NewReader(v.body))
		must(t, err)
		count, ids, labels := map[string]int{}, map[string]bool{}, map[string]bool{}
		var fields, described []string
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			count[n.Data]++
			attr := map[string]string{}
			for _, a := range n.Attr {
				attr[a.Key] = a.Val
			}
			if attr["id"] != "" {
				if ids[attr["id"]] {
					t.Errorf("%s: two elements are %s", name, attr["id"])
				}
				ids[attr["id"]] = true
			}
			described = append(described, strings.Fields(attr["aria-describedby"])...)
			switch {
			case n.Data == "html" && attr["lang"] == "":
				t.Errorf("%s has no language", name)
			case n.Data == "label":
				labels[attr["for"]] = true
			case (n.Data == "input" && attr["type"] != "hidden") || n.Data == "select":
				fields = append(fields, attr["id"])
			case n.Data == "button" && attr["type"] == "":
				t.Errorf("%s: a button without a type", name)
			}
		}
		for _, id := range fields {
			if !labels[id] {
				t.Errorf("%s: the field %q has no label", name, id)
			}
		}
		for _, id := range described {
			if !ids[id] {
				t.Errorf("%s: nothing is %q", name, id)
			}
		}
		if count["title"] != 1 || count["h1"] != 1 || count["main"] != 1 {
			t.Errorf("%s: %v", name, count)
		}
	}
	if login.fields.Get("email") != "john@example.com" {
		t.Error("the hint is not used")
	}
	if !strings.Contains(wrong.body, `role="alert"`) || !strings.Contains(wrong.body, "<title>Error: ") || strings.Contains(wrong.body, "value=\"wrong\"") {
		t.Errorf("%s", wrong.body)
	}
}
