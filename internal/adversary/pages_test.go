package adversary

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browser keeps cookies as one does for a site behind a proxy that speaks TLS.
type browser struct {
	*server
	cookies map[string]string
}

// visit asks for a page, or sends a form, and notes the cookies.
func (b *browser) visit(t *testing.T, path string, form url.Values, h http.Header) answer {
	t.Helper()
	method, body := "GET", io.Reader(nil)
	if form != nil {
		method, body = "POST", strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, b.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = h.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range res.Cookies() {
		b.cookies[c.Name] = c.Value
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode ||
			!strings.HasPrefix(c.Name, "__Host-") || c.Path != "/" || c.Domain != "" {
			t.Errorf("the cookie %s", c.Raw)
		}
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return answer{res.StatusCode, res.Header, text}
}

// follow goes where an answer sends the browser, within the site.
func (b *browser) follow(t *testing.T, a answer) answer {
	t.Helper()
	for range 5 {
		if a.status/100 != 3 {
			return a
		}
		to, err := url.Parse(a.header.Get("Location"))
		if err != nil || to.Host != "" && to.Host != "certana.example" {
			t.Fatalf("sent to %q", a.header.Get("Location"))
		}
		a = b.visit(t, to.RequestURI(), nil, nil)
	}
	t.Fatal("sent in circles")
	return a
}

var (
	formAction = regexp.MustCompile(`<form method="post" action="([^"]*)"`)
	formToken  = regexp.MustCompile(`name="form_token" value="([^"]*)"`)
)

// form is where the page's form goes and its hidden field.
func (a answer) form(t *testing.T) (action, token string) {
	t.Helper()
	to, hidden := formAction.FindSubmatch(a.body), formToken.FindSubmatch(a.body)
	if to == nil || hidden == nil {
		t.Fatalf("no form in %v", a)
	}
	return html.UnescapeString(string(to[1])), html.UnescapeString(string(hidden[1]))
}

// authorize is an authorization request of a client.
func authorize(client, redirect string) string {
	sum := sha256.Sum256([]byte(strings.Repeat("verifier", 6)))
	return "/oauth2/authorize?" + url.Values{"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirect}, "scope": {"read"},
		"state": {"state-" + strings.Repeat("s", 20)}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}.Encode()
}

const callback = "https://client.example/callback"

func pages(t *testing.T) (s *server, p *person, clientID string) {
	s = start(t, "BASE_URL=https://certana.example")
	p = s.newPerson(t, "user")
	a := s.want(t, 201, call{method: "POST", path: "/v1/oauth/clients/", header: bearer(p.token), json: map[string]any{
		"name": `<script>alert("client")</script>`, "redirect_uris": []string{callback}, "scopes": []string{"read"}}})
	return s, p, a.text(t, "client_id")
}

// TestPages: what a browser is told about the pages, and that what others wrote
// is text in them.
func TestPages(t *testing.T) {
	s, _, id := pages(t)
	b := &browser{s, map[string]string{}}
	page := b.follow(t, b.visit(t, authorize(id, callback)+`&login_hint="><script>alert(1)</script>`, nil, nil))
	if page.status != 200 || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		t.Fatal(page)
	}
	policy := page.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy %q has no %s", policy, part)
		}
	}
	for _, bad := range []string{"unsafe-inline", "unsafe-eval", "script-src", "*"} {
		if strings.Contains(policy, bad) {
			t.Errorf("the policy %q has %s", policy, bad)
		}
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if strings.Contains(string(page.body), "<script") || !strings.Contains(string(page.body), "&lt;script&gt;") {
		t.Errorf("others' texts are not escaped:\n%s", page.body)
	}
	if len(b.cookies) == 0 {
		t.Error("no cookie was set")
	}
}

// TestForgedForms: a form of another site, of another browser or for another
// request is not obeyed, with the right password or not.
func TestForgedForms(t *testing.T) {
	s, p, id := pages(t)
	mine, theirs := &browser{s, map[string]string{}}, &browser{s, map[string]string{}}
	page := mine.follow(t, mine.visit(t, authorize(id, callback), nil, nil))
	action, token := page.form(t)
	other := theirs.follow(t, theirs.visit(t, authorize(id, callback), nil, nil))
	_, otherToken := other.form(t)
	fill := func(token string) url.Values {
		return url.Values{"form_token": {token}, "email": {p.email}, "password": {p.password}}
	}
	site := func(s string) http.Header {
		return http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {s}}
	}
	bare := &browser{s, map[string]string{}}
	for name, a := range map[string]answer{
		"no token":                  mine.visit(t, action, fill(""), nil),
		"another browser's token":   mine.visit(t, action, fill(otherToken), nil),
		"a token without cookie":    bare.visit(t, action, fill(token), nil),
		"from another site":         mine.visit(t, action, fill(token), site("cross-site")),
		"from a neighbour":          mine.visit(t, action, fill(token), site("same-site")),
		"for another request":       mine.visit(t, strings.Replace(action, "state=state-", "state=other-", 1), fill(token), nil),
		"the token in the query":    mine.visit(t, action+"&form_token="+url.QueryEscape(token), fill(""), nil),
		"consent without a login":   mine.visit(t, strings.Replace(action, "/login", "/consent", 1), fill(token), nil),
		"logout by another's token": mine.visit(t, "/oauth2/logout", url.Values{"form_token": {otherToken}}, nil),
	} {
		if a.status < 400 || a.status >= 500 || a.header.Get("Location") != "" {
			t.Errorf("%s: %v", name, a)
		}
	}
	if a := mine.visit(t, action, fill(token), nil); a.status/100 != 3 {
		t.Errorf("the true form: %v", a)
	}
}

// TestOpenRedirects: nobody is sent where the client is not registered.
func TestOpenRedirects(t *testing.T) {
	s, _, id := pages(t)
	for _, to := range []string{
		"https://evil.example/", "https://client.example/callback/../evil", "https://client.example/callback?x=1", "https://client.example/callback#x",
		"https://client.example.evil.example/callback", "https://client.example@evil.example/callback", "//evil.example/callback", "http://client.example/callback",
		"https://client.example:444/callback", "https://CLIENT.example/callback/", "javascript:alert(1)", "data:text/html,x", "", "https://client.example/callback\r\nX-Evil: 1",
		"https://client.example\\@evil.example/callback", "/oauth2/login",
	} {
		b := &browser{s, map[string]string{}}
		a := b.visit(t, authorize(id, to), nil, nil)
		if a.status < 400 || a.status >= 500 || a.header.Get("Location") != "" || a.header.Get("X-Evil") != "" {
			t.Errorf("%q: %v to %q", to, a, a.header.Get("Location"))
		}
	}
	b := &browser{s, map[string]string{}}
	if a := b.visit(t, authorize("0193c1f2-8e1b-7a3c-9d4e-000000000000", "https://evil.example/"), nil, nil); a.header.Get("Location") != "" {
		t.Errorf("an unknown client: %v", a)
	}
}
