package oauth_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/certana/certana/internal/account"
)

// request is a good authorization request; changes are made to it.
func (w *world) request(c *oauth2.Config, verifier string, change ...string) string {
	w.t.Helper()
	u, err := url.Parse(c.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)))
	must(w.t, err)
	q := u.Query()
	for i := 0; i < len(change); i += 2 {
		if q.Del(change[i]); change[i+1] != "" {
			q.Set(change[i], change[i+1])
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// What is wrong with an authorization request is told to the client, but only at
// an address that is its own; else the browser goes nowhere.
func TestAuthorizationRequestsTamperedWith(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read")
	_, native := w.client(u, account.PublicClient, "read")
	b := w.browser()
	const here = "" // the user sees it, and is sent nowhere
	for name, test := range map[string]struct {
		client *oauth2.Config
		change []string
		want   string // error code
	}{
		"unknown client":            {config, []string{"client_id", "0190c5b0-0000-7000-8000-000000000000"}, here},
		"client id in upper case":   {config, []string{"client_id", strings.ToUpper(config.ClientID)}, here},
		"no client":                 {config, []string{"client_id", ""}, here},
		"no redirect URI":           {config, []string{"redirect_uri", ""}, here},
		"another site":              {config, []string{"redirect_uri", "https://evil.example/done"}, here},
		"a path below":              {config, []string{"redirect_uri", callback + "/../evil"}, here},
		"a longer path":             {config, []string{"redirect_uri", callback + "x"}, here},
		"a query":                   {config, []string{"redirect_uri", callback + "?x=1"}, here},
		"a fragment":                {config, []string{"redirect_uri", callback + "#x"}, here},
		"user info":                 {config, []string{"redirect_uri", "https://client.example@evil.example/done"}, here},
		"a longer host":             {config, []string{"redirect_uri", "https://client.example.evil.example/done"}, here},
		"upper case":                {config, []string{"redirect_uri", "https://CLIENT.example/done"}, here},
		"http":                      {config, []string{"redirect_uri", "http://client.example/done"}, here},
		"a port":                    {config, []string{"redirect_uri", "https://client.example:8443/done"}, here},
		"an escaped path":           {config, []string{"redirect_uri", "https://client.example/d%6fne"}, here},
		"a script":                  {config, []string{"redirect_uri", "javascript:alert(1)"}, here},
		"native: another host":      {native, []string{"redirect_uri", "http://127.0.0.2:80/done"}, here},
		"native: localhost":         {native, []string{"redirect_uri", "http://localhost:80/done"}, here},
		"native: another path":      {native, []string{"redirect_uri", "http://127.0.0.1:80/other"}, here},
		"native: a name for a port": {native, []string{"redirect_uri", "http://127.0.0.1:80@evil.example/done"}, here},
		"native: https":             {native, []string{"redirect_uri", "https://127.0.0.1:80/done"}, here},
		"a parameter too long":      {config, []string{"state", strings.Repeat("x", 3000)}, here},

		"no PKCE":           {config, []string{"code_challenge", ""}, "invalid_request"},
		"no PKCE, public":   {native, []string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request"},
		"PKCE plain":        {config, []string{"code_challenge_method", "plain"}, "invalid_request"},
		"PKCE by default":   {config, []string{"code_challenge_method", ""}, "invalid_request"},
		"challenge short":   {config, []string{"code_challenge", "abc"}, "invalid_request"},
		"challenge padded":  {config, []string{"code_challenge", strings.Repeat("a", 43) + "="}, "invalid_request"},
		"implicit":          {config, []string{"response_type", "token"}, "unsupported_response_type"},
		"hybrid":            {config, []string{"response_type", "code id_token"}, "unsupported_response_type"},
		"no response type":  {config, []string{"response_type", ""}, "invalid_request"},
		"fragment mode":     {config, []string{"response_mode", "fragment"}, "invalid_request"},
		"form_post mode":    {config, []string{"response_mode", "form_post"}, "invalid_request"},
		"a scope too many":  {config, []string{"scope", "read write"}, "invalid_scope"},
		"the scope admin":   {config, []string{"scope", "openid admin"}, "invalid_scope"},
		"platform":          {config, []string{"scope", "platform"}, "invalid_scope"},
		"request object":    {config, []string{"request", "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"},
		"request from afar": {config, []string{"request_uri", "https://evil.example/request"}, "request_uri_not_supported"},
		"prompt nonsense":   {config, []string{"prompt", "nonsense"}, "invalid_request"},
		"none and login":    {config, []string{"prompt", "none login"}, "invalid_request"},
		"max_age nonsense":  {config, []string{"max_age", "-1"}, "invalid_request"},
		"nobody logged in":  {config, []string{"prompt", "none"}, "login_required"},
	} {
		t.Run(name, func(t *testing.T) {
			v := b.open(w.request(test.client, oauth2.GenerateVerifier(), test.change...))
			if test.want == here {
				if v.sent != nil || v.status != http.StatusBadRequest || v.action != "" {
					t.Errorf("%d, sent to %v", v.status, v.sent)
				}
				return
			}
			if v.sent == nil {
				t.Fatalf("%d %s", v.status, v.body)
			}
			q := v.sent.Query()
			if !strings.HasPrefix(v.sent.String(), test.client.RedirectURL+"?") || q.Get("error") != test.want ||
				q.Get("state") != "state" || q.Get("iss") != w.url || q.Has("code") {
				t.Errorf("sent to %s", v.sent)
			}
		})
	}
	t.Run("a parameter twice", func(t *testing.T) {
		v := b.open(w.request(config, oauth2.GenerateVerifier()) + "&redirect_uri=" + url.QueryEscape("https://evil.example/"))
		if v.sent != nil || v.status != http.StatusBadRequest {
			t.Errorf("%d, sent to %v", v.status, v.sent)
		}
	})
}

// What the page that stands between checked is checked again when its form
// comes: its address can be changed as well.
func TestFormsTamperedWith(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read")
	_, other := w.client(u, account.ConfidentialClient, "read", "write")
	b := w.browser()
	v := b.open(w.request(config, oauth2.GenerateVerifier()))
	consent := b.submit(v, "email", "john@example.com", "password", password)
	if !strings.Contains(consent.body, "Newsroom") || consent.fields.Get("organization") != u.OrganizationID.String() {
		t.Fatalf("%s", consent.body)
	}
	stranger := w.user("mary@example.com")
	swapped := func(from *oauth2.Config, to string) string {
		return strings.Replace(consent.action, from.ClientID, to, 1)
	}
	for name, test := range map[string]struct {
		change func(v *view)
		want   int
	}{
		"no token":               {func(v *view) { v.fields.Del("form_token") }, 403},
		"an empty token":         {func(v *view) { v.fields.Set("form_token", "") }, 403},
		"the login's token":      {func(v *view) { v.fields.Set("form_token", b.open(b.w.url+"/oauth2/logout").fields.Get("form_token")) }, 403},
		"another client":         {func(v *view) { v.action = swapped(config, other.ClientID) }, 403},
		"another redirect URI":   {func(v *view) { v.action = strings.Replace(v.action, "client.example", "evil.example", 1) }, 400},
		"more scopes":            {func(v *view) { v.action = strings.Replace(v.action, "scope=", "scope=openid+", 1) }, 403},
		"another's organization": {func(v *view) { v.fields.Set("organization", stranger.OrganizationID.String()) }, 403},
		"no organization":        {func(v *view) { v.fields.Set("organization", "") }, 422},
	} {
		t.Run(name, func(t *testing.T) {
			forged := *consent
			forged.fields = url.Values{"form_token": consent.fields["form_token"], "organization": consent.fields["organization"]}
			test.change(&forged)
			if got := b.submit(&forged, "decision", "allow"); got.status != test.want || got.sent != nil {
				t.Errorf("%d, sent to %v; want %d", got.status, got.sent, test.want)
			}
		})
	}
	t.Run("another browser", func(t *testing.T) {
		if got := w.browser().submit(consent, "decision", "allow"); got.status != 403 || got.sent != nil {
			t.Errorf("%d, sent to %v", got.status, got.sent)
		}
	})
	t.Run("from another site", func(t *testing.T) {
		r, err := http.NewRequest(http.MethodPost, w.url+consent.action, strings.NewReader(consent.fields.Encode()+"&decision=allow"))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := b.do(r); got.status != 403 || got.sent != nil {
			t.Errorf("%d, sent to %v", got.status, got.sent)
		}
	})
	t.Run("logging somebody in", func(t *testing.T) { // into the attacker's own account
		login := w.browser().open(w.request(config, oauth2.GenerateVerifier()))
		if got := w.browser().submit(login, "email", "mary@example.com", "password", password); got.status != 403 || got.header.Get("Set-Cookie") != "" {
			t.Errorf("%d %v", got.status, got.header)
		}
	})
	t.Run("no", func(t *testing.T) {
		got := b.submit(consent, "decision", "deny")
		if got.sent == nil || got.sent.Query().Get("error") != "access_denied" || got.sent.Query().Get("state") != "state" || got.sent.Query().Has("code") {
			t.Errorf("%d, sent to %v", got.status, got.sent)
		}
	})
}

// The token endpoint refuses what is not exactly right, and says why.
func TestTokenRequestsTamperedWith(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read")
	_, other := w.client(u, account.ConfidentialClient, "read")
	_, native := w.client(u, account.PublicClient, "read")
	wrong, unknown := *config, *config
	wrong.ClientSecret, unknown.ClientID = "cert_cs_wrong", "0190c5b0-0000-7000-8000-000000000000"
	posing := *native
	posing.ClientSecret = "cert_cs_a_public_client_has_none"
	bare := *config
	bare.ClientSecret = ""
	verifier := oauth2.GenerateVerifier()
	code := w.browser().let(w.request(config, verifier), "john@example.com").Query().Get("code")
	form := func(change ...string) url.Values {
		f := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
		for i := 0; i < len(change); i += 2 {
			if f.Del(change[i]); change[i+1] != "" {
				f.Set(change[i], change[i+1])
			}
		}
		return f
	}
	alone := func(change ...string) url.Values {
		return form(append([]string{"grant_type", "client_credentials", "code", "", "code_verifier", "", "redirect_uri", ""}, change...)...)
	}
	for name, test := range map[string]struct {
		client *oauth2.Config
		form   url.Values
		status int
		want   string
	}{
		"wrong secret":            {&wrong, form(), 401, "invalid_client"},
		"unknown client":          {&unknown, form(), 401, "invalid_client"},
		"no secret":               {&bare, form("client_id", config.ClientID), 401, "invalid_client"},
		"nobody":                  {&bare, form(), 400, "invalid_request"},
		"a secret nobody gave":    {&posing, form(), 401, "invalid_client"},
		"two ways at once":        {config, form("client_secret", config.ClientSecret), 400, "invalid_request"},
		"two clients at once":     {config, form("client_id", other.ClientID), 400, "invalid_request"},
		"another client's code":   {other, form(), 400, "invalid_grant"},
		"a public client's turn":  {&bare, form("client_id", native.ClientID), 400, "invalid_grant"},
		"another redirect URI":    {config, form("redirect_uri", callback+"/x"), 400, "invalid_grant"},
		"no redirect URI":         {config, form("redirect_uri", ""), 400, "invalid_request"},
		"wrong verifier":          {config, form("code_verifier", oauth2.GenerateVerifier()), 400, "invalid_grant"},
		"no verifier":             {config, form("code_verifier", ""), 400, "invalid_grant"},
		"the challenge itself":    {config, form("code_verifier", oauth2.S256ChallengeFromVerifier(verifier)), 400, "invalid_grant"},
		"wrong code":              {config, form("code", "cert_ac_"+strings.Repeat("A", 43)), 400, "invalid_grant"},
		"no code":                 {config, form("code", ""), 400, "invalid_request"},
		"no grant type":           {config, form("grant_type", ""), 400, "invalid_request"},
		"password grant":          {config, form("grant_type", "password"), 400, "unsupported_grant_type"},
		"implicit grant":          {config, form("grant_type", "implicit"), 400, "unsupported_grant_type"},
		"JWT bearer grant":        {config, form("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", "e30.e30."), 400, "unsupported_grant_type"},
		"token exchange":          {config, form("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), 400, "unsupported_grant_type"},
		"device code":             {config, form("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), 400, "unsupported_grant_type"},
		"public, by itself":       {&bare, alone("client_id", native.ClientID), 400, "unauthorized_client"},
		"by itself, more scopes":  {config, alone("scope", "read write"), 400, "invalid_scope"},
		"by itself, platform":     {config, alone("scope", "platform"), 400, "invalid_scope"},
		"by itself, for a user":   {config, alone("scope", "openid"), 400, "invalid_scope"},
		"a code as refresh token": {config, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {code}}, 400, "invalid_grant"},
		"no refresh token":        {config, url.Values{"grant_type": {"refresh_token"}}, 400, "invalid_request"},
		"a parameter twice":       {config, url.Values{"grant_type": {"client_credentials", "client_credentials"}}, 400, "invalid_request"},
		"no text":                 {config, alone("scope", "\xff"), 400, "invalid_request"},
		"an assertion": {&bare, alone("client_id", config.ClientID, "client_assertion", "e30.e30.",
			"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), 401, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := w.post("/oauth2/token", test.client, test.form)
			if status != test.status || body["error"] != test.want || body["access_token"] != nil {
				t.Errorf("%d %v, want %d %s", status, body, test.status, test.want)
			}
		})
	}
	if status, body := w.post("/oauth2/token", config, form()); status != 200 { // after all that
		t.Errorf("the right request: %d %v", status, body)
	}
	t.Run("in the address", func(t *testing.T) {
		status, body := w.post("/oauth2/token?client_id="+config.ClientID+"&client_secret="+config.ClientSecret, &bare, alone())
		if status != 400 || body["error"] != "invalid_request" {
			t.Errorf("%d %v", status, body)
		}
	})
	for _, path := range []string{"/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"} {
		res, err := http.Get(w.url + path)
		must(t, err)
		res.Body.Close()
		if res.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %d", path, res.StatusCode)
		}
		res, err = http.Post(w.url+path, "application/json", strings.NewReader(`{}`))
		must(t, err)
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest || res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("JSON to %s: %d", path, res.StatusCode)
		}
	}
}

// A code works once and for a minute; if it comes back, what it gave ends.
func TestCodes(t *testing.T) {
	w := newWorld(t)
	u := w.user("john@example.com")
	_, config := w.client(u, account.ConfidentialClient, "read")
	verifier := oauth2.GenerateVerifier()
	code := func() string {
		return w.browser().let(w.request(config, verifier, "prompt", "consent"), "john@example.com").Query().Get("code")
	}
	first := code()
	token, err := config.Exchange(t.Context(), first, oauth2.VerifierOption(verifier))
	must(t, err)
	if _, err := config.Exchange(t.Context(), first, oauth2.VerifierOption(verifier)); err == nil {
		t.Error("a code works twice")
	}
	w.dead(token.AccessToken)
	if _, err := config.TokenSource(t.Context(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token(); err == nil {
		t.Error("the refresh token of a stolen code works")
	}
	late := code()
	w.later(61 * time.Second)
	if _, err := config.Exchange(t.Context(), late, oauth2.VerifierOption(verifier)); err == nil {
		t.Error("a code works after a minute")
	}
	contested := code()
	var wg sync.WaitGroup
	won := make(chan string, 20)
	for range cap(won) {
		wg.Go(func() {
			if token, err := config.Exchange(t.Context(), contested, oauth2.VerifierOption(verifier)); err == nil {
				won <- token.AccessToken
			}
		})
	}
	wg.Wait()
	if close(won); len(won) != 1 {
		t.Errorf("of twenty at once %d got a token", len(won))
	}
	w.dead(<-won) // for the others came back with its code
}

// Scripts of other origins read nothing here.
func TestOtherOrigins(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"authorize", "login", "consent", "logout", "token", "revoke", "introspect", "userinfo"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			r, err := http.NewRequest(method, w.url+"/oauth2/"+path, strings.NewReader(""))
			must(t, err)
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Access-Control-Request-Method", http.MethodPost)
			res, err := http.DefaultClient.Do(r)
			must(t, err)
			res.Body.Close()
			for name := range res.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s: %s", method, path, name)
				}
			}
			if res.StatusCode < 400 && path != "logout" {
				t.Errorf("%s %s: %d", method, path, res.StatusCode)
			}
		}
	}
}
