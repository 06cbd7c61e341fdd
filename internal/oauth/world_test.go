package oauth_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/oauth2"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
	"github.com/certana/certana/internal/oauth"
	"github.com/certana/certana/internal/quota"
	"github.com/certana/certana/internal/vault"
)

// world is an authorization server and the API that its tokens are for, which
// here only tells who asks.
type world struct {
	*account.Service
	t      testing.TB
	dir    string
	rows   *db.DB
	vault  *vault.Vault
	config account.Config
	url    string
	skew   atomic.Int64 // of the clock, nanoseconds
}

type orgKeys struct{}

// Create writes an organization's key as the ledger's glue does.
func (orgKeys) Create(ctx context.Context, tx *db.Tx, org asset.ID) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	return tx.InsertOrgKey(ctx, &db.OrgKey{ID: org.String(), OrganizationID: org, PublicKey: public, SealedPrivate: private.Seed()})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.skew.Load())) }

// later moves the clock.
func (w *world) later(d time.Duration) { w.skew.Add(int64(d)) }

func newWorld(t testing.TB, change ...func(*account.Config)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	c := dbtest.In(t, w.dir)
	c.Now = w.now
	var err error
	w.rows, err = db.Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { w.rows.Close() })
	w.vault, err = vault.New(make([]byte, vault.KeySize))
	must(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w.url = "http://" + ln.Addr().String()
	w.config = account.DefaultConfig(w.url)
	w.config.Argon2, w.config.Now = account.Argon2{MemoryKiB: 8, Passes: 1, Lanes: 1}, w.now // the cost of passwords is not what is tested
	w.config.Queue, err = db.NewQueue(w.rows, db.QueueConfig{})
	must(t, err)
	for _, f := range change {
		f(&w.config)
	}
	w.Service, err = account.New(t.Context(), w.config, w.rows, w.vault, orgKeys{})
	must(t, err)
	server := httptest.NewUnstartedServer(w.handler())
	server.Listener.Close()
	server.Listener = ln
	server.Start()
	t.Cleanup(server.Close)
	return w
}

// handler puts the door beside what stands for the API.
func (w *world) handler() http.Handler {
	limits, err := quota.New(quota.DefaultConfig(), w.rows, w.now)
	must(w.t, err)
	door, err := oauth.New(oauth.Deps{Accounts: w.Service, Limits: limits, BaseURL: w.config.Issuer,
		Log: slog.New(slog.NewTextHandler(w.t.Output(), nil))})
	must(w.t, err)
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch {
		case oauth.Owns(r.URL.Path):
			door.ServeHTTP(out, r)
		case r.URL.Path == "/.well-known/jwks.json":
			set, err := w.JWKS(r.Context())
			if err == nil {
				err = json.NewEncoder(out).Encode(set)
			}
			if err != nil {
				w.t.Error(err)
			}
		default:
			http.NotFound(out, r)
		}
	})
}

const password = "SecurePassword123!"

// user registers one and answers their own principal.
func (w *world) user(email string) account.Principal {
	w.t.Helper()
	_, err := w.Register(w.t.Context(), account.Registration{Email: email, Password: password, FullName: "John Doe"})
	must(w.t, err)
	tokens, err := w.Login(w.t.Context(), account.SignIn{Email: email, Password: password})
	must(w.t, err)
	return w.bearer(tokens.AccessToken)
}

// bearer is who asks with a token, which must work.
func (w *world) bearer(token string) account.Principal {
	w.t.Helper()
	p, err := w.Authenticate(w.t.Context(), account.Credentials{Bearer: token})
	must(w.t, err)
	return p
}

// dead fails the test when a token works.
func (w *world) dead(token string) {
	w.t.Helper()
	if p, err := w.Authenticate(w.t.Context(), account.Credentials{Bearer: token}); err == nil {
		w.t.Errorf("the token works: %+v", p)
	}
}

const callback = "https://client.example/done"

// client registers one for a principal's organization, and answers it as
// golang.org/x/oauth2 knows it.
func (w *world) client(p account.Principal, kind string, scopes ...string) (*account.Client, *oauth2.Config) {
	w.t.Helper()
	redirect := callback
	if kind == account.PublicClient {
		redirect = "http://127.0.0.1/done"
	}
	c, secret, err := w.CreateClient(w.t.Context(), p, account.NewClient{Name: "Newsroom", Kind: kind, RedirectURIs: []string{redirect}, Scopes: scopes})
	must(w.t, err)
	return c, &oauth2.Config{ClientID: c.ID.String(), ClientSecret: secret, RedirectURL: redirect,
		Scopes:   append([]string{"openid", "email", "profile", "offline_access"}, scopes...),
		Endpoint: oauth2.Endpoint{AuthURL: w.url + "/oauth2/authorize", TokenURL: w.url + "/oauth2/token"}}
}

// browser is a person's: it keeps cookies, fills in forms, and stops where it is
// sent to another server.
type browser struct {
	*http.Client
	w *world
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	return &browser{w: w, Client: &http.Client{Jar: jar, CheckRedirect: func(next *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(next.URL.String(), w.url) {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
}

// view is a page that the browser shows, or where it was sent.
type view struct {
	status int
	header http.Header
	url    *url.URL // of the page
	sent   *url.URL // to another server; nil when it was not
	body   string
	action string
	fields url.Values
}

func (b *browser) do(r *http.Request) *view {
	b.w.t.Helper()
	res, err := b.Do(r)
	must(b.w.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(b.w.t, err)
	v := &view{status: res.StatusCode, header: res.Header, url: res.Request.URL, body: string(text), fields: url.Values{}}
	if at := res.Header.Get("Location"); at != "" {
		v.sent, err = res.Location()
		must(b.w.t, err)
		return v
	}
	b.w.safePage(v)
	v.read(b.w.t)
	return v
}

func (b *browser) open(address string) *view {
	b.w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	must(b.w.t, err)
	return b.do(r)
}

// submit sends the form of a page with some fields filled in.
func (b *browser) submit(v *view, filled ...string) *view {
	b.w.t.Helper()
	form := url.Values{}
	for name, values := range v.fields {
		form[name] = values
	}
	for i := 0; i < len(filled); i += 2 {
		form.Set(filled[i], filled[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, b.w.url+v.action, strings.NewReader(form.Encode()))
	must(b.w.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// read finds the form of a page.
func (v *view) read(t testing.TB) {
	root, err := html.Parse(strings.NewReader(v.body))
	must(t, err)
	for n := range root.Descendants() {
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
		}
		switch {
		case n.Data == "form":
			v.action = attr["action"]
		case n.Data == "input":
			v.fields.Set(attr["name"], attr["value"])
		case n.Data == "option":
			v.fields.Add("organization", attr["value"])
		}
	}
	if all := v.fields["organization"]; len(all) > 1 {
		v.fields["organization"] = all[:1]
	}
}

// safePage holds every page to what keeps it from being framed, scripted and
// leaked.
func (w *world) safePage(v *view) {
	w.t.Helper()
	if !strings.HasPrefix(v.header.Get("Content-Type"), "text/html") {
		return
	}
	policy := v.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, want) {
			w.t.Errorf("%s: the policy %q lacks %s", v.url, policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") || regexp.MustCompile(`(?i)<script|javascript:|\son\w+=|style=|src=|<link`).MatchString(v.body) {
		w.t.Errorf("%s: a script, or something from elsewhere", v.url)
	}
	for name, want := range map[string]string{"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if v.header.Get(name) != want {
			w.t.Errorf("%s: %s: %q", v.url, name, v.header.Get(name))
		}
	}
}

// let takes a browser through login and consent; it answers where it was sent.
func (b *browser) let(address, email string) *url.URL {
	b.w.t.Helper()
	v := b.open(address)
	if v.sent == nil && v.fields.Has("password") {
		v = b.submit(v, "email", email, "password", password)
	}
	if v.sent == nil {
		v = b.submit(v, "decision", "allow")
	}
	if v.sent == nil {
		b.w.t.Fatalf("not sent back: %d %s", v.status, v.body)
	}
	return v.sent
}

// grant is the whole code flow: the tokens that a client gets from a user.
func (w *world) grant(c *oauth2.Config, email string) *oauth2.Token {
	w.t.Helper()
	verifier := oauth2.GenerateVerifier()
	back := w.browser().let(c.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)), email)
	token, err := c.Exchange(w.t.Context(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
	must(w.t, err)
	return token
}

// post sends a form to an endpoint of programs and answers status and JSON.
func (w *world) post(path string, c *oauth2.Config, form url.Values) (int, map[string]any) {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, w.url+path, strings.NewReader(form.Encode()))
	must(w.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.ClientSecret != "" {
		r.SetBasicAuth(c.ClientID, c.ClientSecret)
	}
	res, err := http.DefaultClient.Do(r)
	must(w.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(w.t, err)
	body := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &body); err != nil {
			w.t.Fatalf("%s: %d %q", path, res.StatusCode, text)
		}
	}
	if res.StatusCode == http.StatusUnauthorized && res.Header.Get("WWW-Authenticate") == "" {
		w.t.Errorf("%s: 401 without WWW-Authenticate", path)
	}
	return res.StatusCode, body
}

// serve asks a handler without a network.
func serve(h http.Handler, r *http.Request) *http.Response {
	out := httptest.NewRecorder()
	h.ServeHTTP(out, r)
	return out.Result()
}

func read(t testing.TB, res *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(res.Body)
	must(t, err)
	return string(text)
}
